"""An administrator sets a node's opening times, sees it obey, goes back, and finds it by its light.

Real broker, hub and agent; the landing page is the portal's own, which obeys the file that the agent leaves.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

import hub.assets
from hub import setup
from hub.settings import Settings
from tests import ready
from tests.servers import Mosquitto, free_port, wait_for_port
from tests.spine.processes import Process, wait_until

pytestmark = pytest.mark.journey

NODE, NAME, PASSWORD, LED = "rathausplatz", "leitstelle", "salz wasser rosen turm", 12
AXE = Path(hub.assets.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Fleet:
    """A hub with one living node."""

    url: str
    portal: str
    light: Path

    @property
    def lit(self) -> int:
        """How often the node's light went on."""
        return self.light.read_text().splitlines().count(f"{LED} 1")


def node_file(directory: Path, broker: str) -> Path:
    """The node's own configuration, with a light."""
    state = directory / NODE
    state.mkdir()
    file = directory / "node.toml"
    file.write_text(
        f'[node]\nname = "{NODE}"\nlabel = "Rathausplatz"\nled = {LED}\nhost_clock = true\n[broker]\nurl = "{broker}"\n'
        f'[state]\ndirectory = "{state}"\n[portal]\ncapacity = 160\n[rules]\nstatus_s = 2\n'
    )
    return file


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    settings = Settings(state_dir=directory, port=free_port(), live_port=free_port())
    ready.migrate(settings)
    setup.seed(settings)
    setup.set_admin(settings, NAME, password=PASSWORD)
    started: list[Process] = []
    watched: subprocess.Popen[bytes] | None = None
    with Mosquitto(directory / "mosquitto") as broker:
        environment = {"HUB_STATE_DIR": str(directory), "HUB_BROKER_URL": broker.url, "HUB_PORT": str(settings.port)}
        file, light, portal_port = node_file(directory, broker.url), directory / "light", free_port()
        preview = ["-m", "captive_portal", "preview", "--state-dir", str(directory / NODE), "--port", str(portal_port)]
        try:
            for part in (["ingest"], ["serve", "--only", "web"], ["serve", "--only", "worker"]):
                started.append(Process(["-m", "hub", *part], environment))
            started.append(Process(preview))
            agent = [sys.executable, "-m", "edge", "--mock", "--config", str(file)]
            with light.open("w") as lamp:
                watched = subprocess.Popen(agent, stdin=subprocess.PIPE, stdout=lamp, stderr=subprocess.DEVNULL)
            assert wait_for_port(settings.port)
            assert wait_for_port(portal_port)
            yield Fleet(f"http://127.0.0.1:{settings.port}", f"http://127.0.0.1:{portal_port}", light)
        finally:
            for process in started:
                process.stop()
            if watched is not None:
                watched.terminate()
                watched.wait(10)


@pytest.fixture(scope="module")
def page(browser: Browser, running: Fleet) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{running.url}/admin/knoten")
    page.get_by_label("E-Mail-Adresse").fill(NAME)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Knoten verbunden")
    yield page
    context.close()


def reload_until(page: Page, text: str, seconds: float = 30) -> None:
    """The page is read anew, as a person would, until it says so."""

    def says() -> bool:
        try:
            page.reload()
        except Error:  # what was pressed is still on its way
            return False
        return text in page.locator("main").inner_text()

    assert wait_until(says, seconds), f"{text!r} is not on {page.url}"


def landing(browser: Browser, running: Fleet) -> str:
    context = browser.new_context(locale="de-DE")
    visitor = context.new_page()
    visitor.goto(running.portal)
    text = visitor.locator("main").inner_text()
    context.close()
    return text


def test_the_node_is_found_in_the_list(page: Page, running: Fleet) -> None:
    page.goto(f"{running.url}/admin/knoten")
    reload_until(page, "1 von 73 Knoten verbunden")
    page.get_by_label("Name oder Software").fill("marktplatz")
    page.get_by_role("button", name="Suchen").click()
    expect(page.locator("#liste tbody tr")).to_have_count(1)
    page.locator("#liste").get_by_role("link", name="Rathausplatz / Marktplatz").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rathausplatz")


