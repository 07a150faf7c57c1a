"""A warden in the street: by keyboard, without a network, and nothing is noted twice or lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import text

from hub.core import clock, events
from hub.parking.api import stays
from tests.hub.parking.test_stays import MINUTE, Purse
from tests.hub.payments.house import House, house
from tests.journeys.test_app import has_worker, wait_for
from tests.journeys.test_wallet import is_accessible

pytestmark = pytest.mark.journey

PAGE = "/parken/kontrolle"
OPEN = """const asked = indexedDB.open("sk-wardens");
  const opened = await new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });"""
LISTS = f"""async () => {{
  {OPEN}
  const rows = opened.transaction("lists").objectStore("lists").getAll();
  return new Promise((resolve) => {{ rows.onsuccess = () => {{ opened.close(); resolve(rows.result); }}; }});
}}"""
MAKE_OLD = f"""async () => {{
  {OPEN}
  const change = opened.transaction("lists", "readwrite"), rows = change.objectStore("lists"), found = rows.get("list");
  found.onsuccess = () => rows.put({{ ...found.result, until: found.result.made_at }}, "list");
  await new Promise((resolve) => {{ change.oncomplete = resolve; }});
  opened.close();
}}"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("town"), worker=False) as made:
        events.wire({})
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, locale="de-DE", bypass_csp=True)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, town: House) -> Page:
    """A warden who has opened the page once, so that the phone knows it."""
    made = context.new_page()
    made.goto(f"{town.url}/demo")
    made.get_by_role("button", name="Pia Streife").click()
    made.get_by_role("link", name="Parkkontrolle").click()
    has_worker(made)
    wait_for(made, f"async () => (await caches.match('{PAGE}', {{ ignoreVary: true }})) !== undefined")
    expect(made.locator("[data-stand-liste]")).to_contain_text("Liste für Zeiten ohne Netz: Stand")
    return made


def park(town: House, plate: str, since: int = 1) -> None:
    now = clock.now_ms()
    order = stays.Order("thermarium", "thermarium", plate, "person:1", 1, "map", planned_end=now + 90 * MINUTE)
    town.database.write(lambda session: stays.start(session, Purse(), order, now - since * MINUTE))


def check(page: Page, plate: str, word: str) -> None:
    """By keyboard alone: the field has the focus before and after."""
    expect(page.get_by_label("Kennzeichen")).to_be_focused()
    page.keyboard.type(plate)
    page.keyboard.press("Enter")
    expect(page.locator("#antwort .wa-schild")).to_have_text(plate.upper().replace(" ", "").replace("-", ""))
    expect(page.locator("#antwort .wa-wort")).to_have_text(word)


def noted(town: House) -> list[tuple[str, str, int]]:
    """(kind, plate, offline) of every check so far, the oldest first."""
    with town.database.read() as session:
        rows = session.execute(text("SELECT kind, plate, offline FROM parking_check ORDER BY at, id"))
        return [tuple(row) for row in rows]


def test_a_shift_with_and_without_a_network(page: Page, context: BrowserContext, town: House) -> None:
    park(town, "HN-J 1")
    before = len(noted(town))
    check(page, "hn j 1", "Bezahlt")
    is_accessible(page)
    check(page, "HN-J 9", "Nicht bezahlt")
    page.reload()
    expect(page.locator("[data-stand-liste]")).to_contain_text("Stand")
    wait_for(page, "async () => navigator.serviceWorker.controller !== null")
    context.set_offline(True)
    page.goto(f"{town.url}{PAGE}")
    check(page, "HN-J 1", "Bezahlt")
    expect(page.locator("#antwort")).to_contain_text("ohne Netz")
    expect(page.locator("#antwort")).to_contain_text("Stand")
    check(page, "HN-J 2", "Nicht bezahlt")
    check(page, "HN-J 3", "Nicht bezahlt")
    expect(page.locator("[data-wartet]")).to_have_text("Noch nicht übertragen: 3")
    is_accessible(page)
    page.reload()
    expect(page.locator("[data-wartet]")).to_have_text("Noch nicht übertragen: 3")
    assert len(noted(town)) == before + 2
    park(town, "HN-J 3", since=30)  # paid before the check, but after the list was made
    context.set_offline(False)
    expect(page.locator("[data-wartet]")).to_be_hidden(timeout=15_000)
    expect(page.get_by_text("HNJ3: war doch bezahlt.")).to_be_visible()
    offline = [("paid", "", 1), ("none", "HNJ2", 1), ("paid", "", 1)]
    assert noted(town)[before:] == [("paid", "", 0), ("none", "HNJ9", 0), *offline]


