"""Passkeys: questions for the browser, answers of it, names, removal.

A challenge is a sealed ticket, so that asking writes nothing; answering uses it up, so that no answer counts twice.
"""

import hashlib
from dataclasses import dataclass

from hub.account import rules
from hub.account.api.keyring import Keyring, new_handle, token_digest
from hub.account.api.people import Person, Proof, record_change
from hub.account.gateway import passkeys as webauthn
from hub.account.gateway.passkeys import PasskeyRefusedError, Site
from hub.account.store import codes, keys, people
from hub.core.db import Session

__all__ = [
    "MAX_PASSKEYS",
    "NewPasskey",
    "PasskeyRefusedError",
    "Question",
    "Site",
    "add",
    "ask_creation",
    "ask_login",
    "check_creation",
    "handle_of",
    "log_in",
    "new_handle",
    "remove",
    "rename",
]

NewPasskey = webauthn.NewPasskey
MAX_PASSKEYS = 20
# RFC 8176: proof of possession of a key, and the device asked its owner for PIN, finger or face
METHODS = frozenset({"swk", "user"})


@dataclass(frozen=True)
class Question:
    """What the page hands to the browser (JSON) and what must come back with the answer."""

    options: str
    ticket: str


def handle_of(session: Session, person_id: int) -> str:
    """A person's handle; ValueError for nobody."""
    row = people.person(session, person_id)
    if row is None:
        raise ValueError("there is no such person")
    return row.handle


def ask_creation(ring: Keyring, site: Site, handle: str, name: str, shown: str, known: list[str], now: int) -> Question:
    """Asks the browser to make a passkey."""
    ticket, challenge = _challenge(ring, "create", now, handle)
    return Question(webauthn.creation_options(site, handle, name, shown or name, challenge, known), ticket)


def ask_login(ring: Keyring, site: Site, now: int) -> Question:
    """Asks the browser for any passkey of this town."""
    ticket, challenge = _challenge(ring, "login", now)
    return Question(webauthn.request_options(site, challenge), ticket)


def check_creation(ring: Keyring, site: Site, ticket: str, answer: str, handle: str, now: int) -> NewPasskey:
    """The new passkey; PasskeyRefusedError when the answer is not good."""
    return webauthn.verify_creation(site, answer, _read(ring, "create", ticket, now, handle), handle)


def add(
    session: Session, person_id: int, made: NewPasskey, name: str, ticket: str, now: int, *, trusted: bool = False
) -> None:
    """Stores it; PasskeyRefusedError when it was made for somebody else or used before, or there are too many."""
    people.lock_person(session, person_id)
    if made.handle != handle_of(session, person_id):
        raise PasskeyRefusedError("this passkey was made for somebody else")
    _use_up(session, ticket, now)
    if len(keys.passkeys_of(session, person_id)) >= MAX_PASSKEYS:
        raise PasskeyRefusedError("too many")
    is_new = keys.add_passkey(
        session,
        person_id=person_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        backed_up=made.backed_up,
        transports=made.transports,
        name=_clean(name),
        trusted=trusted,
        created_at=now,
        used_at=0,
    )
    if not is_new:
        raise PasskeyRefusedError("known already")
    record_change(session, person_id, "passkey-added", now)


def log_in(session: Session, ring: Keyring, site: Site, ticket: str, answer: str, now: int) -> Proof:
    """Who it is; PasskeyRefusedError for an unknown or removed passkey, a false or a used answer."""
    challenge = _read(ring, "login", ticket, now)
    credential_id, handle = webauthn.credential_and_user(answer)
    row = keys.passkey(session, credential_id)
    person = people.person(session, row.person_id) if row is not None else None
    if row is None or person is None or person.disabled or handle != person.handle:
        raise PasskeyRefusedError("unknown passkey")
    count, backed_up = webauthn.verify_request(site, answer, challenge, row.public_key, row.sign_count)
    _use_up(session, ticket, now)
    keys.use_passkey(session, row.id, count, backed_up, now)
    return Proof(person.id, METHODS, trusted=row.trusted)


def rename(session: Session, person: Person, passkey_id: int, name: str) -> bool:
    """False when it is not theirs."""
    return keys.rename_passkey(session, person.id, passkey_id, _clean(name))


def remove(session: Session, person: Person, passkey_id: int, now: int) -> bool:
    """False when it is not theirs, or the last way to log in."""
    people.lock_person(session, person.id)
    row = people.person(session, person.id)
    if row is None or (len(keys.passkeys_of(session, person.id)) <= 1 and not row.password_hash):
        return False
    if not keys.remove_passkey(session, person.id, passkey_id):
        return False
    record_change(session, person.id, "passkey-removed", now)
    return True


def _challenge(ring: Keyring, purpose: str, now: int, handle: str = "") -> tuple[str, bytes]:
    ticket = ring.sealer(f"passkey {purpose}").ticket({"handle": handle}, now + rules.CODE_MS)
    return ticket, hashlib.sha256(ticket.encode()).digest()


def _read(ring: Keyring, purpose: str, ticket: str, now: int, handle: str = "") -> bytes:
    try:
        facts = ring.sealer(f"passkey {purpose}").read_ticket(ticket, now)
    except ValueError as error:
        raise PasskeyRefusedError(str(error)) from error
    if facts["handle"] != handle:
        raise PasskeyRefusedError("this question was for somebody else")
    return hashlib.sha256(ticket.encode()).digest()


def _use_up(session: Session, ticket: str, now: int) -> None:
    if not codes.use_once(session, token_digest(ticket), now + rules.CODE_MS):
        raise PasskeyRefusedError("this answer was used before")


def _clean(name: str) -> str:
    return rules.clean_label(name, 60) or "Passkey"
