"""What drivers, their phones and the pool's till do in the journeys of the street."""

import itertools
import re

from playwright.sync_api import Locator, Page, expect

from hub.core.clock import now_ms
from hub.till import api as till
from tests.hub.payments.paper import text_of
from tests.journeys.street import BAYS, Street
from tests.journeys.test_accessibility import AXE, RULES

PATIENCE_MS = 30_000
LOOKS = tuple(itertools.product((390, 1280), ("de", "en")))


def is_accessible(page: Page, *, both: bool = True) -> None:
    """axe finds nothing and nothing is wider than the screen, on phone and desktop, in German and English."""
    address = page.url
    for width, language in LOOKS if both else ((390, "de"),):
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
        assert not found, (address, width, language, [(one["id"], one["nodes"][0]["html"][:160]) for one in found])
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), (address, width, language)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=de")


def log_in(page: Page, town: Street, name: str) -> None:
    page.goto(f"{town.url}/demo")
    page.get_by_role("button", name=name).click()


def pay_at_provider(page: Page, town: Street, button: str = "Mit Testkarte bezahlen") -> None:
    page.get_by_role("button", name="Karte (Testkasse)").click()
    page.wait_for_url(f"{town.provider.url}/**")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{town.url}/**")


def top_up(page: Page, town: Street, euro: str, *, keep: bool = False) -> None:
    page.goto(f"{town.url}/konto/geldboerse")
    page.get_by_label("Betrag in Euro").fill(euro)
    if keep:
        page.get_by_label("Bezahldaten beim Bezahldienst merken").check()
    pay_at_provider(page, town)
    page.get_by_text("Bezahlt:").wait_for()


def act_for(page: Page, town: Street, which: int) -> None:
    """Somebody acts for their child or firm."""
    page.goto(f"{town.url}/konto")
    page.locator("input[name=key][type=radio]").nth(which).check()
    page.get_by_role("button", name="Übernehmen").click()
    page.locator(".ko-acting").wait_for()


def receipt(page: Page, town: Street) -> str:
    """The receipt's text, once the worker wrote it."""
    path = page.get_by_role("link", name="Quittung (PDF)").first.get_attribute("href")
    for _ in range(60):
        answer = page.request.get(f"{town.url}{path}")
        if answer.headers["content-type"] == "application/pdf":
            return text_of(answer.body())
        page.wait_for_timeout(250)
    raise AssertionError("no receipt came")


def start(page: Page, town: Street, bay: int, plate: str) -> None:
    """By the sticker on a bay."""
    page.goto(f"{town.url}/parken/platz/{BAYS[bay]}")
    page.get_by_label("Kennzeichen").first.fill(plate)
    page.get_by_role("button", name="Mein Auto steht hier: Parken starten").click()
    expect(page.locator("#stand")).to_have_attribute("data-state", "running")


def open_till(page: Page, town: Street) -> None:
    """The pool's till, set up with its key by the one who works there."""
    shop = till.town_of(town.settings.town_dir)
    key = town.database.write(lambda session: till.tills.add(session, shop, "pool-1", "pool", "cli", now_ms()))
    log_in(page, town, "Yusuf Kasse")
    page.goto(f"{town.url}/kasse/pool-1")
    page.get_by_label("Schlüssel der Kasse").fill(key)
    page.get_by_role("button", name="Einrichten").click()
    page.get_by_text("Verbunden").first.wait_for()


def swim(phone: Page, till_page: Page, town: Street) -> None:
    """The phone shows its code, the scanner types it, the guest pays by pass."""
    phone.goto(f"{town.url}/pass")
    phone.get_by_text("Der Code erneuert sich").wait_for()
    till_page.goto(f"{town.url}/kasse/pool-1")
    till_page.get_by_text("Verbunden").first.wait_for()
    till_page.locator("#korb-kopf").focus()
    till_page.keyboard.type(phone.locator("[data-pass-code]").get_attribute("data-code") or "")
    till_page.keyboard.press("Enter")
    till_page.get_by_text("Pass von Erika Muster").first.wait_for()
    till_page.get_by_role("button", name="Erwachsene 6").first.click()
    till_page.get_by_role("button", name="Mit Pass bezahlen").first.click()
    till_page.get_by_text("Verkauft: 6,00").first.wait_for()


def reload_until(page: Page, wanted: Locator) -> None:
    """The worker does it a moment later."""
    for _ in range(60):
        if wanted.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("it never came")


def second_receipt(page: Page, town: Street) -> str:
    path = page.get_by_role("link", name=re.compile(r"Quittung \(PDF\) 0,50")).get_attribute("href")
    for _ in range(60):
        answer = page.request.get(f"{town.url}{path}")
        if answer.headers["content-type"] == "application/pdf":
            return text_of(answer.body())
        page.wait_for_timeout(250)
    raise AssertionError("no receipt came")
