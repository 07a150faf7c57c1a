"""Tasks and the audit log in a real browser: every state at both widths and themes, the keyboard, no JavaScript."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.core import audit
from hub.core.clock import now_ms
from hub.operations import api
from tests.hub.operations.test_tasks import die
from tests.journeys.test_admin import ControlRoom, browser, log_in, room, violations

__all__ = ["browser", "room"]  # fixtures

pytestmark = pytest.mark.journey

LONG = "retention of what nobody needs any longer and so on"


def looked_at(page: Page) -> list[str]:
    """Violations, in a window as high as the page: else the bar at the bottom covers what can be scrolled free."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": width, "height": height + 200})
    return violations(page)


def visit(page: Page, room: ControlRoom, paths: tuple[str, ...]) -> list[str]:
    found = []
    for path in paths:
        page.goto(f"{room.url}{path}")
        found += looked_at(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than the screen")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_has_an_axe_violation(browser: Browser, room: ControlRoom, width: int, theme: str) -> None:
    context = browser.new_context(
        locale="de-DE", viewport={"width": width, "height": 844}, color_scheme=theme, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, room)
    found = visit(page, room, ("/admin/aufgaben", "/admin/protokoll"))
    for kind, count, reason in (("mail", 30, "x" * 200), ("logout", 2, "HTTP 500"), (LONG, 1, "disk full")):
        die(room.database, kind, count, reason=reason)
    chosen, how = api.Chosen(kind=LONG), "Platte vergrößert"
    room.database.write(lambda session: api.finish(session, chosen, 1, how, now_ms()))
    found += visit(page, room, ("/admin", "/admin/aufgaben?gesagt=zuspaet&gruppe=mail", "/admin/aufgaben?lang=en"))
    page.goto(f"{room.url}/admin/protokoll")
    page.get_by_role("button", name="Check now").click()
    found += looked_at(page)
    found += visit(page, room, ("/admin/protokoll?lang=de", "/admin/protokoll?konto=4711", "/admin/protokoll?von=x"))
    context.close()
    assert not found, "\n".join(found)


def test_a_task_is_taken_and_solved_with_the_keyboard_and_without_javascript(
    browser: Browser, room: ControlRoom
) -> None:
    die(room.database, "keyboard", 1, reason="away")
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    log_in(page, room)
    page.get_by_role("link", name="Aufgaben").first.click()
    card = page.get_by_role("region", name="keyboard")
    card.get_by_role("button", name="Ich übernehme").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Sie haben das übernommen.")
    expect(card).to_contain_text("Ihre Aufgabe")
    card.locator("summary", has_text="Erledigt").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Mailserver neu gestartet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Erledigt.")
    expect(page.get_by_role("region", name="Erledigt")).to_contain_text("Mailserver neu gestartet")
    expect(card).to_have_count(0)
    context.close()


def test_the_log_is_searched_checked_and_downloaded_without_javascript(
    browser: Browser, room: ControlRoom, tmp_path: Path
) -> None:
    context = browser.new_context(locale="de-DE", java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    log_in(page, room)
    page.locator("summary", has_text="Mehr").click()
    page.get_by_role("link", name="Protokoll").click()
    page.get_by_label("Vorgang").select_option("Angemeldet")
    page.get_by_label("Konto Nr.").fill("1")
    page.get_by_role("button", name="Suchen").click()
    expect(page.get_by_role("rowheader").first).to_have_text("Angemeldet")
    with page.expect_download() as started:
        page.get_by_role("button", name="JSON-Zeilen").click()
    file = tmp_path / "log.jsonl"
    started.value.save_as(file)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {row["action"] for row in rows} == {"account.login"}
    page.get_by_role("button", name="Jetzt prüfen").click()
    expect(page.get_by_role("heading", name="Kette vollständig")).to_be_visible()
    with room.database.read() as session:
        assert [one.action for one in audit.newest(session, 2)] == ["audit.checked", "audit.exported"]
    context.close()
