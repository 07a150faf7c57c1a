"""The page of jobs in a real browser: every list at both widths and themes, the keyboard, no JavaScript."""

import pytest
from playwright.sync_api import Browser, expect

from hub.core import jobs
from hub.core.clock import now_ms
from hub.core.db import Session
from tests.journeys.test_admin import ControlRoom, browser, log_in, room, violations

__all__ = ["browser", "room"]  # fixtures

pytestmark = pytest.mark.journey

STATES = ("wartet", "laeuft", "gescheitert", "erledigt")
REASONS = ("the mail server did not answer within 30 s", "TimeoutError in gateway.py, line 41")


def fill(session: Session) -> None:
    """Jobs in every state, more than a page of them in the queue, and a paused kind."""
    now = now_ms()
    for kind, age_ms in (("send mail", 50_000), ("make thumbnails", 4_000_000), ("tidy jobs", 90_000_000)):
        for _ in range(3):
            jobs.add(session, kind, {}, now=now - age_ms, max_tries=8)
    held = jobs.claim(session, 8, now=now, lease_ms=3_600_000)
    jobs.complete(session, held[:3], now=now)
    for job, reason in zip(held[3:5], REASONS, strict=True):
        jobs.fail(session, job, reason, now=now, chance=0.5, final=True)
    jobs.fail(session, held[5], REASONS[0], now=now, chance=0.5)
    for _ in range(60):
        jobs.add(session, "send mail", {}, now=now, run_at=now + 600_000)
    jobs.pause(session, "make thumbnails", now=now - 200_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_list_of_jobs_has_an_axe_violation(browser: Browser, room: ControlRoom, width: int, theme: str) -> None:
    context = browser.new_context(
        locale="de-DE", viewport={"width": width, "height": 844}, color_scheme=theme, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, room)
    page.locator("summary", has_text="Mehr").click()
    page.get_by_role("link", name="Aufträge").click()
    found = violations(page)
    room.database.write(fill)
    for state in STATES:
        page.goto(f"{room.url}/admin/auftraege?zustand={state}")
        found += violations(page)
    context.close()
    assert not found, "\n".join(found)


def test_jobs_are_retried_and_paused_with_the_keyboard_and_without_javascript(
    browser: Browser,
    room: ControlRoom,
) -> None:
    room.database.write(fill)
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    log_in(page, room)
    page.goto(f"{room.url}/admin/auftraege?zustand=gescheitert")
    again = page.get_by_role("button", name="noch einmal versuchen")
    before = again.count()
    again.first.focus()
    page.keyboard.press("Enter")
    expect(again).to_have_count(before - 1)
    page.get_by_role("button", name="Fortsetzen: make thumbnails").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Anhalten: make thumbnails")).to_be_visible()
    context.close()
