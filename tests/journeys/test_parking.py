"""Somebody looks for a place to park, in a real browser; the board's pins are the only thing that is not real."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import FIRST_BAY, FIRST_PIN, LiveTown

pytestmark = pytest.mark.journey

PATIENCE_MS = 20_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()


def see_bay(page: Page, state: str, free: str) -> None:
    """The bay's crystal, the number in the list and the pin on the map say the same."""
    bay = page.locator(f"[data-bay={FIRST_BAY}]")
    expect(bay).to_have_attribute("data-state", state, timeout=PATIENCE_MS)
    expect(bay).to_have_attribute("href", f"#bay-{state}")
    expect(page.locator("[data-site=thermarium] [data-free]")).to_have_text(free, timeout=PATIENCE_MS)
    expect(page.locator(".pk-nadel--wahl")).to_have_text(free)
    expect(page.locator("[data-total=free]")).to_have_text(free)


def drive(town: LiveTown, occupied: bool) -> None:
    town.board.say(f"{FIRST_PIN} {int(occupied)}")


def test_a_bay_turns_from_free_to_occupied_without_reload_when_its_pin_changes(page: Page, live_town: LiveTown) -> None:
    drive(live_town, occupied=False)
    page.goto(f"{live_town.url}/parken/thermarium")
    see_bay(page, "free", "4")
    page.evaluate("window.sameDocument = true")
    drive(live_town, occupied=True)
    see_bay(page, "occupied", "3")
    drive(live_town, occupied=False)
    see_bay(page, "free", "4")
    assert page.evaluate("window.sameDocument") is True


def test_without_the_live_server_the_page_falls_back_to_asking(page: Page, live_town: LiveTown) -> None:
    drive(live_town, occupied=False)
    page.goto(f"{live_town.url}/parken/thermarium")
    see_bay(page, "free", "4")
    live_town.live.kill()
    try:
        drive(live_town, occupied=True)
        see_bay(page, "occupied", "3")
    finally:
        live_town.live.start()


def test_without_javascript_list_filters_and_detail_work(browser: Browser, live_town: LiveTown) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_town.url}/parken")
    expect(page.get_by_role("heading", level=1)).to_have_text("Parking")
    assert page.locator("[data-site]").count() == 16
    page.get_by_role("link", name="Charging", exact=True).click()
    assert page.locator("[data-site]").count() == 2
    page.locator("[data-site=rathaus]").click()
    expect(page.get_by_role("heading", level=2, name="Town hall")).to_be_visible()
    context.close()


def test_the_map_shows_every_car_park_and_opens_one(page: Page, live_town: LiveTown) -> None:
    page.goto(f"{live_town.url}/parken")
    expect(page.locator(".pk-nadel")).to_have_count(16)
    expect(page.locator(".pk-land path.l-park").first).to_be_attached()
    pin = page.get_by_role("link", name="Waldstadion").last
    pin.focus()
    pin.press("Enter")
    expect(page).to_have_url(f"{live_town.url}/parken/waldstadion")
