"""The chain and what must not stand in it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

START = "0" * 64
CLI = "cli"  # the actor of the command line: whoever may use the machine's shell
_ACTION = re.compile(r"[a-z]+(\.[a-z]+(-[a-z]+)*)+")
_OPAQUE = re.compile(r"[a-z]+(:[A-Za-z0-9_-]+)?( for [a-z]+:[A-Za-z0-9_-]+)?")
_PERSONAL = re.compile(r"name|mail|address|phone|birth|born|iban|plate|street|text", re.IGNORECASE)
_MAX_VALUE = 200


@dataclass(frozen=True)
class Entry:
    """One entry; `at` in ms, `actor` like person:17 or person:17 for organisation:3, `details` JSON text."""

    number: int
    at: int
    actor: str
    action: str
    subject: str
    details: str
    hash: str


@dataclass(frozen=True)
class Wanted:
    """Which entries somebody looks for; empty = all. `actor` also finds what they did for others; times in ms."""

    action: str = ""
    actor: str = ""
    subjects: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None


ALL = Wanted()


def entry_hash(before: str, number: int, at: int, actor: str, action: str, subject: str, details: str) -> str:
    """SHA-256 over the hash before and the entry's fields as a JSON list, 64 hexadecimal digits."""
    fields = json.dumps([number, at, actor, action, subject, details], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((before + fields).encode()).hexdigest()


def checked_details(action: str, actor: str, subject: str, details: Mapping[str, str | int | bool]) -> str:
    """The details as JSON; ValueError for a strange action or id and for what looks like personal data."""
    if not _ACTION.fullmatch(action) or not _OPAQUE.fullmatch(actor) or (subject and not _OPAQUE.fullmatch(subject)):
        raise ValueError(f"{action} by {actor} on {subject} is no entry for the audit log")
    for key, value in details.items():
        if _PERSONAL.search(key) or len(str(value)) > _MAX_VALUE or "@" in str(value):
            raise ValueError(f"{key} does not belong into the audit log")
    return json.dumps(dict(details), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
