"""What a person knows or carries: password and authenticator app; setting, changing, removing."""

from pathlib import Path

import pyotp

from hub.account import rules
from hub.account.api.guard import hasher
from hub.account.api.keyring import Keyring
from hub.account.api.login import matching_step
from hub.account.api.people import Person, record_change
from hub.account.gateway import strength
from hub.account.store import keys, people
from hub.core.db import Session


class WeakPasswordError(ValueError):
    """`problem`: short, long, guessable, breached."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def hash_password(password: str, name: str, breached: Path | None, known: tuple[str, ...] = ()) -> str:
    """The hash of a password that a person chose; WeakPasswordError says why it will not do, BusyError as in log-in."""
    if len(password) < rules.MIN_PASSWORD:
        raise WeakPasswordError("short")
    if len(password) > rules.MAX_PASSWORD:
        raise WeakPasswordError("long")
    words = [name, *name.replace("@", ".").split("."), "rappenau", "stadtknoten", *known]
    if rules.password_problem(password, name) or strength.is_guessable(password, words):
        raise WeakPasswordError("guessable")
    if strength.is_breached(password, breached):
        raise WeakPasswordError("breached")
    return hasher().hash(password)


def set_password(session: Session, person_id: int, password_hash: str, now: int) -> None:
    """Stores a hash of `hash_password`."""
    people.change_person(session, person_id, password_hash=password_hash)
    record_change(session, person_id, "password-set", now)


def remove_password(session: Session, person: Person, now: int) -> bool:
    """False when no passkey is left to log in with."""
    people.lock_person(session, person.id)
    if not keys.passkeys_of(session, person.id):
        return False
    people.change_person(session, person.id, password_hash=None, otp_secret="")
    record_change(session, person.id, "password-removed", now)
    return True


def new_app_secret() -> str:
    """A secret for an authenticator app (base 32, 160 bits)."""
    return pyotp.random_base32()


def app_address(secret: str, name: str, town: str) -> str:
    """otpauth:// address for the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=town)


def set_app(
    session: Session, ring: Keyring, person_id: int, secret: str, typed: str, now: int, *, trusted: bool = False
) -> bool:
    """Switches the app on once it showed a right code; False when the code is wrong."""
    step = matching_step(secret, typed, now)
    if step is None:
        return False
    sealed = ring.sealer("otp").seal(secret)
    people.change_person(session, person_id, otp_secret=sealed, otp_step=step, otp_trusted=trusted)
    record_change(session, person_id, "app-set", now)
    return True


def remove_app(session: Session, person_id: int, now: int) -> None:
    """Switches the app off."""
    people.change_person(session, person_id, otp_secret="", otp_step=0)
    record_change(session, person_id, "app-removed", now)
