"""Letters in both languages, mails as jobs, messages in the inbox."""

import re
from itertools import product
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from hub import app
from hub.account import api as account_api
from hub.core import events, jobs
from hub.core.db import Database
from hub.inbox import api, messages, rules, work
from hub.settings import Settings
from tests.hub.account.desk import NOW, register
from tests.servers import free_port

HOUSE = api.House("Bad Rappenau", "https://pass.example")


@pytest.mark.parametrize("kind", sorted(api.letters()))
def test_every_letter_has_both_languages_with_the_same_places(kind: str) -> None:
    german, english = api.letters()[kind]["de"], api.letters()[kind]["en"]
    for part in ("subject", "text"):
        places = [set(re.findall(r"%\((\w+)\)s", words[part])) for words in (german, english)]
        assert places[0] == places[1]


def test_every_change_of_keys_has_a_letter() -> None:
    source = "".join(path.read_text() for path in Path(account_api.__file__).parent.glob("*.py"))
    kinds = set(re.findall(r'record_change\([^"]*"([a-z-]+)"', source))
    assert len(kinds) >= 8
    assert {f"security-{kind}" for kind in kinds} <= set(api.letters())


def test_an_unknown_language_gets_german() -> None:
    assert rules.write(api.letters(), "notice", "fr", HOUSE.values()).subject.startswith("Neue Nachricht")


def test_every_letter_is_filled_in_completely_in_both_languages() -> None:
    for kind, language in product(api.letters(), ("de", "en")):
        letter = rules.write(
            api.letters(),
            kind,
            language,
            HOUSE.values(
                code="1", token="2", to="3", when="4", count="5", day="6", site="7", end="8", page="9", sum="10"
            ),
        )
        assert letter.subject.strip()
        assert letter.text.strip()
        assert "%(" not in letter.subject + letter.text


def test_letters_use_short_sentences() -> None:
    for kind, language in product(api.letters(), ("de", "en")):
        text = re.sub(r"\S*%\(\w+\)s\S*", "X", api.letters()[kind][language]["text"])
        for sentence in re.split(r"[.!?:]\s|\n\n", text):
            assert len(sentence.split()) <= 22, f"{kind} {language}: {sentence}"


def test_a_change_of_keys_lands_in_the_inbox_and_the_mail_does_not_tell_what(database: Database) -> None:
    events.wire({event: (handler,) for event, handler in messages.handlers(HOUSE).items()})
    rosa = register(database, "rosa@example.org")
    with database.read() as session:
        (message,) = api.listed(session, rosa)
        assert "Passwort" in message.subject
        assert api.unread(session, rosa) == 1
    (job,) = _mails(database)
    assert "Passwort" not in job["subject"] + job["text"]
    database.write(lambda s: api.mark_read(s, rosa, message.id, NOW + 5))
    with database.read() as session:
        assert api.unread(session, rosa) == 0
        assert api.thread(session, rosa + 1, message.id) is None
    with pytest.raises(api.RefusedError, match="unknown"):
        database.write(lambda s: api.remove(s, rosa + 1, message.id, NOW))
    database.write(lambda s: api.remove(s, rosa, message.id, NOW))
    with database.read() as session:
        assert api.listed(session, rosa) == []


def _mails(database: Database) -> list[dict[str, str]]:
    claimed = database.write(lambda s: jobs.claim(s, 50, now=NOW + 1, lease_ms=1000))
    return [one.arguments for one in claimed if one.kind == api.MAIL_JOB]


def test_a_mail_reaches_a_real_smtp_server_with_an_id_that_stays_the_same(database: Database) -> None:
    class Post:
        got: list = []  # noqa: RUF012

        async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
            self.got.append(envelope)
            return "250 OK"

    port, post = free_port(), Post()
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = Settings(smtp_url=f"smtp://127.0.0.1:{port}", mail_from="stadt@town.example")
        send = work.mailing(settings, database)
        facts = {"to": "rosa@example.org", "subject": "Grüße", "text": "Guten Tag,\n\nSalz & Söhne"}
        for attempt in (1, 2):
            assert send(facts, jobs.Context(7, "mail-7-1", attempt, NOW)) is None
    finally:
        server.stop()
    bodies = [envelope.content.decode() for envelope in post.got]
    assert [re.search(r"Message-ID: (.*)", body).group(1).strip() for body in bodies] == ["<mail-7-1@town.example>"] * 2
    assert post.got[0].rcpt_tos == ["rosa@example.org"]


def test_without_a_mail_server_a_person_is_told_instead_of_a_mail_getting_lost(database: Database) -> None:
    send = work.mailing(Settings(), database)
    with pytest.raises(jobs.JobError, match="HUB_SMTP_URL"):
        send({"to": "a@b.de", "subject": "x", "text": "y"}, jobs.Context(1, "mail-1-1", 1, NOW))


def test_the_demonstration_keeps_its_mails_on_the_screen_and_not_for_ever(database: Database) -> None:
    send = work.mailing(Settings(demo=True), database)
    for number in range(205):
        effect = send({"to": "a@b.de", "subject": str(number), "text": "y"}, jobs.Context(1, "mail-1-1", 1, NOW))
        assert effect is not None
        database.write(effect)
    with database.read() as session:
        mails = api.demo_mails(session)
    assert (len(mails), mails[0].subject) == (200, "204")


def test_the_wiring_of_the_town_includes_the_inbox() -> None:
    table = app.events_of(Settings())
    assert {event.__name__ for event in table} >= {"CodeMade", "AlreadyRegistered", "Invited", "SecurityChanged"}
