"""Codes of passes: phones that may make them, the hub's own for others, and using one, once for each purpose."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.account import api as account
from hub.core.db import Session
from hub.payments import api as payments
from hub.till import gateway
from hub.till.api.ground import RefusedError
from hub.till.api.tills import Counter
from hub.till.gateway import Signer
from hub.till.rules import passes as rules
from hub.till.rules.passes import HUB_KEY, Token
from hub.till.store import passes as store
from hub.till.store import tills
from hub.till.store.tables import ScanRow

LOOK, PAY, REDEEM, GUEST = "look", "pay", "redeem", "guest"
MAX_DEVICES = 5
KEEP_SCANS_DAYS = KEEP_ENDED_DAYS = 30
KEEP_GAPS_DAYS = 400
_DAY = 86_400_000
_PAGE = 1000


@dataclass(frozen=True)
class Device:
    """A phone that makes codes."""

    key: str
    name: str
    created_at: int


@dataclass(frozen=True)
class Guest:
    """Whose code was shown: `owner` pays (person:7, child:5, organisation:3), `name` is what the clerk sees."""

    person_id: int
    owner: str
    name: str
    issued: int


@dataclass(frozen=True)
class Keys:
    """What tills learn about phones: (number, key, public key) of the next ones, keys that ended, the hub's own."""

    devices: list[tuple[int, str, str]]
    ended: list[str]
    hub: str
    has_more: bool


def printed(signer: Signer, person: account.Person, now: int) -> str:
    """A code by the hub itself, for a phone without scripts."""
    content = rules.payload(HUB_KEY, now, secrets.token_bytes(6), rules.written_who(person.id, person.acting_for))
    return rules.write(content, signer.sign(rules.CONTEXT + content))


def enrol(session: Session, person: account.Person, public_key: str, name: str, now: int) -> str:
    """A phone's key becomes one of this person; its short name. RefusedError key. The oldest of too many goes."""
    try:
        gateway.read_public(public_key)
    except ValueError:
        raise RefusedError("key") from None
    key = secrets.token_hex(8)
    facts = {"person_id": person.id, "session_id": person.session_id, "name": name[:60], "created_at": now}
    if not tills.add_device(session, key=key, public_key=public_key, **facts):
        raise RefusedError("key")
    for old in tills.devices_of(session, person.id)[MAX_DEVICES:]:
        tills.end_device(session, person.id, old.key, now)
    return key


def devices(session: Session, person_id: int) -> list[Device]:
    """A person's phones, the newest first."""
    return [Device(row.key, row.name, row.created_at) for row in tills.devices_of(session, person_id)]


end_device = tills.end_device


def on_sessions_ended(session: Session, event: account.SessionsEnded) -> None:
    """A log-out ends the phone's key; a log-in that ran out does not, for the pass is there without a connection."""
    if event.followed_by:
        tills.bind_devices(session, event.session_ids, event.followed_by)
    elif not event.ran_out:
        tills.end_devices_of_sessions(session, event.session_ids, event.now)


def keys(session: Session, signer: Signer, after: int, since: int) -> Keys:
    """The next phones after a number, and those that ended since a moment."""
    rows = tills.devices_after(session, after, _PAGE)
    known = [(row.id, row.key, row.public_key) for row in rows]
    return Keys(known, list(tills.ended_since(session, since)), signer.public_key, len(known) == _PAGE)


def take(session: Session, counter: Counter, code: str, purpose: str, ref: str, at: int, now: int) -> Guest:
    """Uses a code that was shown at `at`: once for a purpose, and never at two tills. RefusedError.

    The same till may repeat the same (`ref`) and go on with a code that it has seen for some minutes.
    """
    token, till = _read(code), counter.name
    if at < now - KEEP_SCANS_DAYS * _DAY:  # nobody knows any more whether it was used
        raise RefusedError("expired")
    guest = _guest(session, counter.signer, token, now)
    before = store.scans(session, token.id)
    _check(token, before, till, purpose, ref, at)
    if not any(one.purpose == purpose for one in before) and not store.add_scan(
        session, token.id, purpose, till, ref, at
    ):
        _check(token, store.scans(session, token.id), till, purpose, ref, at)
    return guest


def token_of(text: str) -> Token:
    """A code as it reads; RefusedError token."""
    return _read(text)


def _read(text: str) -> Token:
    try:
        return rules.read(text)
    except ValueError:
        raise RefusedError("token") from None


def _check(token: Token, rows: Sequence[ScanRow], till: str, purpose: str, ref: str, at: int) -> None:
    if any(one.till != till or (one.purpose == purpose and one.ref != ref) for one in rows):
        raise RefusedError("replay")
    is_repeated = any(one.purpose == purpose and one.ref for one in rows)
    if is_repeated or (rows and -rules.SKEW_MS <= at - rows[0].at <= rules.HANDLING_MS):
        return
    problem = rules.problem(token, at)
    if problem:
        raise RefusedError(problem)


def _guest(session: Session, signer: Signer, token: Token, now: int) -> Guest:
    """Who it is, when the signature fits and the phone may speak for them."""
    if token.key == HUB_KEY:
        public_key, person_id = signer.public_key, rules.whom(token.who)[0]
    else:
        row = tills.device(session, token.key)
        if row is None:
            raise RefusedError("unknown")
        if row.ended_at and token.issued > row.ended_at:
            raise RefusedError("revoked")
        public_key, person_id = row.public_key, row.person_id
    if not gateway.fits(public_key, token.signed, token.signature):
        raise RefusedError("token")
    person = account.find(session, person_id) if person_id else None
    if person is None:
        raise RefusedError("unknown")
    owner = rules.whom(token.who)[1] or f"person:{person.id}"
    name = dict(payments.wallet.principals(session, person, now)).get(owner)
    if name is None:
        raise RefusedError("unknown")
    return Guest(person.id, owner, name, token.issued)


def tidy(session: Session, now: int) -> int:
    """Forgets uses of codes and phones that ended; how many."""
    old = store.forget_scans(session, now - KEEP_SCANS_DAYS * _DAY)
    tills.forget_gaps(session, now - KEEP_GAPS_DAYS * _DAY)
    return old + tills.forget_devices(session, now - KEEP_ENDED_DAYS * _DAY)
