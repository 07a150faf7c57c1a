"""What is wrong with nodes now, and what of the fleet is forgotten with time."""

from dataclasses import dataclass

from hub.core.db import Session
from hub.fleet import rules, store
from hub.fleet.api.configuration import tidy_blocks
from hub.fleet.api.rollouts import forget_old as forget_rollouts
from hub.fleet.rules import alerts

KEEP_ALARMS_MS = 90 * 24 * 3600 * 1000


@dataclass(frozen=True)
class AlarmNow:
    """An open alarm."""

    node: str
    code: str
    text: str
    opened_at: int
    last_at: int


def alarms(session: Session) -> list[AlarmNow]:
    """Open alarms, newest first."""
    return [AlarmNow(row.node, row.code, row.text, row.opened_at, row.last_at) for row in store.open_alarms(session)]


def raise_alarm(session: Session, node: str, code: str, text: str, at: int) -> None:
    """Opens or renews an alarm of a node."""
    store.raise_alarm(session, node, code[:40], text[:300], at)


def tidy(session: Session, now: int) -> None:
    """Closes alarms that have been quiet for an hour, deletes old ones."""
    for code in {row.code for row in store.open_alarms(session)} - alerts.CODES:  # those end with their cause
        store.close_alarms(session, code, now - rules.TWIN_QUIET_MS, now)
    store.forget_alarms(session, now - KEEP_ALARMS_MS)
    store.forget_orders(session, now - KEEP_ALARMS_MS)
    forget_rollouts(session, now)
    store.forget_history(session, now - KEEP_ALARMS_MS)
    store.forget_names(session, now - KEEP_ALARMS_MS)
    tidy_blocks(session, now)
