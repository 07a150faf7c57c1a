"""Wardens' checks: plate -> paid, permit or not; also with a list that works without a network."""

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from hub.core import audit
from hub.core.db import Session
from hub.parking import store as parking_store
from hub.parking.api import overstays, prepaid
from hub.parking.rules import checks as rules
from hub.parking.rules import stays as stay_rules
from hub.parking.rules.checks import KINDS, Right, Terms, Verdict, minutes
from hub.parking.rules.stays import CARD, RUNNING, plate
from hub.parking.store import cameras as camera_store
from hub.parking.store import cards
from hub.parking.store import checks as store
from hub.parking.store import permits as permit_store
from hub.parking.store.stays import StayRow

LEAVE_MS = 10 * stay_rules.MINUTE  # a stay that ended a moment ago: its driver is on the way out
PAYING_MS = 30 * stay_rules.MINUTE  # so long a card payment that was begun is worth a second look
_HOUR, _DAY = 3_600_000, 86_400_000
_BEFORE_MS = 12 * _HOUR  # so far back a warden is told that a right ended

__all__ = [
    "KINDS",
    "Checked",
    "Noted",
    "OfflineList",
    "Terms",
    "Verdict",
    "check",
    "checked",
    "minutes",
    "offline_list",
    "plate",
    "record",
    "take",
    "terms",
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
class Noted:
    """A check that a device made without a network and kept: `number` is its own, `at` ms."""

    number: str
    site: str
    plate: str
    kind: str
    at: int


@dataclass(frozen=True)
class OfflineList:
    """Rights at car parks as digests under a key of this list alone: site -> (digest, kind, until ms or None).

    The device keeps the key where its scripts can use but not read it, and deletes both when the list is over.
    """

    key: bytes
    made_at: int
    until: int
    sites: dict[str, list[tuple[str, str, int | None]]]


def terms(town_dir: Path) -> Terms:
    """How long what is kept; ValueError for a strange file."""
    return rules.terms(json.loads((town_dir / "checks.json").read_text()))


def check(session: Session, site: str, typed: str, now: int) -> tuple[str, Verdict]:
    """(plate, verdict); ValueError for what is no plate. Writes nothing: `record` does."""
    found = plate(typed)
    return found, _verdict(session, site, found, now)


def record(session: Session, warden_id: int, noted: Noted, now: int, *, offline: bool = False) -> bool:
    """Keeps a check; False when the device sent it before."""
    kept = {"plate": "" if noted.kind in rules.RIGHTS else noted.plate, "offline": int(offline)}
    facts = {"number": noted.number[:40], "at": noted.at, "site": noted.site, "kind": noted.kind}
    if not store.add(session, warden_id=warden_id, **facts, **kept):
        return False
    subject, details = f"site:{noted.site}", {"result": noted.kind}
    audit.note(session, "parking.checked", actor=f"person:{warden_id}", subject=subject, now=now, details=details)
    return True


def take(session: Session, warden_id: int, noted: Noted, now: int) -> Verdict:
    """Takes in a check of before; what the hub itself knows of that moment counts, and is returned."""
    at = min(max(noted.at, now - 14 * _DAY), now)
    found = Verdict(noted.kind) if noted.kind in rules.RIGHTS else _verdict(session, noted.site, noted.plate, at)
    record(session, warden_id, replace(noted, kind=found.kind, at=at), now, offline=True)
    return found


def checked(session: Session, warden_id: int, limit: int = 20) -> list[Checked]:
    """A warden's newest checks."""
    return [
        Checked(row.at, row.site, row.plate, row.kind, bool(row.offline))
        for row in store.newest(session, limit, warden_id)
    ]


def offline_list(session: Session, sites: list[str], hours: int, now: int) -> OfflineList:
    """Everything that allows to stand at car parks now, without a single plate in it."""
    key = secrets.token_bytes(32)
    found = {site: sorted(_entries(session, key, site, now), key=lambda one: one[0]) for site in sites}
    return OfflineList(key, now, now + hours * _HOUR, found)


def tidy(session: Session, now: int, keep: Terms) -> int:
    """Forgets plates, old checks, what cameras saw and permits that ended; returns how many rows changed."""
    return (
        store.forget(session, now - keep.check_days * _DAY, now - keep.log_days * _DAY)
        + camera_store.forget(session, now - keep.camera_days * _DAY, now - keep.count_days * _DAY)
        + permit_store.forget(session, now - keep.plate_days * _DAY)
    )


def _entries(session: Session, key: bytes, site: str, now: int) -> list[tuple[str, str, int | None]]:
    return [
        (rules.digest(key, site, whose), right.kind, right.until)
        for whose, right in _rights(session, site, now)
        if right.kind in rules.RIGHTS
    ]


def _verdict(session: Session, site: str, of_plate: str, at: int) -> Verdict:
    rights = [right for _, right in _rights(session, site, at, of_plate)] + _on_its_way(session, site, of_plate, at)
    last = store.last_ended(session, site, of_plate, at - _BEFORE_MS, at)
    before = Right("paid", last.ended_at, longest_end=last.longest_end) if last is not None else None
    found = rules.verdict(rights, at, before)
    rule = overstays.of_site(_facts(session, site)) if found.over_since is not None else None
    if rule is None or found.over_since is None:
        return found
    return replace(found, fee=overstays.fee(rule, overstays.minutes_over(found.over_since, at)))


def _facts(session: Session, site: str) -> dict[str, object]:
    return next((json.loads(facts) for key, facts in parking_store.sites(session) if key == site), {})


def _on_its_way(session: Session, site: str, of_plate: str, at: int) -> list[Right]:
    """A payment by card that was begun and has not come yet."""
    paying = cards.awaiting(session, site, of_plate, at - PAYING_MS)
    waiting = prepaid.waiting(session, paying.token) if paying is not None else None
    if paying is None or waiting is None or not waiting.is_begun:
        return []
    return [Right("unpaid", paying.planned_end, "awaiting")]


def _rights(session: Session, site: str, at: int, of: str | None = None) -> list[tuple[str, Right]]:
    stays = [(row.plate, _right(row)) for row in store.stays_at(session, site, at - LEAVE_MS, at, of)]
    permits = [(one.plate, Right("permit", one.until, one.kind)) for one in store.permits_at(session, site, at, of)]
    return stays + permits


def _right(row: StayRow) -> Right:
    """A running stay is paid as far as money was set aside; one that nobody pays for is owed for."""
    if row.state == RUNNING:
        ends = [end for end in (row.planned_end, row.longest_end) if end is not None]
        is_paid = bool(row.holder or row.held_cents or row.source == CARD)
        return Right("paid" if is_paid else "unpaid", min(ends, default=None))
    owed = row.cents is not None and row.cents > row.held_cents
    return Right("unpaid" if owed else "paid", (row.ended_at or 0) + LEAVE_MS)
