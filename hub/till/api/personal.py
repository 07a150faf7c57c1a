"""What tills hold about a person: phones, tickets, purchases, parking fees that went back."""

from hub.core import i18n
from hub.core.db import Session
from hub.payments import api as payments
from hub.till.api import passes
from hub.till.store import archive, book, tickets, tills
from hub.till.store import passes as grants

_MANY = 10_000
KEEP_ENTRIES_DAYS = 400
_DAY = 86_400_000


def export(session: Session, person_id: int, _now: int) -> dict[str, object]:
    """All of it as plain values."""
    owner = f"person:{person_id}"
    return {
        "phones": [{"name": one.name, "created_at": one.created_at} for one in passes.devices(session, person_id)],
        "tickets": [
            {
                "article": one.article,
                "entries_left": one.entries_left,
                "first_day": one.first.isoformat(),
                "last_day": one.last.isoformat() if one.last else "",
                "used_days": ", ".join(row.day.isoformat() for row in tickets.redemptions_of(session, one.id, _MANY)),
            }
            for one in tickets.of_owners(session, [owner])
        ],
        "purchases": [
            {"till": one.till, "at": one.at, "cents": one.cents, "state": one.state}
            for one in book.of_owner(session, owner, _MANY)
        ],
        "parking_refunds": [
            {"site": one.site, "at": one.at, "cents": one.cents} for one in grants.grants_of(session, owner, _MANY)
        ],
    }


def forget(session: Session, person_id: int, _now: int) -> None:
    """Phones and tickets go; sums stay without the person."""
    owner = f"person:{person_id}"
    tills.forget_person(session, person_id)
    tickets.forget_person(session, person_id, owner)
    book.forget_person(session, person_id, owner)
    grants.forget_person(session, person_id, owner)


def forget_old(session: Session, now: int) -> int:
    """Removes sales, lines of the books, closings and tickets that the law no longer makes the town keep; how many."""
    before = payments.archive.kept_from(now)
    return archive.forget_books(session, before) + archive.forget_tickets(session, before, i18n.local(before).date())


def tidy(session: Session, now: int) -> int:
    """Forgets when somebody entered with a ticket; how many."""
    return tickets.forget_redemptions(session, i18n.local(now - KEEP_ENTRIES_DAYS * _DAY).date())
