"""When a node needs a person: no see-saw at a limit, and every alert reaches mail and webhook."""

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from hypothesis import given
from hypothesis import strategies as st

from hub.core.db import Database
from hub.fleet import api
from hub.fleet.rules.alerts import LIMITS, figures, judge
from tests.hub import town
from tests.servers import free_port

NOW = 1_800_000_000_000
MINUTE = 60_000
GOOD = {"temperature_c": 50.0, "waiting": 3, "disk_free_mb": 9000, "battery_mv": 3900, "throttled": 0}


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def codes(said: dict[str, object], open_codes: frozenset[str] = frozenset(), overdue: int = 0, silent: int = 0) -> set:
    found = figures(said, NOW - silent * MINUTE, overdue, NOW)
    return {(change.code, change.opened) for change in judge(found, open_codes)}


def test_a_healthy_node_is_no_news() -> None:
    assert codes(GOOD) == set()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"temperature_c": 81.0}, "hot"),
        ({"waiting": 5000}, "backlog"),
        ({"throttled": 0x50005}, "power"),
        ({"disk_free_mb": 100}, "disk_full"),
        ({"disk_worn_percent": 90}, "disk_worn"),
        ({"battery_mv": 3200}, "battery"),
        ({"clock_offset_ms": -120_000}, "clock"),
        ({"certificate_until_ms": NOW + 5 * 24 * 60 * MINUTE}, "certificate"),
        ({"refused_v": 4, "config_v": 3}, "config"),
    ],
)
def test_each_figure_has_its_alert(said: dict[str, object], code: str) -> None:
    assert codes({**GOOD, **said}) == {(code, True)}
    assert codes({**GOOD, **said}, frozenset({code})) == set(), "an open alert is not raised again"


def test_silence_and_missing_messages_are_alerts_too() -> None:
    assert codes(GOOD, silent=6) == {("silent", True)}
    assert codes(GOOD, overdue=3) == {("lost", True)}


def test_a_node_with_settings_that_the_hub_does_not_know_is_an_alert_until_new_ones_are_saved(
    database: Database,
) -> None:
    say(database, "plaza", NOW, config_v=3)
    assert look(database, NOW) == [("plaza", "config_unknown", True)]
    by = api.By("x", "cli", NOW)
    database.write(lambda session: api.set_wifi(session, "plaza", {"off": True}, by))
    assert look(database, NOW) == [("plaza", "config_unknown", False)]


def test_between_the_limits_nothing_changes() -> None:
    for temperature in (79.0, 71.0):
        assert codes({**GOOD, "temperature_c": temperature}) == set()
        assert codes({**GOOD, "temperature_c": temperature}, frozenset({"hot"})) == set()
    assert codes({**GOOD, "temperature_c": 69.0}, frozenset({"hot"})) == {("hot", False)}


def test_what_a_node_does_not_say_neither_raises_nor_calms() -> None:
    assert codes({}, frozenset({"hot", "battery"})) == set()


@given(st.sampled_from(LIMITS), st.lists(st.floats(-1e4, 1e6), min_size=2, max_size=20))
def test_an_alert_flips_only_when_the_whole_band_was_crossed(limit, values: list[float]) -> None:
    is_open, turned_at = False, None
    for value in values:
        now_open = limit.judge(value, is_open)
        if now_open != is_open:
            if turned_at is not None:
                assert abs(value - turned_at) >= 0
            assert (value >= limit.at if limit.at > limit.over else value <= limit.at) == now_open
            is_open, turned_at = now_open, value


@given(
    st.dictionaries(
        st.sampled_from([limit.figure for limit in LIMITS] + ["throttled", "refused_v"]),
        st.none() | st.text() | st.booleans() | st.integers() | st.floats(),
    )
)
def test_any_status_is_judged_without_a_crash(said: dict[str, object]) -> None:
    judge(figures(said, None, 0, NOW), frozenset())


def say(database: Database, node: str, at: int, **said: object) -> None:
    body = {"ts": "2027-01-15T08:00:00.000Z", "state": "online", **said}
    database.write(lambda session: api.status(session, node, body, at))


