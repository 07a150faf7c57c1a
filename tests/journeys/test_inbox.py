"""Letters with files between the citizens' office and a citizen, in a real browser."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from hub import setup
from tests.hub.core.files import samples
from tests.journeys.account import Office, Person, office
from tests.journeys.test_account import _problems

pytestmark = pytest.mark.journey

ERIKA = "erika.muster@demo.example"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("inbox")) as running:
        setup.seed_personas(running.settings)
        yield running


def log_in(browser: Browser, town: Office, who: str, width: int = 390) -> Person:
    person = Person(browser, town.url, width=width)
    person.open("/demo").locator(f"button[value={who}], form:has(input[value={who}]) button").first.click()
    person.says("Guten Tag")
    return person


def attach(page: Page, *files: tuple[str, bytes]) -> None:
    """Chooses files in the form's file field."""
    page.get_by_label("Dateien anhängen (freiwillig)").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    )


def downloaded(page: Page, name: str) -> bytes:
    """Saves the file with this name."""
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).click()
    assert coming.value.suggested_filename == name
    return Path(coming.value.path()).read_bytes()


def test_a_letter_with_a_pdf_is_answered_with_a_photo_of_an_iphone(browser: Browser, town: Office) -> None:
    petra = log_in(browser, town, "clerk", width=1280)
    petra.page.get_by_role("link", name="Postfach des Bürgerbüros").click()
    petra.page.get_by_role("link", name="Neue Nachricht").click()
    petra.fill("E-Mail-Adresse der Person", ERIKA)
    petra.fill("Worum geht es?", "Ihr Bescheid zum Carport")
    petra.fill("Nachricht", "Guten Tag,\n\nanbei der Bescheid. Bitte schicken Sie ein Foto.")
    attach(petra.page, ("Bescheid.pdf", samples.pdf()))
    petra.press("Senden")
    petra.says("Die Nachricht ist gesendet.")
    petra.says("Noch nicht gelesen")

    erika = log_in(browser, town, "citizen")
    erika.page.get_by_role("link", name="Postfach").click()
    erika.page.get_by_role("link", name="Ihr Bescheid zum Carport").click()
    erika.says("Bitte schicken Sie ein Foto.")
    assert downloaded(erika.page, "Bescheid.pdf") == samples.pdf()
    assert re.search(r"Wird am \d+\. \w+ \d{4} gelöscht", erika.page.content())
    petra.page.reload()
    petra.says("Von der Person gelesen")

    erika.fill("Ihre Nachricht", "Guten Tag,\n\nhier ist das Foto.")
    attach(erika.page, ("IMG_0042.HEIC", samples.photo("HEIF")), ("schlecht.zip", b"PK\x03\x04"))
    erika.press("Senden")
    erika.says("„schlecht.zip“ können wir nicht annehmen.")
    assert erika.page.get_by_label("Ihre Nachricht").input_value() == "Guten Tag,\n\nhier ist das Foto."
    assert erika.page.get_by_label("IMG_0042.jpg").is_checked()
    erika.press("Senden")
    erika.says("Ihre Nachricht ist gesendet.")
    erika.says("Noch nicht gelesen")

    petra.open("/buergerbuero/postfach")
    petra.page.get_by_role("link", name="Erika Muster: Ihr Bescheid zum Carport").click()
    petra.says("hier ist das Foto.")
    photo = Image.open(io.BytesIO(downloaded(petra.page, "IMG_0042.jpg")))
    assert (photo.format, photo.size) == ("JPEG", (200, 300))
    assert not photo.getexif()
    erika.page.reload()
    erika.says("Von der Stadt gelesen")

    petra.press("Gespräch abschließen")
    petra.says("Das Gespräch ist abgeschlossen.")
    erika.page.reload()
    erika.page.get_by_role("link", name="Löschen", exact=True).click()
    erika.says("Das lässt sich nicht rückgängig machen.")
    erika.press("Löschen")
    erika.says("Die Nachricht ist gelöscht.")
    erika.close()
    petra.close()


