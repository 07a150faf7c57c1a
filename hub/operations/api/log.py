"""The audit log for people: pages, the check of its chain, exports."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.account.api import staff
from hub.core import audit
from hub.core.audit import Entry, Wanted
from hub.core.db import Database, Session
from hub.fleet import api as fleet
from hub.openid import api as openid
from hub.operations import rules
from hub.operations.rules import CLIENT, NODE, PERSON, Ref

CHECKED = "audit.checked"
_BATCH = 1000  # entries


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it; `at` in ms."""

    number: int
    at: int
    action: str
    actor: Sequence[Ref]
    subject: Sequence[Ref]
    details: Mapping[str, str | int | bool]


@dataclass(frozen=True)
class Check:
    """What the newest check of the chain found: how many entries fit, the first that does not (0 = all do)."""

    at: int
    entries: int
    head: str
    first_bad: int


@dataclass(frozen=True)
class LogPage:
    """Some entries, the newest first, and the numbers that the neighbouring pages begin behind (None = no such page).

    `people` is number -> name of who has an account; the name is empty where administrators must not see it.
    """

    lines: Sequence[Line]
    older: int | None
    newer: int | None
    check: Check | None
    people: Mapping[int, str]
    clients: Mapping[str, str]
    nodes: frozenset[str]


def log_page(session: Session, wanted: Wanted, before: int | None, after: int | None) -> LogPage:
    """The page older than the number `before`, or newer than `after`, or the newest one."""
    if after is not None:
        found = audit.following(session, rules.PAGE, after, wanted)[::-1]
    else:
        found = audit.newest(session, rules.PAGE, before, wanted)
    lines = [_line(entry) for entry in found]
    named = [ref for line in lines for ref in (*line.actor, *line.subject)]
    numbers = {int(ref.id) for ref in named if ref.kind == PERSON and ref.id.isdecimal()}
    clients = {ref.id for ref in named if ref.kind == CLIENT}
    known = {one.client_id: one.name for name in clients if (one := openid.find_client(session, name)) is not None}
    nodes = fleet.names(session) if any(ref.kind == NODE for ref in named) else frozenset()
    older, newer = _neighbours(session, found, wanted)
    return LogPage(lines, older, newer, _newest_check(session), staff.known(session, numbers), known, nodes)


def _neighbours(session: Session, found: Sequence[Entry], wanted: Wanted) -> tuple[int | None, int | None]:
    if not found:
        return None, None
    last, first = found[-1].number, found[0].number
    has_older = bool(audit.newest(session, 1, last, wanted))
    has_newer = bool(audit.following(session, 1, first, wanted))
    return last if has_older else None, first if has_newer else None


def _line(entry: Entry) -> Line:
    try:
        details = json.loads(entry.details)
    except ValueError:  # somebody changed it: the page must still come
        details = {}
    found = details if isinstance(details, dict) else {}
    return Line(entry.number, entry.at, entry.action, rules.refs(entry.actor), rules.refs(entry.subject), found)


def _newest_check(session: Session) -> Check | None:
    found = audit.newest(session, 1, wanted=Wanted(action=CHECKED))
    if not found:
        return None
    details = _line(found[0]).details
    first_bad, entries = details.get("first_bad", 0), details.get("entries", 0)
    return Check(found[0].at, int(entries), str(details.get("head", "")), int(first_bad))


def check(database: Database, actor: str, now: int) -> bool:
    """Follows the whole chain and notes what came of it; True when every entry fits."""
    with database.read() as session:
        found = audit.verify(session)
    details: dict[str, str | int | bool] = {"entries": found.entries, "head": found.head}
    if found.first_bad is not None:
        details["first_bad"] = found.first_bad
    database.write(lambda session: audit.note(session, CHECKED, actor=actor, subject="audit", now=now, details=details))
    return found.first_bad is None


def note_export(session: Session, form: str, wanted: Wanted, actor: str, now: int) -> int:
    """Notes that somebody takes entries out of the house; the number of that entry, up to which the export goes."""
    details: dict[str, str | int | bool] = {"format": form}
    if wanted.action:
        details["action"] = wanted.action
    if wanted.actor:
        details["actor"] = wanted.actor
    if wanted.subjects:
        details["subject"] = wanted.subjects[0] if len(wanted.subjects) == 1 else wanted.subjects[0].partition(":")[2]
    audit.note(session, "audit.exported", actor=actor, subject="audit", now=now, details=details)
    return audit.newest(session, 1)[0].number


def batches(database: Database, wanted: Wanted, last: int) -> Iterator[Sequence[Entry]]:
    """Entries up to the number `last`, the oldest first; each batch in a short session, for downloads may be slow."""
    after = 0
    while True:
        with database.read() as session:
            found = audit.following(session, _BATCH, after, wanted, last)
        if found:
            yield found
        if len(found) < _BATCH:
            return
        after = found[-1].number
