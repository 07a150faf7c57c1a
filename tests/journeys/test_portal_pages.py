"""The portal's pages in a real browser: accessible, readable on the narrowest phone, in both directions."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from captive_portal.words import LANGUAGES
from tests.captive_portal.demo import demo_bulletin
from tests.captive_portal.factory import write_state
from tests.journeys.test_accessibility import AXE
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The preview with the demo's bulletin."""
    state, port = tmp_path_factory.mktemp("node"), free_port()
    write_state(state, demo_bulletin(int(time.time() * 1000)))
    command = ["-m", "captive_portal", "preview", "--state-dir", str(state), "--port", str(port), "--label", "Kurpark"]
    process = Process(command)
    assert wait_for_port(port)
    yield f"http://127.0.0.1:{port}"
    process.stop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_needs_scrolling_sideways_on_the_narrowest_phone(browser: Browser, portal: str, language: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    for path in ("/", "/regeln", "/datenschutz"):
        page.goto(f"{portal}{path}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.goto(f"{portal}/?lang={language}")
    page.locator("summary").click()
    box = page.locator("nav ul").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["de", "ar"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(browser: Browser, portal: str, language: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for path in ("/", "/regeln", "/verbunden"):
        if path == "/verbunden":
            page.goto(f"{portal}/?lang={language}")
            page.locator("form button").click()
            page.wait_for_url("**/verbunden*")
        else:
            page.goto(f"{portal}{path}?lang={language}")
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        assert [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]] == []
    context.close()


def test_the_language_menu_works_with_the_keyboard_and_without_scripts(browser: Browser, portal: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(portal)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="العربية").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**lang=ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    context.close()
