"""Mails that say no more than that something is there: at once, or once a day about everything new."""

from collections.abc import Callable, Sequence
from functools import partial

from hub.account import api as account
from hub.core import i18n
from hub.core.db import Database, Session
from hub.inbox import rules
from hub.inbox.api.events import NewMessage
from hub.inbox.api.letters import House, send_mail
from hub.inbox.rules import MailNotice
from hub.inbox.store import preferences as store

DIGEST_JOB = "inbox digest"
DIGEST_AT = "18:00"  # Europe/Berlin
_BATCH = 100  # people in one transaction


def choice(session: Session, person_id: int) -> MailNotice:
    """How a person wants to hear of messages."""
    return MailNotice(store.mail(session, person_id) or MailNotice.AT_ONCE)


def choose(session: Session, person_id: int, wanted: str) -> None:
    """at_once, daily or never; ValueError for anything else."""
    store.set_mail(session, person_id, MailNotice(wanted))


def tell(session: Session, house: House, event: NewMessage) -> None:
    """The mail about one message, unless the person wants none or one a day."""
    person = account.find(session, event.person_id)
    if person is None or "@" not in person.name:
        return
    if rules.is_at_once(choice(session, person.id), urgent=event.urgent):
        send_mail(session, house, person.name, "notice", person.language, event.now)
        store.mark_noticed(session, (event.message_id,), event.now)


def send_digests(database: Database, house: House, slot: int, now: int) -> int:
    """The mails of one evening, each once however often this runs; how many. `slot` is the evening's moment, ms."""
    sent, after = 0, 0
    while True:
        with database.read() as session:
            people = store.people_waiting(session, MailNotice.DAILY, slot, after, _BATCH)
        if not people:
            return sent
        write: Callable[[Session], int] = partial(_digests, house=house, people=people, slot=slot, now=now)
        sent += database.write(write)
        after = people[-1]


def _digests(session: Session, house: House, people: Sequence[int], slot: int, now: int) -> int:
    return sum(_digest(session, house, person_id, slot, now) for person_id in people)


def _digest(session: Session, house: House, person_id: int, slot: int, now: int) -> bool:
    """The mail and its mark stand or fall together; the unique key is the person and the day."""
    person = account.find(session, person_id)
    rows = store.unread_of_town(session, person_id)
    waiting = [rules.Waiting(row.id, row.created_at, row.read_at, row.noticed_at) for row in rows]
    told = rules.digest(choice(session, person_id), waiting, slot)
    if person is None or "@" not in person.name or not told:
        return False
    kind, key = "digest-one" if len(told) == 1 else "digest-many", f"digest:{person_id}:{i18n.local(slot).date()}"
    count = str(len(told))
    if not send_mail(session, house, person.name, kind, person.language, now, unique_key=key, count=count):
        return False
    store.mark_noticed(session, told, now)
    return True
