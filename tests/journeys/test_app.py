"""The hub as an app in a real browser: installed, without a connection, with notices."""

import json
import tempfile
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hub.push.phones import Phones, push_service
from tests.journeys.account import Office, Person, office
from tests.journeys.conftest import FIRST_PIN, LiveTown
from tests.journeys.pages import CHROMIUM
from tests.journeys.test_account import _problems

pytestmark = pytest.mark.journey

PATIENCE_MS = 15_000
KEPT_PASSES = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      if (new URL(request.url).pathname === "/pass") found.push(name);
  return found;
}"""
KEPT_PAGES = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) {
      const url = new URL(request.url);
      if (!url.pathname.startsWith("/static/")) found.push(url.pathname);
    }
  return [...new Set(found)].sort();
}"""
KEPT_TEXTS = """async () => {
  let text = "";
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) text += await (await cache.match(request)).text();
  }
  return text;
}"""
# Headless Chromium reaches no push service, so the page gets a browser whose subscription was made elsewhere.
STUB = """
  const made = %s;
  const subscription = { toJSON: () => made, unsubscribe: async () => true };
  PushManager.prototype.subscribe = async () => subscription;
  Notification.requestPermission = async () => "granted";
"""


@pytest.fixture(scope="module")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    with push_service(tmp_path_factory.mktemp("push")) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, phones: Phones) -> Iterator[Office]:
    more = {"HUB_PUSH_HOSTS": phones.host, "REQUESTS_CA_BUNDLE": str(phones.certificate)}
    with office(tmp_path_factory.mktemp("office"), more) as running:
        yield running


@pytest.fixture
def rosa(browser: Browser, town: Office) -> Iterator[Person]:
    """Somebody logged in, whose browser has the service worker."""
    person = Person(browser, town.url)
    person.register(f"rosa{time.monotonic_ns()}@example.org")
    has_worker(person.page)
    yield person
    person.close()


def has_worker(page: Page) -> None:
    """It fetches the whole shell; where one file did not come in time, the next page begins anew, as for people."""
    for _ in range(2):
        try:
            wait_for(page, "() => navigator.serviceWorker.controller !== null", 2 * PATIENCE_MS)
        except AssertionError:
            page.reload()
        else:
            return
    wait_for(page, "() => navigator.serviceWorker.controller !== null", 2 * PATIENCE_MS)


