"""What an account forgets by itself."""

from hub.account.api import sessions
from hub.account.store import circles, codes, people
from hub.core.db import Session

HISTORY_DAYS = 180  # the page of the account says so
_DAY = 86_400_000


def tidy(session: Session, now: int) -> int:
    """Deletes sessions, codes, tickets, forms and invitations that are over, and old history; returns how many rows."""
    gone = sessions.end_over(session, now) + codes.tidy(session, now) + circles.tidy(session, now)
    return gone + people.forget_events(session, now - HISTORY_DAYS * _DAY)
