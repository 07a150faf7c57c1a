"""A day at the pool: the till is set up, a guest parks, pays by pass, gets the parking fee back; the line fails, the
browser is killed, nothing is lost; the day is closed.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright
from sqlalchemy import text

from hub.account import api as account
from hub.app import purse_of
from hub.core.clock import now_ms
from hub.parking.api import stays
from hub.payments import api as payments
from hub.till import api as till
from tests.hub.payments.cashier import until
from tests.hub.payments.house import House, house
from tests.journeys.pages import CHROMIUM
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = pytest.mark.journey

PATIENCE_MS = 15_000
CAMERA = """window.BarcodeDetector = class { async detect() { return []; } };
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas"), brush = canvas.getContext("2d");
  setInterval(() => brush.fillRect(0, 0, Math.random() * 9, 9), 50);
  return canvas.captureStream();
};"""
P2, MINUTE = "p2_rosentritt", 60_000


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def erika(town: House) -> str:
    """Her wallet's owner, with 100.00 in it."""

    def work(session) -> str:
        owner = f"person:{account.find_by_name(session, 'erika.muster@demo.example').id}"
        payments.transfer(session, "fill", [payments.Line("bank", f"wallet:{owner}", 10_000)], now_ms(), "test")
        return owner

    return town.database.write(work)


@pytest.fixture(scope="module")
def key(town: House) -> str:
    shop = till.town_of(town.settings.town_dir)
    return town.database.write(lambda s: till.tills.add(s, shop, "pool-1", "pool", "cli", now_ms()))


class Till:
    """The till's browser with a profile on the disk, so that it can be killed."""

    def __init__(self, playwright: Playwright, town: House, profile: Path) -> None:
        self._playwright, self._town, self._profile = playwright, town, profile
        self.start()

    def start(self) -> None:
        """Opens it (again)."""
        self.context: BrowserContext = self._playwright.chromium.launch_persistent_context(
            self._profile,
            executable_path="/usr/bin/chromium",
            args=CHROMIUM,
            viewport={"width": 1280, "height": 900},
            locale="de-DE",
        )
        self.page: Page = self.context.new_page()

    def kill(self) -> None:
        """SIGKILL to everything that runs on this profile."""
        mine = [
            one for one in psutil.process_iter(["cmdline"]) if str(self._profile) in " ".join(one.info["cmdline"] or ())
        ]
        assert mine
        for one in mine:
            one.kill()
        psutil.wait_procs(mine, timeout=10)
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self._profile / name).unlink(missing_ok=True)

    def open(self) -> None:
        """The till's page."""
        self.page.goto(f"{self._town.url}/kasse/pool-1")

    def scan(self, code: str) -> None:
        """A scanner types wherever the cursor stands."""
        self.page.locator("#korb-kopf").focus()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        """One of its buttons."""
        self.page.get_by_role("button", name=name).first.click()

    def says(self, words: str) -> None:
        """Waits for a sentence."""
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def desk(playwright: Playwright, town: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    made = Till(playwright, town, tmp_path_factory.mktemp("till-profile"))
    log_in(made.page, town, "Yusuf Kasse")
    yield made
    made.context.close()


@pytest.fixture(scope="module")
def phone(playwright: Playwright, town: House, erika: str) -> Iterator[Page]:
    started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
    context = started.new_context(viewport={"width": 390, "height": 844}, locale="de-DE")
    page = context.new_page()
    log_in(page, town, "Erika Muster")
    yield page
    started.close()


def log_in(page: Page, town: House, name: str) -> None:
    page.goto(f"{town.url}/demo")
    page.get_by_role("button", name=name).click()
    for _ in range(4):  # an install that a busy machine broke off begins anew with the next page
        if until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 8):
            return
        page.reload()
    raise AssertionError("no service worker")


def code_of(phone: Page, town: House, *, reload: bool = True) -> str:
    """What the phone shows: made by the phone itself."""
    if reload:
        phone.goto(f"{town.url}/pass")
    expect(phone.get_by_text("Der Code erneuert sich")).to_be_visible(timeout=PATIENCE_MS)
    return phone.locator("[data-pass-code]").get_attribute("data-code") or ""


def balance(town: House, owner: str) -> int:
    with town.database.read() as session:
        return payments.balance(session, f"wallet:{owner}")


def is_accessible(page: Page) -> None:
    """axe finds nothing, and nothing is wider than a small phone."""
    before = page.viewport_size
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        height = page.evaluate("document.documentElement.scrollHeight") + 200
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
        assert not found, [(page.url, width, one["id"], one["nodes"][0]["html"][:160]) for one in found]
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), (page.url, width)
    page.set_viewport_size(before)


