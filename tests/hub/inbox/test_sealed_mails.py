"""Mails wait sealed; what cannot be sent is forgotten after a day, and with its address."""

from pathlib import Path

import pytest
from sqlalchemy import text

from hub.account import api as account
from hub.core import events, jobs
from hub.core.db import Database
from hub.inbox import api, messages, work
from hub.settings import Settings
from tests.hub.account.desk import NOW

HOUSE = api.House("Bad Rappenau", "https://pass.example", b"k" * 32)
DAY = 86_400_000
ROSA, OTTO = "rosa@example.org", "otto@example.org"


def send(database: Database, recipient: str, code: str = "12345678") -> None:
    database.write(lambda s: api.send_mail(s, HOUSE, recipient, "code-register", "de", NOW, code=code))


def rows(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.execute(text("SELECT arguments FROM core_job ORDER BY id")).scalars())


def die(database: Database) -> None:
    """Every mail fails for good."""

    def fail(session) -> None:
        for one in jobs.claim(session, 50, now=NOW + 1):
            jobs.fail(session, one, "no such host", now=NOW + 1, chance=0.0, final=True)

    database.write(fail)


def test_neither_code_nor_address_can_be_read_in_the_table(database: Database) -> None:
    send(database, ROSA)
    (row,) = rows(database)
    assert "rosa" not in row
    assert "12345678" not in row
    (claimed,) = database.write(lambda s: jobs.claim(s, 50, now=NOW + 1))
    mail = api.opened(HOUSE.key, claimed.arguments)
    assert (mail["to"], "12345678" in mail["text"]) == (ROSA, True)
    with pytest.raises(ValueError, match="seal"):
        api.opened(b"x" * 32, claimed.arguments)


def test_a_dead_mail_is_forgotten_after_a_day_and_cannot_be_sent_then(database: Database, tmp_path: Path) -> None:
    send(database, ROSA)
    die(database)
    assert database.write(lambda s: api.forget_dead_mails(s, NOW + DAY)) == 0
    assert database.write(lambda s: api.forget_dead_mails(s, NOW + DAY + 2)) == 1
    assert rows(database) == ["{}"]
    handler = work.mailing(Settings(state_dir=tmp_path, demo=True), database)
    with pytest.raises(jobs.JobError, match="forgotten"):
        handler({}, jobs.Context(1, "mail 1", 1, NOW))


def test_with_an_account_go_its_waiting_and_dead_mails_but_nobody_elses(database: Database) -> None:
    send(database, ROSA)
    die(database)
    send(database, ROSA)
    send(database, OTTO)
    events.wire({kind: (handler,) for kind, handler in messages.handlers(HOUSE).items()})
    database.write(lambda s: events.announce(s, account.AccountErased(ROSA, "de", NOW + 2)))
    left = database.write(lambda s: jobs.claim(s, 50, now=NOW + 3))
    mails = [api.opened(HOUSE.key, one.arguments) for one in left]
    assert [(one["to"], one["subject"][:9]) for one in mails] == [(OTTO, "Ihr Code:"), (ROSA, "Ihr Konto")]
    assert len(rows(database)) == 2
