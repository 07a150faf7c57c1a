"""Permits of residents and disabled people: out of a file or one by one."""

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hub.core import audit, i18n
from hub.core.db import Session
from hub.parking.rules import stays as rules
from hub.parking.store import permits as store

KINDS = ("resident", "disabled")
COLUMNS = ("plate", "kind", "site", "until")
SHOWN = 100


@dataclass(frozen=True)
class Permit:
    """A plate that may park at `site` (empty = everywhere) until a moment (ms); kind: resident or disabled."""

    plate: str
    kind: str
    site: str
    until: int
    id: int = 0


def permit(typed: Mapping[str, str | None], sites: Collection[str], now: int) -> Permit:
    """What somebody typed, checked; `until` is the last day, 2027-12-31. ValueError: plate, kind, site, until."""
    plate, kind, site, last_day = ((typed.get(name) or "").strip() for name in COLUMNS)
    try:
        plate = rules.plate(plate)
    except ValueError:
        raise ValueError("plate") from None
    if kind not in KINDS:
        raise ValueError("kind")
    if site and site not in sites:
        raise ValueError("site")
    until = _end_of(last_day)
    if until <= now:
        raise ValueError("until")
    return Permit(plate, kind, site, until)


def read(lines: Iterable[str], sites: Collection[str], now: int) -> list[Permit]:
    """The permits of a CSV file with a heading (plate, kind, site, until; comma or semicolon).

    ValueError names the line.
    """
    text = [line for line in lines if line.strip()]
    rows = csv.DictReader(text, delimiter=";" if text and ";" in text[0] else ",")
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(f"the file needs the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}")
    found = []
    for row in rows:
        try:
            found.append(permit(row, sites, now))
        except ValueError as error:
            raise ValueError(f"line {rows.line_num}: {error} is wrong; nothing was taken over") from None
    return found


def add_all(session: Session, new: Iterable[Permit], actor: str, now: int) -> int:
    """Adds permits or changes their ends; returns how many."""
    count = len([store.put(session, one.plate, one.kind, one.site, one.until) for one in new])
    audit.note(session, "parking.permits-imported", actor=actor, subject="permits", now=now, details={"count": count})
    return count


def add(session: Session, new: Permit, actor: str, now: int) -> None:
    """One permit; the log names it by its number, not by the plate."""
    number = store.put(session, new.plate, new.kind, new.site, new.until)
    subject, details = f"permit:{number}", {"kind": new.kind}
    audit.note(session, "parking.permit-added", actor=actor, subject=subject, now=now, details=details)


def end(session: Session, permit_id: int, actor: str, now: int) -> bool:
    """Ends a permit now; False when it does not hold."""
    if not store.end(session, permit_id, now):
        return False
    audit.note(session, "parking.permit-ended", actor=actor, subject=f"permit:{permit_id}", now=now)
    return True


def holding(session: Session, now: int, typed: str = "") -> list[Permit]:
    """Permits that hold, at most a hundred; those whose plate begins as typed."""
    wanted = "".join(typed.upper().replace("-", " ").split())[:10]
    return [
        Permit(row.plate, row.kind, row.site, row.until, row.id) for row in store.holding(session, now, wanted, SHOWN)
    ]


def _end_of(last_day: str) -> int:
    """The first moment (ms) after a day in the town's time."""
    try:
        after = date.fromisoformat(last_day) + timedelta(days=1)
        return int(datetime.combine(after, time.min, i18n.TIMEZONE).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError("until") from None