def test_the_till_is_set_up_with_its_key_and_sells_for_cash(desk: Till, town: House, key: str) -> None:
    desk.page.goto(f"{town.url}/kasse")
    is_accessible(desk.page)
    desk.page.get_by_role("link", name="pool-1").click()
    desk.page.get_by_label("Schlüssel der Kasse").fill("x" * 43)
    desk.press("Einrichten")
    desk.says("Dieser Schlüssel öffnet keine Kasse.")
    is_accessible(desk.page)
    desk.page.get_by_label("Schlüssel der Kasse").fill(key)
    desk.press("Einrichten")
    desk.says("Verbunden")
    desk.press("Erwachsene 6")
    desk.press("Eins mehr: Erwachsene")
    desk.page.get_by_label("Gegeben, in Euro").fill("20")
    desk.says("Rückgeld: 8,00")
    is_accessible(desk.page)
    desk.page.get_by_role("button", name="Bar bezahlen").press("Enter")
    desk.says("Verkauft: 12,00")
    with desk.context.expect_page() as receipt:
        desk.page.get_by_role("link", name="Beleg").first.click()
    expect(receipt.value.get_by_text("2 × Erwachsene")).to_be_visible()
    expect(receipt.value.get_by_text("darin 7 % Umsatzsteuer 0,79")).to_be_visible()
    is_accessible(receipt.value)
    receipt.value.close()


def test_a_guest_who_parked_pays_by_pass_and_gets_the_parking_fee_back(
    desk: Till, phone: Page, town: House, erika: str
) -> None:
    now, purse = now_ms(), purse_of(town.settings)
    order = stays.Order(P2, "rappsodie", "HN-EM 12", erika, int(erika.partition(":")[2]), "map")
    token = town.database.write(lambda s: stays.start(s, purse, order, now - 40 * MINUTE))
    town.database.write(lambda s: stays.stop(s, purse, token, now - MINUTE))
    assert balance(town, erika) == 9_950
    code = code_of(phone, town)
    is_accessible(phone)
    desk.scan(code)
    desk.says("Pass von Erika Muster")
    desk.press("Erwachsene 6")
    is_accessible(desk.page)
    desk.press("Mit Pass bezahlen")
    desk.says("Verkauft: 6,00")
    desk.says("Parkgebühr P2 Rosentrittstraße: 0,50")
    assert until(lambda: balance(town, erika) == 10_000 - 600), "the worker gave the fee back"
    phone.goto(f"{town.url}/konto/karten")
    expect(phone.get_by_text("P2 Rosentrittstraße")).to_be_visible()
    phone.goto(f"{town.url}/konto/postfach")
    expect(phone.get_by_text("Parkgebühr zurück: 0,50")).to_be_visible()
    desk.scan(code)
    desk.says("Pass von Erika Muster")
    desk.press("Kinder 4")
    desk.press("Mit Pass bezahlen")
    desk.says("Dieser Code wurde schon benutzt.")
    desk.press("Leeren")
    assert balance(town, erika) == 9_400


def test_a_ten_entry_card_is_bought_in_the_account_and_lets_in_by_scan(desk: Till, phone: Page, town: House) -> None:
    phone.goto(f"{town.url}/konto/karten")
    phone.locator("summary", has_text="Zehnerkarte Kinder").click()  # nobody buys by a slip of the finger
    phone.get_by_role("button", name="Zehnerkarte Kinder").click()
    expect(phone.get_by_text("Gekauft.")).to_be_visible()
    is_accessible(phone)
    desk.scan(code_of(phone, town))
    desk.says("noch 10")
    is_accessible(desk.page)
    desk.press("Einlassen")
    desk.says("Eingelassen: Zehnerkarte Kinder, noch 9")


def test_without_a_connection_it_sells_and_a_killed_browser_loses_nothing(
    desk: Till, phone: Page, town: House, erika: str
) -> None:
    before = balance(town, erika)
    desk.open()
    desk.says("Verbunden")
    code_of(phone, town)
    time.sleep(1)  # the worker keeps the page
    for context in (phone.context, desk.context):
        context.set_offline(True)
    phone.goto(f"{town.url}/pass")
    expect(phone.locator("[data-offline]")).to_be_visible(timeout=PATIENCE_MS)
    desk.open()
    desk.says("Ohne Verbindung")
    desk.press("Getränk")
    desk.scan(code_of(phone, town, reload=False))
    desk.says("Pass geprüft, ohne Verbindung")
    desk.press("Mit Pass bezahlen")
    desk.says("Die Kasse sendet es später.")
    desk.press("Pommes")
    desk.press("Bar bezahlen")
    desk.says("2 Verkäufe warten")
    desk.kill()
    desk.start()
    desk.context.set_offline(True)
    desk.open()
    desk.says("2 Verkäufe warten")
    assert balance(town, erika) == before
    desk.context.set_offline(False)
    expect(desk.page.get_by_text("Verkäufe warten")).to_be_hidden(timeout=PATIENCE_MS)
    assert balance(town, erika) == before - 300
    with town.database.read() as session:
        offline = session.execute(text("SELECT cents, way, state FROM till_sale WHERE is_offline ORDER BY cents")).all()
    assert [tuple(one) for one in offline] == [(300, "wallet", "paid"), (350, "cash", "paid")]
    phone.context.set_offline(False)
    log_in(desk.page, town, "Yusuf Kasse")  # a browser that is killed may forget its newest cookies
    desk.open()
    desk.says("Verbunden")