def test_opening_times_are_obeyed_and_taken_back(page: Page, browser: Browser, running: Fleet) -> None:
    page.goto(f"{running.url}/admin/knoten/{NODE}")
    page.get_by_label("Zu den Öffnungszeiten unten").check()
    other_day = (datetime.now(UTC).weekday() + 3) % 7
    page.locator(f"#tag{other_day}").fill("7–12, nachmittags")
    page.locator("#wlan").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Bitte Zeiten wie 7–12")
    assert "/verbinden" in landing_html(browser, running), "nothing was sent"
    page.locator(f"#tag{other_day}").fill("7–12, 14–20:30")
    page.locator("#wlan").get_by_role("button").click()
    expect(page.locator(".fl-diff")).to_contain_text("07:00–12:00, 14:00–20:30")
    page.get_by_role("button", name="Weiter bearbeiten").click()
    expect(page.locator(f"#tag{other_day}")).to_have_value("7–12, 14–20:30")
    page.locator("#wlan").get_by_role("button").click()
    assert faults(page) == []
    send(page)
    reload_until(page, "Fassung 1 ist in Gebrauch")
    assert wait_until(lambda: "gerade geschlossen" in landing(browser, running), 10)
    assert "Wieder geöffnet" in landing(browser, running)
    reload_until(page, "geschlossen")
    page.get_by_label("Immer").check()
    page.locator("#wlan").get_by_role("button").click()
    send(page)
    reload_until(page, "Fassung 2 ist in Gebrauch")
    assert wait_until(lambda: "/verbinden" in landing_html(browser, running), 10)
    page.get_by_role("button", name="Zu dieser zurück").click()
    send(page)
    reload_until(page, "Fassung 3 ist in Gebrauch")
    expect(page.locator("#fassungen")).to_contain_text("zurückgeholt (wie 1)")
    assert wait_until(lambda: "gerade geschlossen" in landing(browser, running), 10)


def faults(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds on the page."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]]


def send(page: Page) -> None:
    """What was looked at goes to the node."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Was sich ändert")
    page.get_by_role("button", name="An den Knoten senden").click()


def landing_html(browser: Browser, running: Fleet) -> str:
    context = browser.new_context(locale="de-DE")
    visitor = context.new_page()
    visitor.goto(running.portal)
    html = visitor.content()
    context.close()
    return html


def test_the_light_goes_on_when_the_hub_asks(page: Page, running: Fleet) -> None:
    page.goto(f"{running.url}/admin/knoten/{NODE}")
    assert running.lit == 0
    page.get_by_role("button", name="Leuchte blinken lassen").click()
    reload_until(page, "Leuchte blinken lassen: erledigt")
    assert wait_until(lambda: running.lit >= 2, 10), "it blinks"


def test_a_restart_of_the_wifi_services_is_told_twice(page: Page, running: Fleet) -> None:
    """What systemd's path unit does is done by hand here; the unit itself is judged in tests/ansible."""
    state = running.light.parent / NODE
    page.goto(f"{running.url}/admin/knoten/{NODE}")
    page.get_by_role("button", name="WLAN-Dienste neu starten").click()
    reload_until(page, "systemd was asked to restart the WiFi services")
    (state / "restart.request").unlink()
    (state / "restart.done").touch()
    reload_until(page, "The WiFi services run again")


def test_its_own_file_was_copied_and_its_history_kept(page: Page, running: Fleet) -> None:
    page.goto(f"{running.url}/admin/knoten/{NODE}")
    reload_until(page, "node.toml vom")
    with page.expect_download() as download:
        page.get_by_role("link", name="node.toml vom").click()
    assert f"led = {LED}" in Path(download.value.path()).read_text()
    page.get_by_role("link", name="Verlauf").click()
    expect(page.locator("#ereignisse")).to_contain_text("Sicherung: node.toml")
    expect(page.locator("#werte")).to_contain_text("Bisher ein Wert von jedem")


PATHS = ["/admin", "/admin/knoten", f"/admin/knoten/{NODE}", f"/admin/knoten/{NODE}/verlauf", "/admin/knoten/kurhaus"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 1280])
def test_no_accessibility_fault_in_either_language(page: Page, running: Fleet, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for lang in ("de", "en"):
        page.goto(f"{running.url}{path}?lang={lang}")
        page.evaluate("document.querySelector('.sk-fuss').style.position = 'static'")  # else it covers half a field
        page.locator(".ad-mehr > summary").click()
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{running.url}{path}?lang=de")


def test_on_a_phone_the_list_is_a_line_for_each_node_and_the_other_rooms_are_one_press_away(
    page: Page, running: Fleet
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{running.url}/admin/knoten")
    heights = page.locator("#liste tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert len(heights) == 50
    assert sorted(heights)[len(heights) // 2] < 60
    assert page.get_by_role("link", name="Protokoll").is_hidden()
    page.locator(".ad-mehr > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Protokoll").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Protokoll")
    expect(page.locator(".ad-nav a[aria-current]")).to_have_text("Protokoll")
    page.go_back()
    page.locator(".fl-chips").get_by_role("link", name="Noch nie gemeldet 72").click()
    expect(page.locator("#liste .sk-pille").first).to_have_text("Noch nie gemeldet")


def test_everything_works_without_javascript(browser: Browser, running: Fleet, page: Page) -> None:
    cookies = page.context.cookies()
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"{running.url}/admin/knoten?zustand=never&ordnung=name")
    assert plain.locator("#liste tbody tr").count() == 50
    plain.get_by_role("link", name="Weiter").click()
    assert plain.locator("#liste tbody tr").count() == 22
    plain.goto(f"{running.url}/admin/knoten/{NODE}")
    plain.get_by_label("Wann dieser Knoten neue Software bekommt").select_option("canary")
    plain.locator("#updates").get_by_role("button").click()
    expect(plain.locator("#ring")).to_have_value("canary")
    context.close()
