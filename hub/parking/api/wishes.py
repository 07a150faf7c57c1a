"""Favourite car parks, and being told once when one fills up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.core import events
from hub.core.db import Session
from hub.parking.api import SiteNow
from hub.parking.rules import watches as rules
from hub.parking.rules.watches import HOURS, MAX_FREE, Counts
from hub.parking.store import wishes as store

__all__ = ["HOURS", "MAX_FREE", "Due", "SiteFills", "Watch", "WishError"]


class WishError(Exception):
    """`reason`: full (it is that full already), wrong (a number that is not offered)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Watch:
    """A wish that holds until `expires_at` (ms)."""

    site: str
    threshold: int
    expires_at: int


@dataclass(frozen=True)
class Due:
    """A wish that is to be answered now."""

    id: int
    person_id: int
    site: str
    threshold: int
    free: int


@dataclass(frozen=True)
class SiteFills:
    """Somebody wished to hear that this car park fills up. Announced once for each wish."""

    person_id: int
    site: str
    free: int
    now: int


def favourites(session: Session, person_id: int) -> frozenset[str]:
    """The car parks that a person likes."""
    return frozenset(store.favourites(session, person_id))


def like(session: Session, person_id: int, site: str, now: int) -> None:
    """Keeps a favourite."""
    store.add_favourite(session, person_id=person_id, site=site, created_at=now)


def unlike(session: Session, person_id: int, site: str) -> None:
    """Forgets a favourite."""
    store.remove_favourite(session, person_id, site)


def watches(session: Session, person_id: int, now: int) -> list[Watch]:
    """A person's wishes that hold."""
    return [Watch(row.site, row.threshold, row.expires_at) for row in store.watches(session, now, person_id)]


def watch(session: Session, person_id: int, site: SiteNow, threshold: int, hours: int, now: int) -> None:
    """Wishes to be told once; WishError when it is that full already, or for numbers that are not offered."""
    try:
        rules.check_threshold(threshold)
        until = rules.expiry(hours, now)
    except ValueError:
        raise WishError("wrong") from None
    if rules.is_full_enough(threshold, _counts(site)):
        raise WishError("full")
    facts = {"person_id": person_id, "site": site.id, "threshold": threshold}
    store.put_watch(session, **facts, created_at=now, expires_at=until)


def unwatch(session: Session, person_id: int, site: str) -> None:
    """Takes a wish back."""
    store.remove_watch(session, person_id, site)


def has_any(session: Session, now: int) -> bool:
    """Whether there is anything to look after."""
    return bool(store.watches(session, now))


def due(session: Session, found: Iterable[SiteNow], now: int) -> list[Due]:
    """The wishes that are to be answered, as the bays are known now."""
    sites: Mapping[str, SiteNow] = {one.id: one for one in found}
    rows = [row for row in store.watches(session, now) if row.site in sites]
    return [
        Due(row.id, row.person_id, row.site, row.threshold, sites[row.site].free)
        for row in rows
        if rules.is_full_enough(row.threshold, _counts(sites[row.site]))
    ]


def answer(session: Session, found: Iterable[Due], now: int) -> int:
    """Takes each wish out and announces it in the same transaction, so that nobody hears twice; how many."""
    answered = 0
    for one in found:
        if store.take_watch(session, one.id, one.threshold):
            events.announce(session, SiteFills(one.person_id, one.site, one.free, now))
            answered += 1
    return answered


def tidy(session: Session, now: int) -> int:
    """Forgets wishes that are over; how many."""
    return store.forget_watches(session, now)


def _counts(site: SiteNow) -> Counts:
    return Counts(site.free, site.occupied, site.unknown, site.faulty)
