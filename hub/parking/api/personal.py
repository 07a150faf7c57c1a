"""What parking holds about a person: cars, stays, and checks that they made as a warden."""

from collections.abc import Callable

from hub.core import i18n
from hub.core.db import Session
from hub.parking.api import stays, wishes
from hub.parking.api.stays import Purse
from hub.parking.store import cameras, checks
from hub.parking.store import stays as store
from hub.parking.store import wishes as wish_store
from hub.payments import api as payments

_MANY = 10_000
_DAY = 86_400_000


def export(session: Session, person_id: int, now: int) -> dict[str, object]:
    """Cars, stays, checks and wishes as plain values."""
    owner = f"person:{person_id}"
    return {
        "favourites": sorted(wishes.favourites(session, person_id)),
        "watches": [
            {"site": one.site, "threshold": one.threshold, "until": one.expires_at}
            for one in wishes.watches(session, person_id, now)
        ],
        "cars": [{"plate": one.plate, "name": one.name} for one in store.cars(session, owner)],
        "stays": [
            {
                "site": one.site,
                "plate": one.plate,
                "started_at": one.started_at,
                "ended_at": one.ended_at or 0,
                "cents": one.cents,
            }
            for one in stays.of_holder(session, owner, now, _MANY)
        ],
        "checks": [
            {"at": one.at, "site": one.site, "result": one.kind} for one in checks.newest(session, _MANY, person_id)
        ],
    }


def forgetting(purse: Purse) -> Callable[[Session, int, int], None]:
    """What deletes a person's data; stays that run are settled first, while there is a wallet that pays."""

    def forget_all(session: Session, person_id: int, now: int) -> None:
        stays.stop_all(session, purse, f"person:{person_id}", now)
        forget(session, person_id, now)

    return forget_all


def forget(session: Session, person_id: int, _now: int) -> None:
    """Cars and wishes go, stays and checks stay as sums without plate and person."""
    cameras.forget_person(session, person_id)  # before the cars, whose plates it looks for
    checks.forget_warden(session, person_id)
    store.forget_person(session, person_id, f"person:{person_id}")
    wish_store.forget_person(session, person_id)


def forget_old(session: Session, now: int) -> int:
    """Removes stays that the law no longer makes the town keep; how many."""
    return store.forget_old(session, payments.archive.kept_from(now))


def tidy(session: Session, now: int, plate_days: int) -> int:
    """Takes old plates out of stays; returns how many rows changed."""
    before = now - plate_days * _DAY
    return store.forget_plates(session, before, i18n.local(before).date())
