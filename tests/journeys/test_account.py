"""A citizen's account in a real browser, with Chromium's virtual authenticator."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.account import ADMIN_PASSWORD, Office, Person, office
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as running:
        yield running


def test_register_log_in_by_passkey_step_up_revoke_and_recover_in_person(browser: Browser, town: Office) -> None:
    mail = "rosa.quelle@example.org"
    rosa = Person(browser, town.url)
    rosa.register(mail)
    codes = rosa.page.locator(".ko-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    rosa.page.get_by_role("link", name="Codes sind sicher, weiter").click()
    rosa.says("Guten Tag")

    rosa.press("Abmelden")
    rosa.open("/konto/sicherheit")
    rosa.press("Mit Passkey anmelden")
    rosa.says("Was geschah")
    assert rosa.page.url.endswith("/konto/sicherheit")

    clerk = _clerk(browser, town)
    _identify(clerk, mail, "Rosa Quelle")
    rosa.open("/konto/sicherheit")
    assert rosa.page.locator("text=Substantiell").count() == 0
    rosa.open("/anmelden/bestaetigen?next=/konto/sicherheit&level=2")
    rosa.says("Für diesen Dienst müssen wir sicher wissen, wer Sie sind.")
    rosa.press("Mit Passkey bestätigen")
    rosa.says("Substantiell")

    rosa.fill("Passwort", "vier zufällige wörter am see")
    rosa.press("Passwort speichern")
    rosa.says("Das neue Passwort gilt.")
    rosa.page.get_by_role("button", name="Entfernen").first.click()
    rosa.says("Der Passkey ist entfernt.")
    rosa.open("/konto")
    rosa.press("Abmelden")
    rosa.open("/anmelden")
    rosa.press("Mit Passkey anmelden")
    rosa.says("Dieser Passkey passt zu keinem Konto.")

    rosa.lose_authenticator()
    code = _recovery_code(clerk, mail)
    rosa.open("/anmelden/wiederherstellen")
    rosa.fill("E-Mail-Adresse", mail)
    rosa.fill("Code vom Bürgerbüro", code.lower())
    rosa.press("Weiter")
    rosa.press("Passkey anlegen")
    rosa.says("Ihre Notfallcodes")
    rosa.open("/konto/postfach")
    rosa.says("Zugang wiederhergestellt")
    rosa.open("/anmelden/wiederherstellen")
    rosa.fill("E-Mail-Adresse", mail)
    rosa.fill("Code vom Bürgerbüro", code)
    rosa.press("Weiter")
    rosa.says("Dieser Code gilt nicht oder nicht mehr.")
    rosa.close()
    clerk.close()


def test_what_was_typed_survives_the_question_who_one_is(browser: Browser, town: Office) -> None:
    person = Person(browser, town.url)
    person.register("otto.salz@example.org")
    person.open("/konto/firmen")
    person.fill("Name", "Rosen & Söhne <GmbH>")
    person.context.clear_cookies(name="sk_session")
    person.press("Anlegen")
    person.press("Mit Passkey anmelden")
    person.says("Alles noch da")
    person.press("Jetzt absenden")
    person.says("Rosen & Söhne <GmbH>")
    assert person.page.url.rstrip("/").rpartition("/")[2].isdigit()
    person.close()


def test_no_page_of_the_account_has_an_axe_violation_or_scrolls_sideways(browser: Browser, town: Office) -> None:
    person = Person(browser, town.url, width=320)
    person.register("a.sehr.langer.name.mit.vielen.teilen@eine-wirklich-lange-domain.example.org")
    person.open("/konto/firmen")
    person.fill("Name", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
    person.press("Anlegen")
    organisation = person.page.url.removeprefix(town.url)
    person.open("/konto/familie")
    for label, value in (("Vorname", "Maximiliane"), ("Nachname", "Quelle"), ("Geboren am", "2022-03-04")):
        person.fill(label, value)
    person.press("Eintragen")
    person.open("/konto/postfach")
    letter = person.page.locator(".ko-zeilen a").first.get_attribute("href") or ""
    person.open("/konto/familie")
    child = person.page.locator(".ko-zeilen a[href$=verlassen]").first.get_attribute("href") or ""
    paths = [
        *("/konto/sicherheit/adresse", f"{organisation}/aufloesen", child),
        *("/konto", "/konto/sicherheit", "/konto/sicherheit/app", "/konto/firmen", organisation, "/konto/familie"),
        *("/konto/postfach", letter, "/anmelden/bestaetigen?level=2", "/konto/neu", "/anmelden/passwort"),
        *("/anmelden/wiederherstellen", "/demo", "/demo/postamt"),
    ]
    found = [problem for path in paths for problem in _problems(person, path)]
    person.open("/konto")
    person.press("Abmelden")
    found += _problems(person, "/anmelden")
    person.close()
    assert not found, "\n".join(found)


def _problems(person: Person, path: str) -> list[str]:
    page = person.context.new_page()
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": 320, "height": 900})
        answer = page.goto(f"{person.url}{path}")
        if answer is None or answer.status != 200:
            found.append(f"{path}: {answer.status if answer else 'no answer'}")
        # as high as the page, so that the bar at the bottom covers nothing that could be scrolled free
        page.set_viewport_size({"width": 320, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
        page.evaluate(AXE.read_text())
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        found += [f"{path} {theme}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in result["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than the screen")
    page.close()
    return found


def _clerk(browser: Browser, town: Office) -> Person:
    """An account that the admin makes a clerk."""
    clerk = Person(browser, town.url, width=1280)
    clerk.register("petra@example.org")
    admin = Person(browser, town.url, width=1280)
    admin.open("/admin/rollen")
    admin.fill("E-Mail-Adresse", "leitstelle")
    admin.fill("Passwort", ADMIN_PASSWORD)
    admin.press("Anmelden")
    admin.fill("E-Mail-Adresse oder Name", "petra@example.org")
    admin.page.get_by_label("Rolle", exact=True).select_option("clerk")
    admin.press("Rolle geben")
    admin.says("Gespeichert.")
    admin.close()
    return clerk


def _identify(clerk: Person, mail: str, name: str) -> None:
    clerk.open("/buergerbuero/konten")
    clerk.fill("E-Mail-Adresse", mail)
    clerk.press("Suchen")
    clerk.fill("Vor- und Nachname wie im Ausweis", name)
    clerk.page.get_by_label("Ich habe Ausweis und Person gesehen.").check()
    clerk.press("Für zwei Jahre bestätigen")
    clerk.says("Der Ausweis ist vermerkt.")


def _recovery_code(clerk: Person, mail: str) -> str:
    clerk.open("/buergerbuero/konten")
    clerk.fill("E-Mail-Adresse", mail)
    clerk.press("Suchen")
    assert mail not in clerk.page.url
    clerk.page.get_by_label("Ausweis und Person gehören zu diesem Konto.").check()
    clerk.press("Code ausgeben")
    return clerk.page.locator(".ko-gross").inner_text()
