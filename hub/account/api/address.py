"""Another mail address for an account: a code proves that the new one is theirs, the old one hears of it."""

import secrets

from hub.account import rules
from hub.account.api import codes, demo, sessions
from hub.account.api.events import AlreadyRegistered, CodeMade, MailChanged
from hub.account.api.keyring import Keyring
from hub.account.api.people import Person, record_change
from hub.account.store import codes as code_store
from hub.account.store import people
from hub.core import events
from hub.core.db import Session

MAIL = "mail"


class TakenError(Exception):
    """The address became another account's in the meantime; only who reads its mails gets to know."""


def may_change(person: Person) -> bool:
    """Whether the account has a mail address that is its owner's; invented people of the demonstration keep theirs."""
    return rules.is_mail(person.name) and demo.persona_of(person) is None


def ask(session: Session, ring: Keyring, person: Person, mail: str, now: int) -> str:
    """Has a code sent to the new address; returns the id that the form carries.

    For an address that has an account there is no code that opens anything; its owner hears of it instead.
    """
    owner = people.person_named(session, mail)
    code, code_id = f"{secrets.randbelow(10**8):08d}", secrets.token_urlsafe(18)
    code_store.add(
        session,
        id=code_id,
        purpose=MAIL,
        mail=mail,
        person_id=person.id,
        code_hash=ring.digest("code", code_id, code),
        made_by=None,
        expires_at=now + rules.CODE_MS,
    )
    if owner is None:
        events.announce(session, CodeMade(mail, code, MAIL, person.language, now))
        return code_id
    code_store.use(session, code_id)
    if not owner.disabled:
        events.announce(session, AlreadyRegistered(mail, owner.language, now))
    return code_id


def change(session: Session, ring: Keyring, person: Person, code_id: str, typed: str, now: int) -> bool:
    """Gives the account the proven address and ends every other session; False for a wrong code. TakenError."""
    granted = codes.check(session, ring, MAIL, code_id, typed, now)
    if granted is None or granted.person_id != person.id:
        return False
    if not people.change_name(session, person.id, granted.mail):
        raise TakenError
    code_store.forget_mail(session, person.name)  # what was sent to the old address opens nothing any more
    record_change(session, person.id, "mail-changed", now)
    sessions.end_others(session, person.id, now, but=person.session_id)
    events.announce(session, MailChanged(person.name, person.language, now))
    return True
