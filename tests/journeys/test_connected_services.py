"""Logging in at a connected service in a real browser: the service is openid-client's, the hub is a whole one."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.hub.account.desk import PASSWORD
from tests.hub.openid.party import Party, connected
from tests.hub.openid.running import OTTO, ROSA, Provider, Visitor, running
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running(tmp_path_factory.mktemp("provider")) as made:
        yield made


@pytest.fixture(scope="module")
def party(provider: Provider) -> Iterator[Party]:
    with connected(provider) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 320, "height": 844})
    yield context.new_page()
    context.close()


def log_in(page: Page) -> None:
    """Types mail and password."""
    page.get_by_label("E-Mail-Adresse", exact=True).fill(ROSA)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).press("Enter")


def is_clean(page: Page) -> None:
    """axe finds nothing, nothing scrolls sideways."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": 320, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
        page.evaluate(AXE.read_text())
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        assert not result["violations"], [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def arrive(page: Page, party: Party) -> None:
    """Logs in at the service, and agrees if the hub asks."""
    page.goto(f"{party.url}/login")
    log_in(page)
    page.wait_for_url(re.compile(r"/cb\?|/oauth/authorize\?"))
    if "/oauth/authorize" in page.url:
        page.get_by_role("button", name="Zustimmen").click()
    page.wait_for_url(f"{party.url}/cb*")


def become(page: Page, provider: Provider, mail: str) -> None:
    """Another session in the same browser."""
    token = Visitor(provider).log_in(mail).web.cookies["sk_session"]
    page.context.add_cookies([{"name": "sk_session", "value": token, "url": provider.url}])


def test_log_in_choose_and_log_out(party: Party, page: Page) -> None:
    """The content security policy names the service on every page on the way, so the forms may end there."""
    page.goto(f"{party.url}/login?how=par")
    log_in(page)
    page.get_by_text("möchte Sie mit Ihrem Konto anmelden").wait_for()
    is_clean(page)
    box = page.get_by_role("checkbox", name=re.compile("Ihre E-Mail-Adresse"))
    box.focus()
    page.keyboard.press("Space")
    assert not box.is_checked()
    page.get_by_role("button", name="Zustimmen").press("Enter")
    page.wait_for_url(f"{party.url}/cb*")
    assert '"scope":"openid profile"' in page.inner_text("body")
    page.goto(f"{party.service.url}/konto/dienste")
    page.get_by_text("Der Dienst bekommt nicht:").wait_for()
    is_clean(page)
    page.goto(f"{party.url}/logout")
    page.wait_for_url(f"{party.url}/bye?state=bye")


def test_with_the_wrong_account_one_is_led_to_the_right_one(provider: Provider, party: Party, page: Page) -> None:
    arrive(page, party)
    subject = json.loads(page.inner_text("pre"))["claims"]["sub"]
    hint = dict(parse_qsl(urlsplit(party.get("/logout").headers["Location"]).query))["id_token_hint"]
    become(page, provider, OTTO)
    page.goto(f"{party.url}/login?{urlencode({'id_token_hint': hint})}")
    page.get_by_text("erwartet ein anderes Konto als Ihres").wait_for()
    is_clean(page)
    page.get_by_role("button", name="Mit anderem Konto anmelden").click()
    log_in(page)
    page.wait_for_url(f"{party.url}/cb*")
    assert json.loads(page.inner_text("pre"))["claims"]["sub"] == subject


def test_a_question_about_logging_out_leads_back_to_the_service(provider: Provider, party: Party, page: Page) -> None:
    arrive(page, party)
    become(page, provider, ROSA)  # a session that the service's id token does not name
    page.goto(f"{party.url}/logout")
    page.get_by_text("Möchten Sie sich abmelden?").wait_for()
    is_clean(page)
    page.get_by_role("main").get_by_role("button", name="Abmelden").click()
    page.wait_for_url(f"{party.url}/bye?state=bye")
