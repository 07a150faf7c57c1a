"""Opening an account, and setting new keys after a reset or a recovery."""

from hub.account.api import codes, sessions
from hub.account.api.codes import RECOVER, REGISTER, RESET, Granted
from hub.account.api.keyring import token_digest
from hub.account.api.people import Proof, record, record_change
from hub.account.rules import CODE_MS, may_set
from hub.account.store import codes as code_store
from hub.account.store import keys, people
from hub.core.db import Session

__all__ = ["PASSKEY", "PASSWORD", "RECOVER", "REGISTER", "RESET", "TakenError", "codes", "finish", "start"]

PASSKEY, PASSWORD = "passkey", "password"


class TakenError(ValueError):
    """The address has an account by now, or the ticket was used or does not allow this key."""


def start(session: Session, granted: Granted, ticket: str, handle: str, language: str, now: int, key: str) -> int:
    """The person who will get a new `key`: newly made (register), or with the old keys taken away (recover, reset).

    TakenError when the ticket was used before or does not allow this key. Call it in the transaction that stores it.
    """
    if not may_set(granted.purpose, key):
        raise TakenError(f"{granted.purpose} does not allow a {key}")
    if not code_store.use_once(session, token_digest(ticket), now + CODE_MS * 4):
        raise TakenError("this ticket was used")
    if granted.purpose == REGISTER:
        if people.person_named(session, granted.mail) is not None:
            raise TakenError("this address has an account")
        try:
            person = people.add_person(
                session, name=granted.mail, handle=handle, language=language, created_at=now, seen_at=now
            )
        except people.NameTakenError as error:  # another browser was a moment quicker
            raise TakenError("this address has an account") from error
        record(session, person.id, "registered", now)
        return person.id
    if granted.person_id is None:
        raise TakenError("there is no such person")
    people.lock_person(session, granted.person_id)
    row = people.person(session, granted.person_id)
    if row is None or row.disabled or row.name != granted.mail:
        raise TakenError("the account is closed, or has another address by now")
    if granted.purpose == RECOVER:
        keys.remove_passkeys(session, granted.person_id)
        keys.set_recovery_codes(session, granted.person_id, [])
        people.unlink_identities(session, granted.person_id)
        people.change_person(session, granted.person_id, password_hash=None, otp_secret="", otp_step=0)
        record_change(session, granted.person_id, "recovered", now)
    sessions.end_others(session, granted.person_id, now)
    return granted.person_id


def finish(
    session: Session, granted: Granted, person_id: int, methods: frozenset[str], now: int, device: str, old_token: str
) -> str:
    """A session for who set a new key just now; returns its token. Keys of a recovery in person are trusted."""
    seen_in_person = granted.purpose == RECOVER
    if seen_in_person:
        keys.trust_all(session, person_id)
    proof = Proof(person_id, methods, trusted=seen_in_person)
    return sessions.open_session(session, proof, now, device, old_token)
