"""Logging in with a password, and the second factor."""

import logging
import secrets

import pyotp

from hub.account import rules
from hub.account.api.guard import hasher, require_calm, throttle
from hub.account.api.hashing import BusyError
from hub.account.api.keyring import Keyring
from hub.account.api.people import Proof, record, record_change
from hub.account.api.throttle import code_keys, login_keys, name_key
from hub.account.store import keys, people
from hub.core.db import Database, Session

log = logging.getLogger(__name__)

_STEP_S = 30  # RFC 6238
_HALF_MS = 5 * rules.MINUTE
PASSWORD, OTP, RECOVERY = "pwd", "otp", "rcv"


def authenticate(database: Database, name: str, password: str, address: str, now: int) -> Proof | None:
    """What was proved, or None for an unknown name, a wrong password and a closed account alike (in like time).

    ThrottledError after too many failures from this address, BusyError when too many log in at once.
    """
    name = rules.normal_name(name)[:254]
    limits = login_keys(name, address)
    require_calm(throttle().take(limits, now))
    with database.read() as session:
        row = people.person_named(session, name)
        stored = row.password_hash if row is not None and not row.disabled else None
        proof = Proof(row.id, frozenset({PASSWORD}), bool(row.otp_secret)) if row is not None else None
    try:
        is_right = hasher().verify(stored, password[: rules.MAX_PASSWORD + 1])
    except BusyError:
        throttle().give_back(limits, now)
        raise
    if not is_right or proof is None or stored is None:
        log.warning("a log-in failed from %s", rules.logged_network(address))
        return None
    throttle().give_back(limits, now)
    throttle().forgive(name_key(name, address))
    if hasher().is_outdated(stored):
        renewed = hasher().hash(password)
        database.write(lambda session: people.change_person(session, proof.person_id, password_hash=renewed))
    return proof


def check_second(database: Database, ring: Keyring, proof: Proof, typed: str, address: str, now: int) -> Proof | None:
    """The proof completed by a code of the app or a recovery code; None when it is wrong."""
    limits, person_id = code_keys(proof.person_id, address), proof.person_id
    require_calm(throttle().take(limits, now))
    trusted = database.write(lambda session: _use_app_code(session, ring, person_id, typed, now))
    methods = proof.methods | {OTP}
    if trusted is None:
        trusted = database.write(lambda session: use_recovery_code(session, ring, person_id, typed, now))
        methods |= {RECOVERY}
    if trusted is None:
        return None
    throttle().give_back(limits, now)
    return Proof(person_id, methods, trusted=trusted)


def seal_half(session: Session, ring: Keyring, proof: Proof, browser: str, now: int) -> str:
    """A ticket for who still has to show a second factor: for this browser, while password and app stay as they are."""
    facts = {
        "person": proof.person_id,
        "methods": sorted(proof.methods),
        "browser": browser,
        "keys": _keys_digest(session, ring, proof.person_id),
    }
    return ring.sealer("second").ticket(facts, now + _HALF_MS)


def open_half(session: Session, ring: Keyring, ticket: str, browser: str, now: int) -> Proof:
    """What was proved; ValueError for a false or old ticket, another browser's, and after a change of the keys."""
    facts = ring.sealer("second").read_ticket(ticket, now)
    if not browser or facts["browser"] != browser:
        raise ValueError("another browser began this")
    if facts["keys"] != _keys_digest(session, ring, facts["person"]):
        raise ValueError("the password or the app is another one by now")
    return Proof(facts["person"], frozenset(facts["methods"]), needs_code=True)


def _keys_digest(session: Session, ring: Keyring, person_id: int) -> str:
    row = people.person(session, person_id)
    if row is None or row.disabled:
        raise ValueError("there is no such person")
    return ring.digest("half log-in", row.password_hash or "", row.otp_secret)[:16]


def _use_app_code(session: Session, ring: Keyring, person_id: int, typed: str, now: int) -> bool | None:
    """Whether the app is trusted; None for a wrong code."""
    row = people.person(session, person_id)
    if row is None or not row.otp_secret:
        return None
    step = matching_step(ring.sealer("otp").open(row.otp_secret), typed, now)
    if step is None or not people.use_otp_step(session, person_id, step):
        return None
    return row.otp_trusted


def matching_step(secret: str, typed: str, now: int) -> int | None:
    """The time step (of now, the one before or after) whose code was typed."""
    code, current = typed.replace(" ", ""), now // 1000 // _STEP_S
    app = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if secrets.compare_digest(app.at(step * _STEP_S).encode(), code.encode()):
            return step
    return None


def use_recovery_code(session: Session, ring: Keyring, person_id: int, typed: str, now: int) -> bool | None:
    """Takes a recovery code; whether it is trusted, None when it is none."""
    digest = ring.digest("recovery", str(person_id), rules.normal_code(typed))
    trusted = keys.use_recovery_code(session, person_id, digest)
    if trusted is not None:
        record_change(session, person_id, "recovery-code-used", now)
    return trusted


def new_recovery_codes(
    session: Session, ring: Keyring, person_id: int, now: int, *, trusted: bool = False
) -> list[str]:
    """Ten codes of 50 bits, shown once; older ones are worthless then."""
    people.lock_person(session, person_id)
    made = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(rules.RECOVERY_CODES)]
    hashes = [ring.digest("recovery", str(person_id), one) for one in made]
    keys.set_recovery_codes(session, person_id, hashes, trusted=trusted)
    record(session, person_id, "recovery-codes-made", now)
    return [f"{code[:5]}-{code[5:]}" for code in made]


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like something else
