"""A visitor in a real browser, with the portal as a process in its preview mode."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.captive_portal.factory import bulletin, write_state
from tests.journeys.pages import CHROMIUM
from tests.servers import free_port, program, wait_for_port

pytestmark = pytest.mark.journey


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[str]:
    state, port = write_state(tmp_path / "node", bulletin()), free_port()
    command = [sys.executable, "-m", "captive_portal", "preview", "--state-dir", str(state), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    assert wait_for_port(port)
    yield f"http://localhost:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield browser.new_context(
            java_script_enabled=False, locale="de-DE", viewport={"width": 320, "height": 640}
        ).new_page()
        browser.close()


def test_a_visitor_reads_presses_one_button_and_is_online(portal: str, page: Page) -> None:
    page.goto(portal)
    assert page.get_by_role("heading", level=1).is_visible()
    page.get_by_role("button", name="Kostenlos verbinden").click()
    assert page.url.startswith(f"{portal}/verbunden")
    assert "verbunden" in page.get_by_role("heading", level=1).inner_text().lower()


def test_the_button_is_reached_and_pressed_with_the_keyboard(portal: str, page: Page) -> None:
    page.goto(portal)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator("button:focus").count():
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{portal}/verbunden*")