def wait_for(page: Page, condition: str, patience_ms: int = PATIENCE_MS) -> None:
    """Until the page says true (Playwright's own waiting would need eval, which our pages forbid)."""
    for _ in range(patience_ms // 100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def kept_passes(page: Page) -> list[str]:
    found: list[str] = page.evaluate(KEPT_PASSES)
    return found


def wait_for_passes(page: Page, many: int) -> None:
    """Keeping and forgetting happens beside the page."""
    for _ in range(100):
        if len(kept_passes(page)) == many:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{kept_passes(page)} instead of {many}")


def see_pass(person: Person) -> str:
    """Opens the pass, waits until it is kept, and returns its number."""
    person.open("/pass")
    wait_for_passes(person.page, 1)
    return person.page.locator(".pa-angaben dd").first.inner_text()


def offline_line(page: Page) -> None:
    expect(page.locator("[data-offline]")).to_be_visible(timeout=PATIENCE_MS)
    assert page.locator("[data-offline]").inner_text().startswith("Stand ")
    assert "offline" in page.locator("[data-offline]").inner_text()


def test_without_a_connection_the_last_parking_data_is_shown_with_its_time(
    browser: Browser, live_town: LiveTown
) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    live_town.board.say(f"{FIRST_PIN} 0")
    page.goto(f"{live_town.url}/parken")
    has_worker(page)
    page.goto(f"{live_town.url}/parken")
    expect(page.locator("[data-site=thermarium] [data-free]")).to_have_text("4", timeout=60_000)  # the town wakes up
    expect(page.locator("[data-offline]")).to_be_hidden()
    page.reload()  # now also the page itself has the figures
    page.wait_for_timeout(1500)
    context.set_offline(True)
    page.goto(f"{live_town.url}/parken")
    offline_line(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Parken")
    expect(page.locator("[data-site=thermarium] [data-free]")).to_have_text("4")
    expect(page.locator(".pk-nadel")).to_have_count(16)
    expect(page.locator(".pk-land path.l-park").first).to_be_attached()
    page.goto(f"{live_town.url}/parken/thermarium")
    assert page.url == f"{live_town.url}/parken"
    page.goto(f"{live_town.url}/parken?lang=en")
    assert "As of" in page.locator("[data-offline]").inner_text()
    context.set_offline(False)
    page.goto(f"{live_town.url}/parken")
    expect(page.locator("[data-offline]")).to_be_hidden()
    context.close()


def test_a_page_that_is_open_says_when_the_connection_is_gone_and_when_it_is_back(
    browser: Browser, live_town: LiveTown
) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(f"{live_town.url}/parken")
    has_worker(page)
    expect(page.locator("[data-site=thermarium] [data-free]")).not_to_have_text("–", timeout=60_000)
    context.set_offline(True)
    live_town.live.kill()  # an open stream survives being "offline" in the browser
    try:
        expect(page.locator("[data-offline]")).to_be_visible(timeout=30_000)
        expect(page.locator("[data-site=thermarium] [data-free]")).not_to_have_text("–")
    finally:
        live_town.live.start()
    context.set_offline(False)
    expect(page.locator("[data-offline]")).to_be_hidden(timeout=40_000)
    context.close()


def test_without_a_connection_the_last_pass_is_there_and_no_other_personal_page(rosa: Person) -> None:
    number = see_pass(rosa)
    for path in ("/konto", "/konto/sicherheit", "/konto/postfach", "/demo/postamt", "/parken"):
        rosa.open(path)
    rosa.context.set_offline(True)
    rosa.open("/pass")
    offline_line(rosa.page)
    assert number in rosa.page.inner_text("main")
    for path in ("/konto", "/konto/postfach", "/demo/postamt", "/admin", "/wlan"):
        rosa.open(path)
        assert rosa.page.get_by_role("heading", level=1).inner_text() == "Gerade keine Verbindung", path
    expect(rosa.page.locator('[data-kept="/pass"]')).to_contain_text("Stand", timeout=PATIENCE_MS)
    kept = rosa.page.evaluate(KEPT_PAGES)
    assert set(kept) == {"/offline", "/parken", "/parken/karte.geojson", "/api/parking/sites", "/pass"}


def test_the_page_without_a_connection_comes_in_the_language_of_the_last_page(rosa: Person) -> None:
    rosa.open("/konto?lang=en")
    rosa.page.wait_for_timeout(500)
    rosa.context.set_offline(True)
    rosa.open("/konto")
    assert rosa.page.get_by_role("heading", level=1).inner_text() == "No connection right now"


def test_also_the_very_first_page_tells_the_language(browser: Browser, town: Office) -> None:
    """It came before the worker did, so the worker has not seen it."""
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(f"{town.url}/wlan?lang=en")
    has_worker(page)
    wait_for(page, "async () => Boolean(await caches.match('/language'))")
    context.set_offline(True)
    page.goto(f"{town.url}/konto")
    assert page.get_by_role("heading", level=1).inner_text() == "No connection right now"
    context.close()


def test_after_the_log_out_the_pass_is_gone_from_the_device(rosa: Person) -> None:
    see_pass(rosa)
    rosa.open("/konto")
    mail = rosa.page.locator(".ko-kopf .sk-leise").inner_text()
    rosa.press("Abmelden")
    rosa.page.wait_for_url("**/")
    wait_for_passes(rosa.page, 0)
    assert mail not in rosa.page.evaluate(KEPT_TEXTS)
    rosa.context.set_offline(True)
    rosa.open("/pass")
    assert rosa.page.get_by_role("heading", level=1).inner_text() == "Gerade keine Verbindung"


def test_a_log_out_without_a_connection_takes_the_pass_away_too(rosa: Person) -> None:
    see_pass(rosa)
    rosa.open("/konto")
    rosa.context.set_offline(True)
    rosa.page.get_by_role("button", name="Abmelden", exact=True).click(no_wait_after=True)
    rosa.page.wait_for_timeout(1000)
    rosa.open("/pass")
    assert rosa.page.get_by_role("heading", level=1).inner_text() == "Gerade keine Verbindung"


def test_a_session_that_ended_elsewhere_takes_the_pass_along_at_the_next_page(rosa: Person) -> None:
    see_pass(rosa)
    rosa.context.clear_cookies(name="sk_session")
    rosa.open("/wlan")
    wait_for_passes(rosa.page, 0)


def test_asking_for_the_pass_without_a_log_in_takes_an_old_one_away(rosa: Person) -> None:
    see_pass(rosa)
    rosa.context.clear_cookies(name="sk_session")
    # the worker alone, for the log-in's own page would take it away, too
    worker = rosa.context.service_workers[0]
    kind = worker.evaluate("""async () => {
      const response = await fetch("/pass", { redirect: "manual" });
      await look(response, "/pass", forgotten);
      return response.type;
    }""")
    assert kind == "opaqueredirect"
    assert kept_passes(rosa.page) == []
    rosa.open("/pass")
    assert "/anmelden" in rosa.page.url


def test_another_account_on_the_same_device_never_sees_the_pass(browser: Browser, town: Office, rosa: Person) -> None:
    number = see_pass(rosa)
    otto = Person(browser, town.url)
    otto.register("otto.app@example.org")
    cookie = next(one for one in otto.context.cookies() if one["name"] == "sk_session")
    otto.close()
    rosa.context.add_cookies([cookie])  # now it is his device
    rosa.open("/konto")
    wait_for_passes(rosa.page, 0)
    his = see_pass(rosa)
    assert his != number
    rosa.context.set_offline(True)
    rosa.open("/pass")
    assert his in rosa.page.inner_text("main")
    assert number not in rosa.page.evaluate(KEPT_TEXTS)


def test_a_pass_that_was_on_its_way_at_the_log_out_is_not_kept_after_it(rosa: Person) -> None:
    """The page is asked for, the log-out overtakes it: the worker must not keep what comes late."""
    see_pass(rosa)
    worker = rosa.context.service_workers[0]
    worker.evaluate("""() => {
      self.late = Promise.resolve().then(async () => {
        const before = forgotten, response = await fetch("/pass");
        await forget();
        await look(response, "/pass", before);
      });
    }""")
    worker.evaluate("() => self.late")
    assert kept_passes(rosa.page) == []


def test_without_javascript_every_page_works(browser: Browser, town: Office, rosa: Person) -> None:
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    context.add_cookies([one for one in rosa.context.cookies() if one["name"].startswith("sk_")])
    page = context.new_page()
    page.goto(f"{town.url}/konto")
    page.get_by_role("link", name="Pass").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bad Rappenau-Pass")
    expect(page.locator("[data-offline]")).to_be_hidden()
    page.goto(f"{town.url}/konto")
    page.locator("#app summary").click()
    expect(page.get_by_text("Zum Home-Bildschirm")).to_be_visible()
    expect(page.get_by_role("button", name="Jetzt installieren")).to_be_hidden()
    page.goto(f"{town.url}/konto/hinweise")
    expect(page.get_by_text("Hinweise auf dem Gerät brauchen JavaScript.")).to_be_visible()
    expect(page.get_by_text("Wir schreiben Ihnen eine E-Mail")).to_be_visible()
    expect(page.get_by_role("button", name="Hinweise einschalten")).to_be_hidden()
    page.goto(f"{town.url}/offline")
    expect(page.get_by_role("link", name="Noch einmal versuchen")).to_be_visible()
    context.close()


def test_the_app_can_be_installed(browser: Browser, town: Office) -> None:
    with tempfile.TemporaryDirectory() as profile:
        context = browser.browser_type.launch_persistent_context(
            profile, executable_path="/usr/bin/chromium", args=CHROMIUM, locale="de-DE"
        )
        page = context.new_page()
        page.goto(town.url)
        has_worker(page)
        wire = context.new_cdp_session(page)
        manifest = wire.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert json.loads(manifest["data"])["name"] == "Bad Rappenau-Pass"
        assert wire.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        context.close()


def test_a_new_release_replaces_what_the_old_one_kept(rosa: Person) -> None:
    see_pass(rosa)
    rosa.page.evaluate("""async () => {
      for (const name of ["sk-shell-old", "sk-parking-old", "sk-pass-old", "foreign"])
        await (await caches.open(name)).put("/pass", new Response("old"));
    }""")
    rosa.page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).unregister()")
    rosa.open("/wlan")
    has_worker(rosa.page)
    wait_for(rosa.page, "async () => !(await caches.keys()).some((name) => name.endsWith('-old'))")
    assert "foreign" in rosa.page.evaluate("caches.keys()")


def test_notices_are_switched_on_and_a_message_reaches_the_device(phones: Phones, rosa: Person) -> None:
    phone = phones.raw()
    rosa.context.add_init_script(STUB % json.dumps(phone))
    rosa.open("/konto/hinweise")
    rosa.press("Hinweise einschalten")
    rosa.says("Dieses Gerät bekommt jetzt Hinweise.")
    rosa.press("Probe senden")
    rosa.says("Die Probe ist unterwegs.")
    rosa.open("/konto/sicherheit")
    rosa.fill("Passwort", "vier zufällige wörter am see")
    rosa.press("Passwort speichern")
    rosa.says("Das neue Passwort gilt.")
    name = phone["endpoint"].rpartition("/")[2]
    arrived: list[dict[str, str]] = []
    for _ in range(100):
        arrived = [json.loads(one["text"]) for one in phones.seen() if one["device"] == name]
        if len(arrived) == 2:
            break
        time.sleep(0.2)
    assert sorted(one["path"] for one in arrived) == ["/konto/hinweise", "/konto/postfach"]
    rosa.open("/konto/hinweise")
    rosa.press("Ausschalten")
    rosa.says("Das Gerät bekommt keine Hinweise mehr.")
    assert phones.refused() == []


def test_who_forbids_notices_is_told_what_to_do(rosa: Person) -> None:
    rosa.context.add_init_script("Notification.requestPermission = async () => 'denied'")
    rosa.open("/konto/hinweise")
    rosa.press("Hinweise einschalten")
    rosa.says("Ihr Browser erlaubt uns keine Hinweise.")


def test_a_browser_without_notices_is_told_what_else_works(rosa: Person) -> None:
    rosa.context.add_init_script("delete window.PushManager")
    rosa.open("/konto/hinweise")
    rosa.says("Dieser Browser kennt keine Hinweise.")
    expect(rosa.page.get_by_role("button", name="Hinweise einschalten")).to_be_hidden()


def test_the_worker_shows_a_fixed_sentence_whatever_the_push_service_delivers(town: Office, rosa: Person) -> None:
    rosa.context.grant_permissions(["notifications"], origin=town.url)
    wire = rosa.context.new_cdp_session(rosa.page)
    versions: list[dict[str, str]] = []
    wire.on("ServiceWorker.workerRegistrationUpdated", lambda event: versions.extend(event["registrations"]))
    wire.send("ServiceWorker.enable")
    rosa.page.wait_for_timeout(500)
    number = next(one["registrationId"] for one in versions if one["scopeURL"] == f"{town.url}/")
    said = {
        '{"path":"/konto/postfach","lang":"de"}': "Neue Nachricht in Ihrem Postfach",
        '{"path":"/konto/postfach","lang":"en"}': "New message in your inbox",
        '{"path":"/konto/hinweise","lang":"de"}': "Das ist eine Probe. Hinweise kommen auf diesem Gerät an.",
        '{"path":"https://evil.example/","lang":"xx","body":"Geld her"}': "Neue Nachricht in Ihrem Postfach",
        "no json": "Neue Nachricht in Ihrem Postfach",
    }
    for data, sentence in said.items():
        wire.send("ServiceWorker.deliverPushMessage", {"origin": town.url, "registrationId": number, "data": data})
        shown = _notification(rosa.page)
        assert (shown["title"], shown["body"]) == ("Bad Rappenau-Pass", sentence)


def _notification(page: Page) -> dict[str, str]:
    """What the device shows; takes it away."""
    for _ in range(50):
        found = page.evaluate("""async () => {
          const all = await (await navigator.serviceWorker.ready).getNotifications();
          return all.map((one) => { const shown = { title: one.title, body: one.body }; one.close(); return shown; });
        }""")
        if found:
            assert len(found) == 1
            shown: dict[str, str] = found[0]
            return shown
        page.wait_for_timeout(100)
    raise AssertionError("no notification")


def test_no_page_of_the_app_has_an_axe_violation_or_scrolls_sideways(phones: Phones, rosa: Person) -> None:
    rosa.page.set_viewport_size({"width": 320, "height": 800})
    rosa.open("/konto")
    rosa.fill("Vor- und Nachname", "Maximiliane Donaudampfschifffahrtsgesellschaftskapitänswitwe-Quelle")
    rosa.press("Speichern")
    found = [
        problem for path in ("/pass", "/offline", "/konto/hinweise", "/konto") for problem in _problems(rosa, path)
    ]
    rosa.context.add_init_script(STUB % json.dumps(phones.raw()))
    rosa.open("/konto/hinweise")
    rosa.press("Hinweise einschalten")
    rosa.says("Hinweise sind an.")
    found += _problems(rosa, "/konto/hinweise")
    see_pass(rosa)
    rosa.context.set_offline(True)
    found += [problem for path in ("/pass", "/parken") for problem in _problems(rosa, path)]
    assert not found, "\n".join(found)
