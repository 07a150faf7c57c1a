"""Whether somebody may enter with a ticket."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from hub.till.rules.catalogue import ANYONE, FAMILY, Ticket


@dataclass(frozen=True)
class Held:
    """A ticket that somebody has; `left` None = as often as they like; `entered` today."""

    owner: str
    left: int | None
    first: date
    last: date | None
    entered: int = 0


def may_use(kind: Ticket, held: Held, guest: str, holder: str, family: Collection[str]) -> bool:
    """Whether the pass that was shown opens this ticket.

    `guest` is whom the pass is for, `holder` the person whose phone it is, `family` who belongs to that person. One
    that is not personal is used by whoever its owner brings along, with the owner's phone.
    """
    if held.owner == guest:
        return True
    if kind.who == ANYONE:
        return held.owner == holder
    return kind.who == FAMILY and not guest.startswith("organisation:") and held.owner in {holder, *family}


def problem(kind: Ticket, held: Held, count: int, today: date) -> str:
    """not_yet, over, used_up, today (as often as a day allows) or nothing."""
    if today < held.first:
        return "not_yet"
    if held.last is not None and today > held.last:
        return "over"
    if held.left is not None and held.left < count:
        return "used_up"
    return "today" if kind.per_day and held.entered + count > kind.per_day else ""
