"""axe-core finds nothing on any page, in both themes and on a phone; no page is wider than the screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

import hub.assets
from tests.journeys.conftest import LiveTown
from tests.journeys.pages import PATHS

pytestmark = pytest.mark.journey

AXE = Path(hub.assets.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COVERED = """() => {
  const one = document.activeElement, bar = document.querySelector(".sk-fuss");
  if (!one.closest("main, footer") || one.closest("svg, .leaflet-container")) return [];
  const middle = one.getBoundingClientRect().top + one.offsetHeight / 2;
  return middle > bar.getBoundingClientRect().top ? [one.innerText] : [];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_has_an_axe_violation_or_scrolls_sideways(
    browser: Browser, live_town: LiveTown, width: int, theme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    found = []
    for path in PATHS.values():
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_town.url}{path}")
        # as high as the page, so that the bar at the bottom covers nothing that could be scrolled free
        page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
        page.add_script_tag(path=AXE)
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        found += [
            f"{path}: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in result["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than {width} px")
    context.close()
    assert not found, "\n".join(found)


def test_the_bar_at_the_bottom_of_a_phone_never_hides_what_has_the_focus(browser: Browser, live_town: LiveTown) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{live_town.url}/parken")
    hidden = []
    for _ in range(40):
        page.keyboard.press("Tab")
        page.wait_for_timeout(100)  # the browser scrolls to it
        hidden += page.evaluate(COVERED)
    context.close()
    assert hidden == []