def test_the_key_of_a_list_can_be_used_but_not_read(page: Page, town: House) -> None:
    expect(page.locator("[data-stand-liste]")).to_contain_text("Stand")
    found = page.evaluate(
        f"""async () => {{
          const [{{ key, salt }}] = await ({LISTS})();
          const read = await crypto.subtle.exportKey("raw", key).then(() => true, () => false);
          return [key.type, key.extractable, read, salt === undefined];
        }}"""
    )
    assert found == ["secret", False, False, True]


def test_an_answer_that_is_lost_on_its_way_back_doubles_nothing(
    page: Page, context: BrowserContext, town: House
) -> None:
    before = len(noted(town))

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    context.route(f"**{PAGE}", lambda route: lose(route) if route.request.method == "POST" else route.continue_())
    check(page, "HN-V 1", "Nicht bezahlt")
    expect(page.locator("#antwort")).to_contain_text("ohne Netz")
    expect(page.locator("[data-wartet]")).to_have_text("Noch nicht übertragen: 1")
    context.unroute(f"**{PAGE}")
    context.route(f"**{PAGE}/nachtrag", lose)
    page.reload()
    page.wait_for_timeout(1500)
    expect(page.locator("[data-wartet]")).to_have_text("Noch nicht übertragen: 1")
    context.unroute(f"**{PAGE}/nachtrag")
    page.reload()
    expect(page.locator("[data-wartet]")).to_be_hidden(timeout=15_000)
    assert [plate for _, plate, _ in noted(town)[before:]] == ["HNV1"]


def test_an_old_list_says_nothing_and_a_log_out_takes_it_away(page: Page, context: BrowserContext, town: House) -> None:
    assert len(page.evaluate(LISTS)) == 1
    page.evaluate(MAKE_OLD)
    context.set_offline(True)
    page.goto(f"{town.url}{PAGE}")
    expect(page.locator("[data-stand-liste]")).to_contain_text("Die Liste ist abgelaufen")
    check(page, "HN-J 1", "Unbekannt")
    context.set_offline(False)
    expect(page.locator("[data-wartet]")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-stand-liste]")).to_contain_text("gilt bis")
    page.goto(f"{town.url}/konto")
    page.get_by_role("button", name="Abmelden").click()
    wait_for(page, f"async () => (await ({LISTS})()).length === 0")
    context.set_offline(True)
    page.goto(f"{town.url}{PAGE}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gerade keine Verbindung")


def test_without_javascript_the_form_answers(browser: Browser, town: House) -> None:
    park(town, "HN-O 1")
    context = browser.new_context(java_script_enabled=False, locale="de-DE", viewport={"width": 320, "height": 700})
    page = context.new_page()
    page.goto(f"{town.url}/demo")
    page.get_by_role("button", name="Pia Streife").click()
    page.goto(f"{town.url}{PAGE}")
    page.get_by_label("Kennzeichen").fill("hn-o 1")
    page.get_by_label("Kennzeichen").press("Enter")
    expect(page.locator(".wa-wort")).to_have_text("Bezahlt")
    expect(page.locator("noscript p")).to_have_text("Ohne Netz geht diese Seite nur mit JavaScript.")
    context.close()


def test_the_permits_page_is_accessible_and_works_by_keyboard(context: BrowserContext, town: House) -> None:
    page = context.new_page()
    page.goto(f"{town.url}/demo")
    page.get_by_role("button", name="Karla Leitung").click()
    page.locator("summary", has_text="Mehr").click()
    page.get_by_role("link", name="Parkausweise").click()
    page.get_by_label("Kennzeichen", exact=True).fill("HN-R 77")
    page.get_by_label("Letzter Tag").fill("2099-12-31")
    page.get_by_role("button", name="Eintragen").press("Enter")
    page.get_by_text("Gespeichert.").wait_for()
    is_accessible(page)
    page.get_by_role("button", name="Beenden HNR77").press("Enter")
    page.get_by_text("Der Ausweis gilt nicht mehr.").wait_for()