def test_the_day_is_closed_once_printed_and_downloaded(desk: Till, town: House) -> None:
    desk.page.locator("#mehr summary").click()
    desk.says("Bar seit dem letzten Abschluss")
    desk.press("Erstatten")
    field = desk.page.get_by_label("Betrag, der zurückgeht, in Euro")
    field.fill("99")
    field.press("Enter")
    expect(desk.page.locator("#fehler")).to_contain_text("So viel kann nicht erstattet werden", timeout=PATIENCE_MS)
    field.fill("1,50")
    field.press("Enter")
    desk.says("erstattet 1,50")
    expect(desk.page.locator("#fehler")).to_be_hidden()
    is_accessible(desk.page)
    desk.press("Tag abschließen")
    desk.press("Wirklich abschließen?")
    desk.says("Abschluss 1:")
    desk.page.get_by_role("link", name="Beleg 1").click()
    expect(desk.page.get_by_role("heading", name="Abschluss 1")).to_be_visible()
    is_accessible(desk.page)
    table = desk.page.request.get(f"{town.url}/kasse/pool-1/abschluss/1.csv").text()
    assert table.startswith("\ufeffKasse;Abschluss;")
    assert "pool-1;1;" in table
    desk.page.goto(f"{town.url}/kasse/pool-1/abschluesse?lang=en")
    expect(desk.page.get_by_role("heading", name="Closings")).to_be_visible()
    is_accessible(desk.page)
    desk.page.goto(f"{town.url}/kasse/pool-1?lang=en")
    expect(desk.page.get_by_role("button", name="Pay in cash")).to_be_visible(timeout=PATIENCE_MS)
    is_accessible(desk.page)


def test_the_camera_can_be_closed_before_it_has_seen_a_code(desk: Till, town: House) -> None:
    desk.page.add_init_script(CAMERA)
    desk.page.goto(f"{town.url}/kasse/pool-1?lang=de")
    desk.says("Verbunden")
    desk.press("Kamera")
    expect(desk.page.locator("#bild")).to_be_visible(timeout=PATIENCE_MS)
    desk.press("Kamera schließen")
    expect(desk.page.locator("#bild")).to_be_hidden(timeout=PATIENCE_MS)
    expect(desk.page.locator("#kamera")).to_have_text("Kamera")
    expect(desk.page.locator("#fehler")).to_be_hidden()


def test_a_blocked_till_says_so_and_a_phone_without_scripts_shows_a_code(
    desk: Till, phone: Page, town: House, playwright: Playwright
) -> None:
    started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
    plain = started.new_context(
        java_script_enabled=False, locale="de-DE", storage_state=phone.context.storage_state()
    ).new_page()
    plain.goto(f"{town.url}/pass")
    expect(plain.get_by_text("Dieser Code gilt zwei Minuten.")).to_be_visible()
    desk.page.goto(f"{town.url}/kasse/pool-1?lang=de")
    desk.says("Verbunden")
    desk.scan(plain.locator("[data-pass-code]").get_attribute("data-code") or "")
    desk.says("Pass von Erika Muster")
    boss = started.new_context(locale="de-DE").new_page()
    boss.goto(f"{town.url}/demo")
    boss.get_by_role("button", name="Karla Leitung").click()
    boss.goto(f"{town.url}/admin/kassen")
    is_accessible(boss)
    boss.get_by_role("button", name="pool-1 sperren").click()
    expect(boss.get_by_text("gesperrt", exact=True)).to_be_visible()
    boss.get_by_label("Name").fill("markt-1")
    boss.get_by_label("Betrieb").select_option("market")
    boss.get_by_role("button", name="Einrichten").click()
    expect(boss.locator("#schluessel")).to_be_visible()
    is_accessible(boss)
    desk.open()
    desk.says("Diese Kasse ist gesperrt.")
    started.close()
