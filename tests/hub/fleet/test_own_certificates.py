"""The hub's own certificates: people hear of their end once, in time, and are told what to do."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.authority import Authority
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.fleet import api, store
from hub.fleet.api import Own, Places
from hub.fleet.rules import certificates as rules
from hub.rounds import certificate_places
from hub.settings import Settings

NOW = 1_800_000_000_000
DAY = 86_400_000
LEAF = Own("broker", NOW + 31 * DAY, ours=True)


def test_thirty_days_before_the_end_and_not_earlier() -> None:
    assert rules.judge([LEAF], NOW).begin == []
    assert rules.judge([LEAF], NOW + DAY).begin == [LEAF]


def test_a_foreign_certificate_that_a_machine_renews_in_time_is_no_news() -> None:
    foreign = replace(LEAF, until=NOW + 15 * DAY, ours=False)
    assert rules.judge([foreign], NOW).begin == []
    assert rules.judge([foreign], NOW + DAY).begin == [foreign]


@given(st.lists(st.integers(-400, 900), max_size=30), st.integers(0, 900))
def test_begin_and_end_alternate_whatever_the_ends_are(untils: list[int], first: int) -> None:
    one, told = replace(LEAF, until=NOW + first * DAY), []
    for days in untils:
        one = replace(one, until=NOW + days * DAY)
        judged = rules.judge([one], NOW)
        told += ["begin"] * len(judged.begin) + ["end"] * len(judged.end)
        one = replace(one, warned=bool(judged.begin) or (one.warned and not judged.end))
        assert one.warned == rules.is_due(one, NOW)
    assert told == ["begin", "end"] * (len(told) // 2) + ["begin"] * (len(told) % 2)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (LEAF, "ansible-playbook site.yml --limit hubs"),
        (Own("web", LEAF.until, ours=False), "hub_tls_certificate"),
        (Own("broker", LEAF.until, ours=False), "Betreiber des Brokers"),
        (Own("authority", LEAF.until, ours=True), "schreiben Sie danach jeden Knoten neu ein"),
    ],
)
def test_the_sentence_says_what_to_do(one: Own, words: str) -> None:
    assert words in rules.sentence(one, NOW)
    assert "gilt noch 31 Tage" in rules.sentence(one, NOW)
    assert "ist seit dem" in rules.sentence(one, one.until)


def keep(
    database: Database, seen: list[Own], now: int, names: tuple[str, ...] = ("broker", "web")
) -> list[tuple[str, bool, str]]:
    told = database.write(lambda session: api.keep_own(session, seen, names, ("mail", "webhook"), now))
    return [(one.code, one.opened, one.text) for one in told]


def test_what_ends_together_is_one_message_for_each_channel_and_said_once(database: Database) -> None:
    web = replace(LEAF, name="web")
    assert keep(database, [LEAF, web], NOW) == []
    ((code, opened, text),) = keep(database, [LEAF, web], NOW + 2 * DAY)
    assert (code, opened) == ("hub_certificate", True)
    assert "Brokers gilt noch 29 Tage" in text
    assert "Webservers gilt noch 29 Tage" in text
    assert keep(database, [], NOW + 3 * DAY) == [], "said already, though neither answers now"
    with database.read() as session:
        waiting = [(row.channel, json.loads(row.body)["code"]) for row in store.notices(session, NOW + 9 * DAY, 9)]
        assert [one.name for one in api.own_certificates(session)] == ["broker", "web"]
    assert sorted(waiting) == [("mail", "hub_certificate"), ("webhook", "hub_certificate")]
    ((_code, opened, text),) = keep(database, [replace(LEAF, until=NOW + 800 * DAY)], NOW + 4 * DAY)
    assert not opened
    assert "Broker" in text
    assert "Web" not in text
    keep(database, [], NOW + 5 * DAY, names=("web",))
    with database.read() as session:
        assert [one.name for one in api.own_certificates(session)] == ["web"]


@contextlib.contextmanager
def server(directory: Path, days: int, now: int) -> Iterator[int]:
    """A server that shows a certificate of `directory`'s authority and wants one of its clients."""
    authority = Authority(directory / "ca")
    issued, key = authority.issue_pair("hub.example", now, days, ("hub.example",))
    (directory / "server.pem").write_bytes(issued.pem.encode() + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    context.load_verify_locations(directory / "ca" / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the client is asked before it is through
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True):
                        pass

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_what_a_server_shows_is_seen_and_what_lies_in_files(tmp_path: Path) -> None:
    now = now_ms() // 1000 * 1000
    with server(tmp_path, 40, now) as port:
        issued, key = Authority(tmp_path / "ca").issue_pair("stadtknoten hub", now, 50)
        (tmp_path / "hub.crt").write_text(issued.pem)
        (tmp_path / "hub.key").write_bytes(key)
        settings = Settings(
            state_dir=tmp_path,
            broker_url=f"mqtts://hub.invalid:{port}",
            broker_cert_file=tmp_path / "hub.crt",
            broker_key_file=tmp_path / "hub.key",
            public_url="https://127.0.0.1:9",
        )
        places = certificate_places(settings)
        found = {one.name: one for one in api.look_at_certificates(places)}
    assert set(found) == {"broker", "hub", "authority"}, "the web server does not answer"
    assert sorted(places.names) == ["authority", "broker", "hub", "web"]
    assert (found["broker"].until, found["broker"].ours) == (now + 40 * DAY, True)
    assert (found["hub"].until, found["hub"].ours) == (now + 50 * DAY, True)


def test_a_town_without_certificates_has_nothing_to_show(tmp_path: Path) -> None:
    places = certificate_places(Settings(state_dir=tmp_path))
    assert places.names == []
    assert api.look_at_certificates(places) == []
    assert api.look_at_certificates(Places({}, {"authority": tmp_path / "none"}, tmp_path / "none")) == []
