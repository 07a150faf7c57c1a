"""The whole story of a driver in a real browser; pins and the card company are the only things that are not real."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hub.core.i18n import TIMEZONE
from tests.hub.payments.cashier import until
from tests.journeys.driving import (
    PATIENCE_MS,
    act_for,
    is_accessible,
    log_in,
    open_till,
    pay_at_provider,
    receipt,
    reload_until,
    second_receipt,
    start,
    swim,
    top_up,
)
from tests.journeys.street import BAYS, SITE, Street, street

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("street")) as made:
        made.provider.fault(late_s=3)
        expect.set_options(timeout=PATIENCE_MS)
        assert until(lambda: made.free() == len(BAYS), 60), "the board's bays are free"
        yield made
        expect.set_options(timeout=5000)


@pytest.fixture
def open_phone(browser: Browser) -> Iterator[Callable[..., Page]]:
    opened: list[BrowserContext] = []

    def make(**more: object) -> Page:
        facts = {"viewport": {"width": 390, "height": 844}, "locale": "de-DE", "bypass_csp": True, **more}
        opened.append(browser.new_context(**facts))
        page = opened[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield make
    for context in opened:
        context.close()


def test_search_drive_park_by_the_sticker_leave_get_the_receipt_and_at_the_pool_the_fee_back(
    town: Street, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    log_in(page, town, "Erika Muster")
    top_up(page, town, "20")
    # search: near the pool, for two hours, with the price
    page.goto(f"{town.url}/parken")
    page.get_by_label("Wohin?").select_option("freibad")
    page.get_by_label("Wie lange?").select_option("120")
    page.get_by_role("button", name="Suchen").click()
    row = page.locator(f"[data-site={SITE}]")
    expect(page.locator("[data-liste] [data-site]").first).to_have_attribute("data-site", "p1_weinbrenner")
    expect(row).to_contain_text("zu Fuß")
    expect(row).to_contain_text("2 Std.: 1,00\u00a0€")
    expect(row.locator("[data-free]")).to_have_text("4")
    expect(row.locator("[data-missing]")).to_have_text("86 unbekannt")
    silent = page.locator("[data-site=waldstadion]")
    expect(silent.locator("[data-free]")).to_have_text("–")
    is_accessible(page)
    # drive: the way there, and a look at what it will cost
    row.click()
    expect(page.get_by_role("link", name="Route starten")).to_have_attribute(
        "href", re.compile(r"^geo:49\.2429,9\.1128")
    )
    expect(page.get_by_role("link", name="Auf einer Karte im Netz öffnen")).to_have_attribute(
        "href", re.compile(r"mlat=49\.2429&mlon=9\.1128")
    )
    expect(page.locator(".pk-summe")).to_contain_text("1,00\u00a0€")
    page.get_by_text("So kommt der Preis zustande").click()
    expect(page.locator(".pk-warum")).to_contain_text("2 × 60 Min. zu 0,50\u00a0€ = 1,00\u00a0€")
    is_accessible(page)
    # park: the sensor sees the car, the driver starts by the sticker and confirms the zone
    town.drive(0, occupied=True)
    expect(page.locator(f"[data-bay={BAYS[0]}]")).to_have_attribute("data-state", "occupied")
    page.goto(f"{town.url}/parken/platz/{BAYS[0]}")
    expect(page.get_by_role("heading", level=1)).to_have_text("P2 Rosentrittstraße, Platz 1")
    is_accessible(page)
    start(page, town, 0, "HN-ER 1")
    is_accessible(page)
    # a typing error is put right while the stay runs
    page.get_by_label("Richtiges Kennzeichen").fill("HN-ER 12")
    page.get_by_role("button", name="Ändern").click()
    expect(page.locator("#stand")).to_contain_text("HNER12")
    assert until(lambda: town.has_seen("HNER12"), 60)
    # leave: the sensor frees the bay, the stay ends by itself
    town.drive(0, occupied=False)
    expect(page.locator("#stand")).to_have_attribute("data-state", "ended", timeout=2 * PATIENCE_MS)
    expect(page.locator("#stand")).to_contain_text("vom Sensor erkannt")
    expect(page.locator("#stand")).to_contain_text("0,50\u00a0€")
    is_accessible(page)
    paper = receipt(page, town)
    assert "P2 Rosentrittstraße" in paper
    assert re.search(r"\d\d\.\d\d\.\d{4}: 1 × 60 Min. zu 0,50 € = 0,50 €", paper), paper
    assert "darin 19 % Umsatzsteuer aus 0,50 €" in paper
    page.goto(f"{town.url}/konto/parken")
    expect(page.get_by_role("link", name="Quittung (PDF)")).to_be_visible()
    is_accessible(page)
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_text("19,50\u00a0€", exact=True).first.wait_for()
    # the pool: the till reads her pass, and the fee of this stay comes back, once
    till_page = open_phone(viewport={"width": 1280, "height": 900})
    open_till(till_page, town)
    swim(page, till_page, town)
    expect(till_page.get_by_text(re.compile(r"Parkgebühr P2 Rosentrittstraße: 0,50")).first).to_be_visible()
    page.goto(f"{town.url}/konto/postfach")
    reload_until(page, page.get_by_text("Parkgebühr zurück: 0,50"))
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_text("14,00\u00a0€", exact=True).first.wait_for()
    swim(page, till_page, town)
    expect(till_page.get_by_text("Parkgebühr P2 Rosentrittstraße ist schon erstattet.").first).to_be_visible()
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_text("8,00\u00a0€", exact=True).first.wait_for()


def test_a_driver_who_is_still_there_says_so(town: Street, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    log_in(page, town, "Erika Muster")
    top_up(page, town, "5")
    town.drive(1, occupied=True)
    start(page, town, 1, "HN-ER 3")
    assert until(lambda: town.has_seen("HNER3"), 60)
    town.drive(1, occupied=False)
    reload_until(page, page.locator("#stand[data-state=ending]"))
    page.get_by_role("button", name="Ja, ich stehe noch hier").click()
    expect(page.locator("#stand")).to_have_attribute("data-state", "running")
    page.get_by_role("button", name="Parken beenden").click()
    expect(page.locator("#stand")).to_contain_text("von Ihnen beendet")


def test_a_stranger_pays_by_card_late_prolongs_leaves_early_and_gets_the_rest_back(
    town: Street, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.goto(f"{town.url}/parken/platz/{BAYS[2]}")
    is_accessible(page)
    page.get_by_label("Kennzeichen").fill("KA-X 77")
    page.get_by_label("Bis wann?").select_option("120")
    expect(page.locator(".pa-hier")).to_contain_text("P2 Rosentrittstraße, Platz 3")
    page.get_by_role("button", name="Mein Auto steht hier: weiter zur Zahlung").click()
    page.get_by_text("1,00\u00a0€").first.wait_for()
    expect(page.get_by_role("button", name="Überweisung")).to_have_count(0)
    # aborted: no stay
    pay_at_provider(page, town, "Abbrechen und zurück")
    page.get_by_text("Es wurde nichts abgebucht, und es läuft kein Parkvorgang").wait_for()
    is_accessible(page)
    # paid, but the bank tells it late
    page.get_by_role("link", name=re.compile("bezahlen")).click()
    pay_at_provider(page, town, "Bezahlen, aber spät bestätigen")
    page.get_by_text("Sie müssen nichts tun").wait_for()
    expect(page.locator("#stand")).to_have_attribute("data-state", "running", timeout=2 * PATIENCE_MS)  # by itself
    end = datetime.now(TIMEZONE) + timedelta(hours=2)
    expect(page.get_by_text(re.compile("Bezahlt bis"))).to_contain_text(
        re.compile(f"{end:%H}:|{end - timedelta(minutes=3):%H}:")
    )
    is_accessible(page)
    # more time for more money
    page.get_by_label("Länger um").select_option("60")
    page.get_by_role("button", name="Weiter zur Zahlung").click()
    pay_at_provider(page, town)
    expect(page.locator("#stand .sk-zahl")).to_have_text("1,50\u00a0€")
    assert "davon schon bezahlt: 1,00 €" in second_receipt(page, town)
    page.get_by_role("button", name="Parken beenden").click()
    expect(page.locator("#stand")).to_contain_text("1,00\u00a0€ gehen auf Ihre Karte zurück")
    is_accessible(page)
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("#stand")).to_contain_text("von Ihnen beendet")  # the address is the only key


def test_the_wallet_fills_itself_while_one_parks(town: Street, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    log_in(page, town, "Aylin Beispiel")
    top_up(page, town, "10", keep=True)
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_text("Automatisch aufladen: aus").click()
    page.get_by_label("Wenn weniger da ist als (Euro)").fill("10")
    page.get_by_label("Betrag, der dann dazukommt (Euro)").fill("20")
    page.get_by_role("button", name="Einschalten").click()
    page.get_by_text("Automatisch aufladen: an").wait_for()
    is_accessible(page)
    start(page, town, 3, "HN-AY 1")  # fifty cents are set aside
    for _ in range(60):
        page.goto(f"{town.url}/konto/geldboerse")
        if page.get_by_text("29,50\u00a0€", exact=True).count():
            break
        page.wait_for_timeout(500)
    page.get_by_text("29,50\u00a0€", exact=True).first.wait_for(timeout=1000)
    page.goto(f"{town.url}/konto/parken")
    page.get_by_role("link", name="P2 Rosentrittstraße").first.click()
    page.get_by_role("button", name="Parken beenden").click()
    expect(page.locator("#stand")).to_have_attribute("data-state", "ended")


def test_a_childs_wallet_pays_up_to_its_limit_and_a_firms_wallet_for_its_people(
    town: Street, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    log_in(page, town, "Jonas Muster")
    top_up(page, town, "20")
    page.goto(f"{town.url}/konto/geldboerse")
    page.locator(".za-posten a").first.click()
    page.get_by_label("Betrag in Euro").fill("5")
    page.get_by_role("button", name="Aus meiner Geldbörse geben").click()
    page.get_by_text("5,00\u00a0€", exact=True).first.wait_for()
    page.get_by_text("Grenze am Tag ändern").click()
    page.get_by_label("Höchstens am Tag, in Euro").fill("0,40")
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("von höchstens 0,40\u00a0€").wait_for()
    is_accessible(page)
    act_for(page, town, 1)
    page.goto(f"{town.url}/parken/{SITE}/starten")
    expect(page.locator(".pa-zahlt")).to_contain_text("5,00\u00a0€")
    page.get_by_label("Kennzeichen").first.fill("HN-KI 1")
    page.get_by_role("button", name="Parken starten").click()
    expect(page.get_by_role("alert")).to_contain_text("zu wenig")
    firm = open_phone()
    log_in(firm, town, "Aylin Beispiel")
    act_for(firm, town, 1)
    name = firm.locator(".ko-acting b").inner_text()
    top_up(firm, town, "20")
    firm.goto(f"{town.url}/konto/parken")
    for plate in ("HN-FI 1", "HN-FI 2"):
        firm.get_by_role("textbox", name="Kennzeichen").fill(plate)
        firm.get_by_role("button", name="Auto hinzufügen").click()
        firm.get_by_text("Gespeichert.").wait_for()
    firm.goto(f"{town.url}/parken/{SITE}/starten")
    expect(firm.locator(".pa-zahlt")).to_contain_text(name)
    firm.get_by_label("HNFI2").check()
    is_accessible(firm)
    firm.get_by_label("HNFI2").check()
    firm.get_by_role("button", name="Parken starten").click()
    expect(firm.locator("#stand")).to_contain_text("HNFI2")
    firm.goto(f"{town.url}/parken")
    expect(firm.locator(".pk-laeuft")).to_contain_text("HNFI2")
    firm.locator(".pk-laeuft a").click()
    firm.get_by_role("button", name="Parken beenden").click()
    expect(firm.locator("#stand")).to_have_attribute("data-state", "ended")
    assert "0,50 €" in receipt(firm, town)
    firm.goto(f"{town.url}/konto/geldboerse")
    firm.get_by_text("19,50\u00a0€", exact=True).first.wait_for()


def test_who_wishes_it_hears_once_that_a_car_park_fills_up(town: Street, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    log_in(page, town, "Jonas Muster")
    page.goto(f"{town.url}/parken/{SITE}")
    page.get_by_role("button", name="Merken", exact=True).click()
    page.get_by_text("Sie finden den Parkplatz in der Liste").wait_for()
    page.get_by_text("Bescheid sagen, wenn es voll wird").click()
    page.get_by_role("button", name="Bescheid sagen").click()
    page.get_by_text("Sie bekommen einmal Bescheid").wait_for()
    is_accessible(page)
    page.goto(f"{town.url}/parken?filter=gemerkt")
    expect(page.locator("[data-liste] [data-site]")).to_have_count(1)
    page.goto(f"{town.url}/konto/parken")
    page.get_by_role("button", name="Hinweis abbestellen").click()
    page.get_by_text("Der Hinweis ist abbestellt").wait_for()


def test_the_location_is_asked_for_by_a_button_and_stays_on_the_phone(
    town: Street, open_phone: Callable[..., Page]
) -> None:
    page = open_phone(permissions=["geolocation"], geolocation={"latitude": 49.2461, "longitude": 9.0939})
    page.goto(f"{town.url}/parken")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Von meinem Standort aus").click()
    expect(page.locator("[data-liste] [data-site]").first).to_have_attribute("data-site", "waldstadion")
    expect(page.locator("[data-site=waldstadion] [data-way]")).to_have_text(re.compile("1 Min. zu Fuß"))
    assert not [url for url in asked if "49.2" in url]


def test_without_javascript_everything_of_the_search_works(town: Street, open_phone: Callable[..., Page]) -> None:
    page = open_phone(java_script_enabled=False, locale="en-GB")
    page.goto(f"{town.url}/parken")
    expect(page.get_by_role("button", name="From my location")).to_have_count(0)
    page.get_by_label("Where to?").select_option("rathaus")
    page.get_by_label("How long?").select_option("60")
    page.get_by_role("button", name="Suchen").or_(page.get_by_role("button", name="Search")).click()
    expect(page.locator("[data-liste] [data-site]").first).to_have_attribute("data-site", "rathaus")
    page.get_by_role("link", name="Price", exact=True).click()
    expect(page.locator("[data-liste] [data-site]").last).to_have_attribute("data-site", re.compile("thermarium"))
    page.get_by_role("link", name="No height limit").click()
    expect(page.locator("[data-liste] [data-site]")).to_have_count(14)
