"""The control room in a real browser, on the real web server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import hub.assets
from edge import wire
from hub import app, intake, setup
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.ingest import api as ingest
from hub.settings import Settings
from tests import ready
from tests.servers import free_port, wait_for_port

pytestmark = pytest.mark.journey

NAME, PASSWORD = "leitstelle", "salz wasser rosen turm"
NODE, LABEL = "rathausplatz", "Rathausplatz / Marktplatz"
BOARD = "p1_weinbrenner-b1"  # it has sensors, the other one gives WiFi
AXE = Path(hub.assets.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@dataclass(frozen=True)
class ControlRoom:
    """A running web server with the town's data and one admin."""

    url: str
    database: Database

    def report(self, clients: int, node: str = NODE) -> None:
        """A node, else the one at the town hall, says how many devices it has."""
        now = now_ms()
        said = {"ts": wire.format_ms(now), "state": "online", "clients": clients, "capacity": 160, "software": "0.1.0"}
        message = ingest.Incoming(f"node/v1/{node}/status", json.dumps(said).encode(), now)
        self.database.write(ingest.Batch([message], intake.known_senders(self.database), now).store)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlRoom]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("hub"), port=free_port())
    ready.migrate(settings)
    setup.seed(settings)
    setup.set_admin(settings, NAME, password=PASSWORD)
    chosen = {"HUB_STATE_DIR": str(settings.state_dir), "HUB_PORT": str(settings.port)}
    command = [sys.executable, "-m", "hub", "serve", "--only", "web"]
    server = subprocess.Popen(command, env={**os.environ, **chosen}, cwd=Path(__file__).parents[2])
    database = Database(settings.database)
    events.wire(app.EVENTS)
    try:
        assert wait_for_port(settings.port)
        yield ControlRoom(f"http://127.0.0.1:{settings.port}", database)
    finally:
        server.terminate()
        server.wait(15)
        events.wire({})
        database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def log_in(page: Page, room: ControlRoom) -> None:
    page.goto(f"{room.url}/admin")
    page.get_by_label("E-Mail-Adresse").fill(NAME)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    expect(page).to_have_url(f"{room.url}/admin")


def test_the_control_room_logs_in_sees_its_nodes_and_logs_out(page: Page, room: ControlRoom) -> None:
    room.report(96)
    log_in(page, room)
    expect(page.get_by_role("row", name=LABEL)).to_contain_text("96")
    page.locator("summary", has_text="Mehr").click()
    page.get_by_role("button", name="Abmelden").click()
    expect(page).to_have_url(f"{room.url}/")
    page.goto(f"{room.url}/admin")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_new_figures_appear_without_reload_and_keep_the_focus(page: Page, room: ControlRoom) -> None:
    room.report(11)
    log_in(page, room)
    page.evaluate("window.stillTheSamePage = true")
    page.locator("#zu-parken").focus()
    room.report(123)
    expect(page.get_by_role("row", name=LABEL)).to_contain_text("123", timeout=15_000)
    assert page.evaluate("window.stillTheSamePage && document.activeElement.id") == "zu-parken"


def test_log_in_works_with_the_keyboard_alone(page: Page, room: ControlRoom) -> None:
    page.goto(f"{room.url}/anmelden?next=/admin")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "name":
            break
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type("falsch geraten")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("E-Mail-Adresse oder Passwort stimmt nicht")
    page.get_by_label("Passwort", exact=True).focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page).to_have_url(f"{room.url}/admin")


def test_the_page_is_complete_without_javascript(browser: Browser, room: ControlRoom) -> None:
    room.report(77)
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    log_in(page, room)
    expect(page.get_by_role("row", name=LABEL)).to_contain_text("77")
    context.close()


def test_an_ended_session_leads_back_to_the_log_in(page: Page, room: ControlRoom) -> None:
    log_in(page, room)
    page.context.clear_cookies()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible(timeout=15_000)


def violations(page: Page) -> list[str]:
    size, height = page.viewport_size, page.evaluate("document.documentElement.scrollHeight")
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": height + 200})  # the bar at the bottom covers nothing
    page.add_script_tag(path=AXE)
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    found = [f"{page.url}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in result["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url} scrolls sideways")
    page.set_viewport_size(size)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_of_nodes_and_radio_sensors_have_no_axe_violation(
    browser: Browser, room: ControlRoom, width: int, theme: str
) -> None:
    room.report(96)
    context = browser.new_context(
        locale="de-DE", viewport={"width": width, "height": 844}, color_scheme=theme, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, room)
    page.goto(f"{room.url}/admin/knoten/{NODE}")
    found = violations(page)
    page.goto(f"{room.url}/admin/knoten/{BOARD}")
    found += violations(page)
    page.get_by_label("Belegt nach Sekunden").fill("900")
    page.get_by_role("button", name="Änderung ansehen").click()
    expect(page.get_by_role("alert")).to_contain_text("1 bis 60")
    found += violations(page)
    page.goto(f"{room.url}/admin/funksensoren")
    found += violations(page)
    context.close()
    assert not found, "\n".join(found)


def test_a_node_is_configured_and_commanded_with_the_keyboard_alone(page: Page, room: ControlRoom) -> None:
    room.report(0, BOARD)
    log_in(page, room)
    page.goto(f"{room.url}/admin/knoten/{BOARD}")
    page.get_by_role("button", name="Leuchte blinken lassen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("noch keine Antwort")).to_be_visible()
    page.get_by_label("Frei nach Sekunden").focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="An den Knoten senden").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Fassung 1 ist unterwegs.")).to_be_visible()
    expect(page.get_by_label("Frei nach Sekunden")).to_have_value("12")
