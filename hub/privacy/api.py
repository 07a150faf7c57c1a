"""Collecting and deleting what all modules hold about a person; `hub.app` lists the modules in one table."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.account import api as account
from hub.core import audit
from hub.core.db import Session
from hub.core.retention import Rule
from hub.privacy import rules

ATTACHMENTS = "attachments"
_SOME = 50  # erasures in one transaction: others write, too
MAX_AUDIT = 10_000  # newest entries about a person


@dataclass(frozen=True)
class Kept:
    """What stays after a deletion: `what` and `why` are words that the page translates, `until` ms or None."""

    what: str
    why: str
    until: int | None = None


def nothing_kept(_session: Session, _person_id: int, _now: int) -> Sequence[Kept]:
    """For modules that keep nothing."""
    return ()


@dataclass(frozen=True)
class Holder:
    """What one module holds about a person: `export` gives plain values (times in ms; bytes of attachments by name
    under "attachments"), `forget` deletes, `kept` names what a law makes the town keep.
    """

    name: str
    export: Callable[[Session, int, int], Mapping[str, object]]
    forget: Callable[[Session, int, int], None]
    kept: Callable[[Session, int, int], Sequence[Kept]] = nothing_kept


def collect(session: Session, holders: Sequence[Holder], person_id: int, now: int) -> dict[str, Mapping[str, object]]:
    """module -> its data; ValueError for nobody."""
    return {one.name: one.export(session, person_id, now) for one in holders}


def bundle(data: Mapping[str, Mapping[str, object]], page: str) -> bytes:
    """One ZIP file: daten.json for machines, daten.html for people, attachments beside them."""
    files: dict[str, bytes] = {}
    told: dict[str, object] = {}
    for name, facts in data.items():
        more = facts.get(ATTACHMENTS)
        files |= more if isinstance(more, dict) else {}
        told[name] = rules.readable("", {key: value for key, value in facts.items() if key != ATTACHMENTS})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("daten.json", json.dumps(told, ensure_ascii=False, indent=2))
        archive.writestr("daten.html", page)
        for name, content in files.items():
            archive.writestr(f"anhaenge/{name}", content)
    return packed.getvalue()


def note_export(session: Session, person_id: int, now: int) -> None:
    """That somebody asked for their data."""
    who = f"person:{person_id}"
    audit.note(session, "privacy.exported", actor=who, subject=who, now=now)


def audit_export(session: Session, person_id: int, _now: int) -> dict[str, object]:
    """What the audit log says of a person: by them or about them."""
    found = audit.about(session, f"person:{person_id}", MAX_AUDIT)
    return {"entries": [{"at": one.at, "action": one.action, "actor": one.actor} for one in found]}


def audit_forget(_session: Session, _person_id: int, _now: int) -> None:
    """Nothing: the log names nobody, it knows numbers alone."""


def audit_kept(_session: Session, _person_id: int, _now: int) -> Sequence[Kept]:
    """The log itself."""
    return (Kept("audit", "audit"),)


def kept(session: Session, holders: Sequence[Holder], person_id: int, now: int) -> list[Kept]:
    """Everything that stays."""
    return [what for one in holders for what in one.kept(session, person_id, now)]


def erase(session: Session, holders: Sequence[Holder], person_id: int, now: int) -> None:
    """Deletes everything, the account last; ValueError while something must be handed over first."""
    for one in reversed(holders):  # the account stands first, and other modules' rows need it
        one.forget(session, person_id, now)


def unused_accounts(holders: Sequence[Holder]) -> tuple[Rule, Rule]:
    """The retention rules that warn the owners of unused accounts and delete them."""

    def delete(session: Session, now: int) -> int:
        count = 0
        for person_id in account.personal.unused(session, now):
            if count == _SOME:
                break
            if not account.personal.obstacles(session, person_id, now):  # the one before may have been a co-owner
                erase(session, holders, person_id, now)
                count += 1
        return count

    return (
        Rule("owners of unused accounts are warned", "2 years", account.personal.warn_unused),
        Rule("unused accounts", "2 years and 30 days after a warning", delete, _SOME),
    )
