"""Wardens' checks: plate -> paid, permit or not; also with a list that works without a network."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from hub.core import audit
from hub.core.db import Session
from hub.parking import store as parking_store
from hub.parking.api import overstays, prepaid
from hub.parking.rules import checks as rules
from hub.parking.rules import stays as stay_rules
from hub.parking.rules.checks import CHECK_DAYS, PLATE_DAYS, Right, Verdict
from hub.parking.rules.stays import CARD, RUNNING
from hub.parking.store import cards
from hub.parking.store import checks as store
from hub.parking.store import stays as stay_store
from hub.parking.store.stays import StayRow

LEAVE_MS = 10 * stay_rules.MINUTE  # a stay that ended a moment ago: its driver is on the way out
PAYING_MS = 30 * stay_rules.MINUTE  # so long a card payment that was begun is worth a second look
_DAY = 86_400_000

__all__ = [
    "CHECK_DAYS",
    "PLATE_DAYS",
    "Checked",
    "OfflineList",
    "Verdict",
    "check",
    "checked",
    "offline_list",
    "record",
    "tidy",
]


@dataclass(frozen=True)
class Checked:
    """A check that was made; the plate only where the car had no right to stand."""

    at: int
    site: str
    plate: str
    kind: str
    offline: bool


@dataclass(frozen=True)
class OfflineList:
    """Rights at one car park as digests of salt and plate: (digest, kind, until ms or None)."""

    salt: str
    made_at: int
    entries: tuple[tuple[str, str, int | None], ...]


def check(session: Session, site: str, typed: str, now: int) -> tuple[str, Verdict]:
    """(plate, verdict); ValueError for what is no plate. Writes nothing: `record` does."""
    plate = stay_rules.plate(typed)
    found = rules.verdict(_rights(session, site, now, plate), now)
    return plate, found if found.kind != "none" else _overstay(session, site, plate, now)


def record(
    session: Session, warden_id: int, number: str, site: str, plate: str, kind: str, at: int, *, offline: bool = False
) -> bool:
    """Keeps a check; False when the device sent it before. `number` is the device's own."""
    kept = "" if kind in ("paid", "permit") else plate
    facts = {"warden_id": warden_id, "number": number[:40], "at": at, "site": site, "kind": kind}
    if not store.add(session, **facts, plate=kept, offline=int(offline)):
        return False
    audit.note(session, "parking.checked", actor=f"person:{warden_id}", subject=f"site:{site}", now=at)
    return True


def checked(session: Session, warden_id: int, limit: int = 20) -> list[Checked]:
    """A warden's newest checks."""
    return [
        Checked(row.at, row.site, row.plate, row.kind, bool(row.offline))
        for row in store.newest(session, limit, warden_id)
    ]


def offline_list(session: Session, site: str, now: int) -> OfflineList:
    """Everything that allows to stand at a car park now, without a single plate in it."""
    salt = secrets.token_hex(8)
    found = [
        (rules.digest(salt, plate), right.kind, right.until)
        for plate, right in _all_rights(session, site, now)
        if right.kind in ("paid", "permit")
    ]
    return OfflineList(salt, now, tuple(sorted(found, key=lambda one: one[0])))


def tidy(session: Session, now: int) -> int:
    """Forgets plates and old checks; returns how many rows changed."""
    return store.forget(session, now - CHECK_DAYS * _DAY, now - 365 * _DAY)


def _overstay(session: Session, site: str, plate: str, now: int) -> Verdict:
    """A car that was here until its longest stay was over and that is still seen here."""
    row = stay_store.last_of(session, plate, site)
    rule = overstays.of_site(_facts(session, site))
    if row is None or rule is None or row.longest_end is None or now - row.longest_end > _DAY:
        return Verdict("none")
    if (row.ended_by, row.ended_at) != ("plan", row.longest_end):
        return Verdict("none")
    over = overstays.minutes_over(row.longest_end, now)
    return Verdict("none", row.longest_end, "overstay", over, overstays.fee(rule, over))


def _facts(session: Session, site: str) -> dict[str, Any]:
    return next((json.loads(facts) for key, facts in parking_store.sites(session) if key == site), {})


def _rights(session: Session, site: str, now: int, plate: str) -> list[Right]:
    found = [right for _, right in _all_rights(session, site, now, plate)]
    paying = cards.awaiting(session, site, plate, now - PAYING_MS)
    waiting = prepaid.waiting(session, paying.token) if paying is not None else None
    if paying is None or waiting is None or not waiting.is_begun:
        return found
    return [*found, Right("unpaid", paying.planned_end, "awaiting")]


def _all_rights(session: Session, site: str, now: int, plate: str | None = None) -> list[tuple[str, Right]]:
    stays = [(row.plate, _right(row)) for row in store.stays_at(session, site, now - LEAVE_MS, plate)]
    permits = [(one.plate, Right("permit", one.until, one.kind)) for one in store.permits_at(session, site, now, plate)]
    return stays + permits


def _right(row: StayRow) -> Right:
    """A running stay is paid as far as money was set aside; one without a payer (camera) is owed for."""
    if row.state == RUNNING:
        return Right("paid" if row.holder or row.source == CARD else "unpaid", row.planned_end)
    owed = row.cents is not None and row.cents > row.held_cents
    return Right("unpaid" if owed else "paid", (row.ended_at or 0) + LEAVE_MS)
