"""Codes that reach a person by mail or at the counter, and the tickets that they are exchanged for."""

import hmac
import secrets
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from hub.account import rules
from hub.account.api.events import AlreadyRegistered, CodeMade
from hub.account.api.guard import require_calm, throttle
from hub.account.api.keyring import Keyring
from hub.account.api.throttle import mail_keys, recipient_keys, recovery_keys
from hub.account.store import codes, people
from hub.core import events
from hub.core.db import Session

REGISTER, RESET, RECOVER, INVITE = "register", "reset", "recover", "invite"


@dataclass(frozen=True)
class Granted:
    """What a right code allows: to register this address, or to set new keys for this person."""

    purpose: str
    mail: str
    person_id: int | None = None


def valid_mail(typed: str) -> str:
    """The address in the form in which it is stored; ValueError when it cannot be one."""
    try:
        found = validate_email(typed.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise ValueError("this is no mail address") from None
    return rules.normal_name(found.normalized)


def allow_mail(mail: str, address: str, now: int, purpose: str = INVITE) -> None:
    """Counts a mail that somebody has sent; ThrottledError when it was too often."""
    limits = mail_keys(mail, purpose, address)
    if purpose == INVITE:
        limits |= recipient_keys(mail, purpose)
    require_calm(throttle().take(limits, now))


def has_room(mail: str, purpose: str, now: int) -> bool:
    """Counts a mail to this address, whoever asked for it; False when it would be too many for its owner."""
    return throttle().take(recipient_keys(mail, purpose), now) == 0


def allow_recovery(mail: str, address: str, now: int) -> None:
    """Counts a try with a code of the citizens' office; ThrottledError when there were too many from this address."""
    require_calm(throttle().take(recovery_keys(mail, address), now))


def forgive_recovery(mail: str, address: str, now: int) -> None:
    """That try was a right one."""
    throttle().give_back(recovery_keys(mail, address), now)


def ask(
    session: Session, ring: Keyring, purpose: str, mail: str, language: str, now: int, *, may_send: bool = True
) -> str:
    """Has a code sent; returns the id that the form carries. The answer tells nobody whether an account exists.

    Older codes still count, so that a stranger who asks for one takes nobody's away.
    """
    row = people.person_named(session, mail)
    fitting = row is None if purpose == REGISTER else row is not None and bool(row.password_hash) and not row.disabled
    code = f"{secrets.randbelow(10**8):08d}"
    code_id = _keep(session, ring, purpose, mail, code, now + rules.CODE_MS, row.id if row is not None else None)
    if fitting and may_send:
        events.announce(session, CodeMade(mail, code, purpose, row.language if row else language, now))
        return code_id
    codes.use(session, code_id)  # nobody knows this code, and it opens nothing
    if may_send and row is not None and not row.disabled:
        events.announce(session, AlreadyRegistered(mail, row.language, now))
    return code_id


def make_recovery(session: Session, ring: Keyring, person_id: int, mail: str, made_by: int, now: int) -> str:
    """A code that the citizens' office hands over, e.g. K7M2P-9QXWA; an older one counts no more."""
    code = "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(10))
    codes.end_for(session, mail, RECOVER)
    _keep(session, ring, RECOVER, mail, code, now + rules.RECOVERY_MS, person_id, made_by)
    return f"{code[:5]}-{code[5:]}"


def check(session: Session, ring: Keyring, purpose: str, code_id: str, typed: str, now: int) -> Granted | None:
    """What the code allows; None when it is wrong, over, used or was tried too often."""
    return _check(session, ring, codes.find(session, code_id, purpose), typed, now)


def check_recovery(session: Session, ring: Keyring, mail: str, typed: str, now: int) -> Granted | None:
    """The same for a code of the citizens' office, which comes with the mail address instead of an id.

    Wrong tries do not end it: anybody can make them, and nobody guesses 50 bits.
    """
    return _check(session, ring, codes.newest_for(session, mail, RECOVER), typed, now)


def _check(session: Session, ring: Keyring, row: codes.CodeRow | None, typed: str, now: int) -> Granted | None:
    if row is None or not rules.is_usable(codes.state(row), now):
        return None
    if row.purpose != RECOVER and not codes.take_try(session, row.id):
        return None
    digest = ring.digest("code", row.id, rules.normal_code(typed))
    if not hmac.compare_digest(digest, row.code_hash) or not codes.use(session, row.id):
        return None
    codes.end_for(session, row.mail, row.purpose)
    return Granted(row.purpose, row.mail, row.person_id if row.purpose != REGISTER else None)


def _keep(
    session: Session,
    ring: Keyring,
    purpose: str,
    mail: str,
    code: str,
    until: int,
    person_id: int | None,
    made_by: int | None = None,
) -> str:
    code_id = secrets.token_urlsafe(18)
    codes.add(
        session,
        id=code_id,
        purpose=purpose,
        mail=mail,
        person_id=person_id,
        code_hash=ring.digest("code", code_id, code),
        made_by=made_by,
        expires_at=until,
    )
    return code_id


def seal(ring: Keyring, granted: Granted, now: int) -> str:
    """A ticket for the next page."""
    facts = {"purpose": granted.purpose, "mail": granted.mail, "person": granted.person_id}
    return ring.sealer("granted").ticket(facts, now + rules.RECOVERY_MS)


def unseal(ring: Keyring, ticket: str, now: int) -> Granted:
    """ValueError when the ticket is over or not ours."""
    facts = ring.sealer("granted").read_ticket(ticket, now)
    return Granted(facts["purpose"], facts["mail"], facts["person"])
