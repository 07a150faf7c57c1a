"""BundID in a real browser: step up, log in, and the first time without an account; the broker is another site."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.hub.account import brokers
from tests.journeys.account import Office, Person, office
from tests.journeys.test_account import _problems as problems

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    directory = tmp_path_factory.mktemp("office")
    secret = directory / "bundid.secret"
    secret.touch(0o600)
    secret.write_text("geheim")
    with brokers.mock() as issuer:
        settings = {
            "HUB_BUNDID_ISSUER": issuer,
            "HUB_BUNDID_CLIENT_ID": "stadtknoten",
            "HUB_BUNDID_CLIENT_SECRET_FILE": str(secret),
        }
        with office(directory, settings) as running:
            yield running


def visitor(browser: Browser, town: Office) -> Person:
    """Somebody whose browser does not load the mock's style sheet from afar."""
    person = Person(browser, town.url)
    person.context.route("https://**", lambda route: route.abort())
    return person


def at_the_broker(person: Person, button: str, who: str) -> None:
    """From the hub's button through the broker's page and back."""
    person.page.get_by_role("link", name=button, exact=True).click()
    person.says("Authenticate predefined users")
    person.press(who)


def test_step_up_with_bundid_comes_back_and_opens_the_account_from_then_on(browser: Browser, town: Office) -> None:
    rosa = visitor(browser, town)
    rosa.register("rosa.quelle@example.org")
    rosa.open("/anmelden/bestaetigen?next=/konto/familie&level=2")
    at_the_broker(rosa, "Mit BundID bestätigen", "erika")
    rosa.says("BundID mit Ihrem Konto verbinden?")
    rosa.says("Erika Muster")
    assert problems(rosa, rosa.page.url.removeprefix(town.url)) == []
    rosa.press("Verbinden")
    rosa.says("Kind eintragen")
    assert rosa.page.url == f"{town.url}/konto/familie"
    rosa.open("/konto/sicherheit")
    rosa.says("Substantiell")
    assert problems(rosa, "/konto/sicherheit") == []
    assert problems(rosa, "/anmelden/bestaetigen?level=3") == []
    rosa.open("/konto")
    rosa.press("Abmelden")

    rosa.open("/konto/sicherheit")
    at_the_broker(rosa, "Mit BundID anmelden", "erika")
    rosa.says("Was geschah")
    assert rosa.page.url == f"{town.url}/konto/sicherheit"
    assert rosa.page.locator("#geraete ~ ul").get_by_text("Substantiell").count() == 1
    rosa.press("Trennen 127.0.0.1")
    rosa.says("Die Verbindung ist getrennt.")
    rosa.open("/konto/postfach")
    rosa.says("BundID getrennt")
    rosa.close()


def test_a_form_survives_the_log_in_with_bundid(browser: Browser, town: Office) -> None:
    otto = visitor(browser, town)
    otto.register("otto.salz@example.org")
    otto.open("/konto/sicherheit")
    at_the_broker(otto, "BundID verbinden", "hoch")
    otto.press("Verbinden")
    otto.open("/konto/firmen")
    otto.fill("Name", "Rosen & Söhne <GmbH>")
    otto.context.clear_cookies(name="sk_session")
    otto.press("Anlegen")
    at_the_broker(otto, "Mit BundID anmelden", "hoch")
    otto.says("Alles noch da")
    otto.press("Jetzt absenden")
    otto.says("Rosen & Söhne <GmbH>")
    otto.close()


def test_who_is_new_opens_an_account_and_connects_it_without_a_second_trip(browser: Browser, town: Office) -> None:
    jonas = visitor(browser, town)
    jonas.open("/anmelden?next=/konto/familie")
    at_the_broker(jonas, "Mit BundID anmelden", "jonas")
    jonas.says("Noch kein Konto mit dieser BundID")
    assert problems(jonas, jonas.page.url.removeprefix(town.url)) == []
    jonas.page.get_by_role("link", name="Konto anlegen und verbinden").click()
    jonas.finish_registration("jonas@example.org")
    jonas.page.get_by_role("link", name="Codes sind sicher, weiter").click()
    jonas.says("Jonas Muster")
    jonas.press("Verbinden")
    jonas.says("Kind eintragen")
    jonas.close()

    plain = browser.new_context(java_script_enabled=False, locale="de-DE")
    plain.route("https://**", lambda route: route.abort())
    page = plain.new_page()
    page.goto(f"{town.url}/konto/familie")
    page.get_by_role("link", name="Mit BundID anmelden").click()
    page.get_by_role("button", name="jonas", exact=True).click()
    page.get_by_text("Kind eintragen").first.wait_for()
    plain.close()
