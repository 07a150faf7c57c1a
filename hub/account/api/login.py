"""Logging in with a password, and the second factor."""

import logging
import secrets

import pyotp

from hub.account import rules
from hub.account.api.guard import hasher, require_calm, throttle
from hub.account.api.keyring import Keyring
from hub.account.api.people import Proof, record, record_change
from hub.account.api.throttle import code_keys, login_keys
from hub.account.store import keys, people
from hub.core.db import Database, Session

log = logging.getLogger(__name__)

_STEP_S = 30  # RFC 6238
PASSWORD, OTP, RECOVERY = "pwd", "otp", "rcv"


def authenticate(database: Database, name: str, password: str, address: str, now: int) -> Proof | None:
    """What was proved, or None for an unknown name, a wrong password and a closed account alike (in like time).

    ThrottledError after too many failures from this address, BusyError when too many log in at once.
    """
    name = rules.normal_name(name)[:254]
    require_calm(throttle().wait_ms(login_keys(name, address), now))
    with database.read() as session:
        row = people.person_named(session, name)
        stored = row.password_hash if row is not None and not row.disabled else None
        proof = Proof(row.id, frozenset({PASSWORD}), bool(row.otp_secret)) if row is not None else None
    if not hasher().verify(stored, password[: rules.MAX_PASSWORD + 1]) or proof is None or stored is None:
        throttle().note(login_keys(name, address), now)
        log.warning("a log-in failed from %s", rules.network(address))
        return None
    throttle().forgive(("name", name, address))
    if hasher().is_outdated(stored):
        renewed = hasher().hash(password)
        database.write(lambda session: people.change_person(session, proof.person_id, password_hash=renewed))
    return proof


def check_second(database: Database, ring: Keyring, proof: Proof, typed: str, address: str, now: int) -> Proof | None:
    """The proof completed by a code of the app or a recovery code; None when it is wrong."""
    limits, person_id = code_keys(proof.person_id, address), proof.person_id
    require_calm(throttle().wait_ms(limits, now))
    if database.write(lambda session: _use_app_code(session, ring, person_id, typed, now)):
        return Proof(person_id, proof.methods | {OTP})
    if database.write(lambda session: use_recovery_code(session, ring, person_id, typed, now)):
        return Proof(person_id, proof.methods | {OTP, RECOVERY})
    throttle().note(limits, now)
    return None


def _use_app_code(session: Session, ring: Keyring, person_id: int, typed: str, now: int) -> bool:
    row = people.person(session, person_id)
    if row is None or not row.otp_secret:
        return False
    step = matching_step(ring.sealer("otp").open(row.otp_secret), typed, now)
    return step is not None and people.use_otp_step(session, person_id, step)


def matching_step(secret: str, typed: str, now: int) -> int | None:
    """The time step (of now, the one before or after) whose code was typed."""
    code, current = typed.replace(" ", ""), now // 1000 // _STEP_S
    app = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if secrets.compare_digest(app.at(step * _STEP_S).encode(), code.encode()):
            return step
    return None


def use_recovery_code(session: Session, ring: Keyring, person_id: int, typed: str, now: int) -> bool:
    """Takes a recovery code; False when it is none."""
    digest = ring.digest("recovery", str(person_id), rules.normal_code(typed))
    if not keys.use_recovery_code(session, person_id, digest):
        return False
    record_change(session, person_id, "recovery-code-used", now)
    return True


def new_recovery_codes(session: Session, ring: Keyring, person_id: int, now: int) -> list[str]:
    """Ten codes of 50 bits, shown once; older ones are worthless then."""
    made = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(rules.RECOVERY_CODES)]
    keys.set_recovery_codes(session, person_id, [ring.digest("recovery", str(person_id), one) for one in made])
    record(session, person_id, "recovery-codes-made", now)
    return [f"{code[:5]}-{code[5:]}" for code in made]


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like something else