def look(database: Database, now: int, channels: tuple[str, ...] = ()) -> list[tuple[str, str, bool]]:
    told = database.write(lambda session: api.judge_nodes(session, {}, channels, now))
    return [(one.node, one.code, one.opened) for one in told]


def test_an_alert_is_an_open_alarm_until_its_cause_is_gone(database: Database) -> None:
    say(database, "lake-b1", NOW, temperature_c=85.0)
    assert look(database, NOW) == [("lake-b1", "hot", True)]
    assert look(database, NOW + 1000) == []
    with database.read() as session:
        assert [alarm.code for alarm in api.alarms(session)] == ["hot"]
    database.write(lambda session: api.tidy(session, NOW + 3 * 60 * MINUTE))
    with database.read() as session:
        assert api.alarms(session), "a cause that lasts is not tidied away"
    say(database, "lake-b1", NOW + 2000, temperature_c=60.0)
    assert look(database, NOW + 2000) == [("lake-b1", "hot", False)]
    with database.read() as session:
        assert api.alarms(session) == []


def test_a_node_that_was_never_installed_is_not_silent(database: Database) -> None:
    assert look(database, NOW) == []


class Inbox(MessageHandler):
    """A real SMTP server's mailbox."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    box, port = Inbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


class Hook:
    """A web server that takes notices, and refuses the first so many."""

    def __init__(self, refusals: int) -> None:
        self.bodies: list[dict] = []
        self.refusals = refusals
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.refusals:
                    hook.refusals -= 1
                    self.send_error(503)
                    return
                hook.bodies.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/alarm"


def test_begin_and_end_reach_mail_and_webhook_once_each(database: Database, inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    hook = Hook(refusals=1)
    mail = api.Mail(f"smtp://127.0.0.1:{port}", "hub@town.example", "technik@town.example", "http://hub.example")
    senders = {"mail": mail.send, "webhook": api.Webhook(hook.url).send}
    say(database, "lake-b1", NOW, temperature_c=85.0)
    look(database, NOW, tuple(senders))
    say(database, "lake-b1", NOW, temperature_c=40.0)
    look(database, NOW, tuple(senders))
    for moment in range(0, 10 * MINUTE, MINUTE):
        api.send_notices(database, senders, NOW + moment)
    hook.server.shutdown()
    assert [mail["Subject"] for mail in box.mails] == [
        "Alarm: lake-b1 (hot)",
        "Wieder in Ordnung: lake-b1 (hot)",
    ]
    assert sorted(body["open"] for body in hook.bodies) == [False, True]
    assert {body["node"] for body in hook.bodies} == {"lake-b1"}


def test_what_is_the_hubs_own_names_no_node(database: Database, inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    mail = api.Mail(f"smtp://127.0.0.1:{port}", "hub@town.example", "technik@town.example", "http://hub.example")
    database.write(lambda session: api.notify(session, ("mail",), "job", "Ein Auftrag ist gescheitert.", NOW))
    api.send_notices(database, {"mail": mail.send}, NOW)
    (sent,) = box.mails
    assert sent["Subject"] == "Alarm: Leitstelle (job)"
    assert "Knoten" not in sent.get_payload().partition("Stadtknoten")[0]


def test_a_mail_server_that_is_away_is_tried_again_and_given_up_in_the_end(database: Database) -> None:
    mail = api.Mail(f"smtp://127.0.0.1:{free_port()}", "hub@town.example", "technik@town.example", "x")
    say(database, "lake-b1", NOW, temperature_c=85.0)
    look(database, NOW, ("mail",))
    tries = sum(api.send_notices(database, {"mail": mail.send}, NOW + hour * 60 * MINUTE) == 0 for hour in range(11))
    assert tries == 11
    assert api.send_notices(database, {"mail": mail.send}, NOW + 12 * 60 * MINUTE) == 1
    assert api.send_notices(database, {"mail": mail.send}, NOW + 13 * 60 * MINUTE) == 0
