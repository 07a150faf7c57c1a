"""A person fills the wallet at the provider's page, pays, gets the receipt; a stranger pays late and it is seen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from hub.core import clock
from hub.payments import api
from hub.payments.api import Item
from tests.hub.payments.house import House, house
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = pytest.mark.journey

LINES = ("10:00 bis 10:30: 1,00 €", "10:30 bis 11:00: 1,50 €")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("town")) as made:
        made.provider.fault(late_s=1.5)
        yield made


def ask(town: House, key: str, owner: str) -> str:
    facts = {"owner": owner, "purpose": "parking", "reference": key, "title": "Parken am See", "return_to": "/parken"}
    items = (Item("Parken am See", 250, "parking", "19", LINES),)
    one = town.database.write(
        lambda session: api.payments.request(session, key=key, items=items, now=clock.now_ms(), **facts)
    )
    return f"{town.url}/bezahlen/{one.payment.id}"


def is_accessible(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"][:120]) for one in found]
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="de-DE", bypass_csp=True)
    yield context.new_page()
    context.close()


def test_fill_the_wallet_pay_with_it_and_get_the_receipt(page: Page, town: House) -> None:
    page.goto(f"{town.url}/demo")
    page.get_by_role("button", name="Erika Muster").click()
    page.get_by_role("link", name="Geldbörse").click()
    page.get_by_label("Betrag in Euro").fill("20")
    is_accessible(page)
    page.get_by_role("button", name="Karte").click()
    page.wait_for_url(f"{town.provider.url}/**")
    is_accessible(page)
    page.get_by_role("button", name="Mit Testkarte bezahlen").click()
    page.get_by_text("Bezahlt:").wait_for()
    page.get_by_role("link", name="Weiter").click()
    page.get_by_text("20,00 €", exact=True).first.wait_for()
    me = page.locator('input[name="fuer"]').first.get_attribute("value") or ""
    page.goto(ask(town, "erika parks", me))
    page.get_by_text("So kommt der Preis zustande").click()
    page.get_by_text(LINES[1]).wait_for()
    is_accessible(page)
    page.get_by_role("button", name="Mit der Geldbörse").press("Enter")
    page.get_by_text("Bezahlt:").wait_for()
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_text("−2,50 €").wait_for()
    is_accessible(page)
    receipt = page.get_by_role("link", name="Parken am See").get_attribute("href")
    for _ in range(40):
        answer = page.request.get(f"{town.url}{receipt}/quittung")
        if answer.headers["content-type"] == "application/pdf":
            break
        page.wait_for_timeout(250)
    assert answer.body().startswith(b"%PDF")


def test_a_stranger_whose_money_comes_late_sees_it_registered(page: Page, town: House) -> None:
    address = ask(town, "late", "")
    page.goto(address)
    page.get_by_role("button", name="Karte").click()
    page.get_by_role("button", name="Abbrechen und zurück").click()
    page.get_by_text("Es wurde nichts abgebucht").wait_for()
    page.get_by_role("button", name="Karte").click()
    page.get_by_role("button", name="Bezahlen, aber spät bestätigen").click()
    page.get_by_text("noch nichts bestätigt").wait_for()
    is_accessible(page)
    for _ in range(20):
        page.wait_for_timeout(500)
        page.goto(address)
        if page.get_by_text("Bezahlt:").count():
            break
    page.get_by_text("Bezahlt:").wait_for(timeout=1000)


def test_the_data_of_a_bank_transfer_can_be_read_and_scanned(page: Page, town: House) -> None:
    page.goto(ask(town, "transfer", ""))
    page.get_by_role("button", name="Überweisung").click()
    page.get_by_role("img", name="QR-Code").wait_for()
    assert page.locator("dd code").last.inner_text().startswith("RF")
    is_accessible(page)