def test_a_citizen_writes_first_without_javascript_and_is_told_by_mail_once_it_is_answered(
    browser: Browser, town: Office
) -> None:
    jonas = log_in(browser, town, "parent")
    state = jonas.context.storage_state()
    plain = browser.new_context(
        java_script_enabled=False, locale="de-DE", storage_state=state, viewport={"width": 390, "height": 844}
    )
    page = plain.new_page()
    page.goto(f"{town.url}/konto/postfach")
    page.get_by_role("link", name="Dem Bürgerbüro schreiben").click()
    page.get_by_label("Worum geht es?").fill("Laterne vor der Schule")
    page.get_by_label("Ihre Nachricht").fill("Sie ist seit Montag dunkel.")
    attach(page, ("laterne.png", samples.photo("PNG")))
    page.get_by_role("button", name="Senden").click()
    page.get_by_text("Ihre Nachricht ist gesendet.").wait_for()
    assert downloaded(page, "laterne.png").startswith(b"\x89PNG")
    plain.close()

    petra = log_in(browser, town, "clerk")
    petra.open("/buergerbuero/postfach").get_by_role("link", name="Jonas Muster: Laterne vor der Schule").click()
    petra.fill("Nachricht", "Danke, wir kommen morgen.")
    petra.press("Senden")
    petra.says("Die Nachricht ist gesendet.")
    for _ in range(40):
        page = jonas.open("/demo/postamt")
        if page.get_by_text("An jonas.muster@demo.example").count():
            break
        page.wait_for_timeout(250)
    mail = page.locator("article", has_text="jonas.muster@demo.example").first.inner_text()
    assert "Neue Nachricht in Ihrem Postfach" in mail
    assert "Laterne" not in mail
    jonas.close()
    petra.close()


def test_a_file_that_is_too_large_is_said_before_it_is_sent(browser: Browser, town: Office) -> None:
    jonas = log_in(browser, town, "parent")
    jonas.open("/konto/postfach/neu")
    attach(jonas.page, ("film.pdf", b"%PDF-" + bytes(11 << 20)))
    jonas.says("Diese Datei ist zu groß: film.pdf")
    jonas.close()


def test_the_form_is_filled_in_and_sent_with_the_keyboard(browser: Browser, town: Office) -> None:
    jonas = log_in(browser, town, "parent")
    page = jonas.open("/konto/postfach/neu")
    page.get_by_label("Worum geht es?").focus()
    page.keyboard.type("Mit der Tastatur")
    page.keyboard.press("Tab")
    page.keyboard.type("Geht auch.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Senden"
    page.keyboard.press("Enter")
    jonas.says("Ihre Nachricht ist gesendet.")
    jonas.close()


def test_no_page_of_the_inbox_has_an_axe_violation_or_scrolls_sideways(browser: Browser, town: Office) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    aylin, petra = log_in(browser, town, "company", width=320), log_in(browser, town, "clerk", width=320)
    found = _problems(aylin, "/konto/postfach")
    aylin.open("/konto/postfach/neu")
    aylin.fill("Worum geht es?", long)
    aylin.fill("Ihre Nachricht", f"{long}\n{long}")
    attach(aylin.page, (f"{long}.HEIC", samples.photo("HEIF")), ("a.exe", b"MZ"))
    aylin.press("Senden")
    aylin.says("Noch nicht gesendet.")
    found += _problems_here(aylin.page)
    aylin.press("Senden")
    aylin.says("Ihre Nachricht ist gesendet.")
    mine = aylin.page.url.removeprefix(town.url).partition("?")[0]
    theirs = mine.replace("/konto/", "/buergerbuero/")
    for person, paths in (
        (aylin, ("/konto/postfach", mine, "/konto/postfach/neu", "/konto/postfach/einstellungen")),
        (petra, ("/konto", "/buergerbuero/postfach", theirs, "/buergerbuero/postfach/neu", "/buergerbuero/konten")),
    ):
        found += [problem for path in paths for problem in _problems(person, path)]
    petra.open(theirs)
    petra.press("Gespräch abschließen")
    found += [*_problems(petra, theirs), *_problems(petra, "/buergerbuero/postfach"), *_problems(aylin, mine)]
    aylin.close()
    petra.close()
    assert not found, "\n".join(found)


def _problems_here(page: Page) -> list[str]:
    from tests.journeys.test_accessibility import AXE, RULES

    page.set_viewport_size({"width": 320, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    wide = ["wider than the screen"] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] + wide
