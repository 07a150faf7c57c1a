"""Tills: adding one gives a key that is shown once, ending one takes everything from whoever has the key."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from hub.core import audit
from hub.core.db import Session
from hub.till import gateway
from hub.till.api.ground import RefusedError
from hub.till.gateway import Signer
from hub.till.rules import sales as sales_rules
from hub.till.rules.catalogue import Operation, Town
from hub.till.store import tills as store
from hub.till.store.tables import TillRow

CASHIER = "cashier"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Till:
    """A till; times in ms, 0 = never. `public_key` is what its offers are signed with, empty before its first start."""

    name: str
    operation: str
    public_key: str
    created_at: int
    ended_at: int
    seen_at: int


@dataclass(frozen=True)
class Counter:
    """Where something happens: a till, what the town sells, and the hub's key for codes of passes."""

    till: Till
    town: Town
    signer: Signer

    @property
    def name(self) -> str:
        """The till's."""
        return self.till.name

    @property
    def operation(self) -> Operation:
        """Whose till it is."""
        return self.town.operations[self.till.operation]


def add(session: Session, town: Town, name: str, operation: str, actor: str, now: int) -> str:
    """A new till's key; ValueError in a plain sentence."""
    if not _NAME.fullmatch(name):
        raise ValueError("the name of a till has small letters, digits and -, at most 40")
    if operation not in town.operations:
        raise ValueError(f"there is no operation {operation}, only {', '.join(town.operations)}")
    key = secrets.token_urlsafe(32)
    if not store.add(session, name=name, operation=operation, key_hash=digest(key), created_at=now):
        raise ValueError(f"there is a till {name} already")
    audit.note(session, "till.added", actor=actor, subject=f"till:{name}", now=now, details={"operation": operation})
    return key


def end(session: Session, name: str, actor: str, now: int) -> None:
    """Blocks a till; ValueError when there is none that works."""
    if not store.end(session, name, now):
        raise ValueError(f"there is no till {name} that works")
    audit.note(session, "till.ended", actor=actor, subject=f"till:{name}", now=now)


def find(session: Session, key: str) -> Till | None:
    """The till with this key, also one that has ended."""
    row = store.by_key(session, digest(key))
    return None if row is None else _till(row)


def named(session: Session, name: str) -> Till | None:
    """The till of this name."""
    row = store.named(session, name)
    return None if row is None else _till(row)


def listed(session: Session) -> list[Till]:
    """Every till, those that work first."""
    return [_till(row) for row in store.listed(session)]


def seen(session: Session, till: Till, town: Town, now: int) -> None:
    """The till was heard of; that it was alone for too long is kept, for what it sold then comes later."""
    store.lock(session, till.name)
    row = store.named(session, till.name)
    if row is None or row.seen_at >= now:
        return
    heard = row.seen_at or row.created_at
    if sales_rules.is_gap(heard, now, town.offline.hours):
        store.add_gap(session, till.name, heard, now)
    store.change(session, till.name, seen_at=now)


def set_public_key(session: Session, till: Till, public_key: str) -> None:
    """The key of the till's offers, which it makes at its first start; RefusedError key when it has another one."""
    try:
        gateway.read_public(public_key)
    except ValueError:
        raise RefusedError("key") from None
    if not store.set_public_key(session, till.name, public_key):
        row = store.named(session, till.name)
        if row is None or row.public_key != public_key:
            raise RefusedError("key")


def may_use(grants: frozenset[tuple[str, str]], till: Till) -> bool:
    """Whether somebody with these (role, scope) pairs may stand at a till: everywhere, in its operation, or there."""
    return any((CASHIER, scope) in grants for scope in ("", till.operation, till.name))


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def _till(row: TillRow) -> Till:
    return Till(row.name, row.operation, row.public_key, row.created_at, row.ended_at, row.seen_at)
