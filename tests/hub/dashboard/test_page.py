"""The control room's page with everything that can go wrong in it."""

import json
import re

import flask
import pytest
from flask.testing import FlaskClient

from hub.bulletin import api as bulletin
from hub.core.clock import now_ms
from hub.fleet import api as fleet
from tests.hub.dashboard.conftest import BOARD, LAKE, MARKET, Town

EVIL = "<script>alert('boo')</script><img src=x onerror=alert(1)>"


def page(client: FlaskClient, lang: str = "de") -> str:
    answer = client.get(f"/admin?lang={lang}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def title(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert found is not None
    return found.group(1).strip()


def test_a_stranger_is_sent_to_the_log_in_and_back(app: flask.Flask) -> None:
    answer = app.test_client().get("/admin")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/anmelden?next=%2Fadmin"


@pytest.mark.parametrize(("lang", "words"), [("de", "Alles läuft"), ("en", "All is well")])
def test_an_empty_town_is_calm_in_both_languages(admin: FlaskClient, lang: str, words: str) -> None:
    assert title(page(admin, lang)) == words


def test_a_living_node_shows_its_devices_and_load_and_the_others_are_counted(admin: FlaskClient, town: Town) -> None:
    town.status(LAKE, clients=92, capacity=200)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(admin)))
    for words in ("92 von 100", "Kurpark am See", "Fast voll", "1 von 2 verbunden , 1 noch nie gemeldet"):
        assert words in text
    assert "0 von 1 verbunden , 1 noch nie gemeldet" in text, "the board"


def test_few_nodes_get_a_line_and_the_worst_come_first(admin: FlaskClient, town: Town) -> None:
    town.status(LAKE)
    town.status(MARKET)
    town.status(BOARD)
    town.database.write(lambda session: fleet.raise_alarm(session, MARKET, "hot", "Zu warm.", now_ms()))
    html = page(admin)
    assert re.findall(r'rowheader" scope="row"><a href="/admin/knoten/([^"]+)"', html) == [MARKET, LAKE], (
        "a good board has none"
    )
    assert "zu warm" in html


def test_a_silent_node_needs_a_person(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, now_ms() - 3_600_000)
    html = page(admin)
    assert title(html) == "Eine Sache braucht Sie heute"
    assert "Rathausplatz: keine Verbindung" in html
    assert title(page(admin, "en")) == "One thing needs you today"


def test_every_kind_of_bad_input_is_counted_and_listed(admin: FlaskClient, town: Town) -> None:
    town.bay(1)
    town.bay(1)  # duplicate
    town.bay(3)  # 2 is missing
    town.receive(BOARD, "bay", b"{not json")
    town.receive(BOARD, "bay", {"outbox": "a", "seq": 4, "bay": 5, "state": "free"})
    town.receive("stranger", "bay", {"outbox": "x", "seq": 1, "bay": "thermarium-001", "state": "free"})
    town.bay(5, bay="elsewhere-001")
    town.receive(BOARD, "bay", b"x" * 1_000_000)
    town.bay(6, ts="2099-01-01T00:00:00.000Z")
    town.bay(7, ts="2009-01-01T00:00:00.000Z")
    html = page(admin)
    for words in ("kein JSON", "falscher Typ: bay", "unbekannter Knoten", "unbekannter Stellplatz"):
        assert words in html
    for words in ("größer als 64 KiB", "Uhr geht vor", "Uhr geht nach", "2–2", "1.000.000 Byte"):
        assert words in html
    assert "Kein Messwert verloren" in html  # the gap is young, its message may be on its way
    english = page(admin, "en")
    for words in ("not JSON", "unknown node", "clock is fast", "5 messages refused", "2 messages in quarantine"):
        assert words in english


def test_the_proof_adds_up_with_bad_input_in_it(admin: FlaskClient, town: Town) -> None:
    for seq in (1, 2, 5):
        town.bay(seq)
    town.bay(6, ts="2099-01-01T00:00:00.000Z")
    town.receive(BOARD, "bay", {"outbox": "a", "seq": 7, "bay": 5, "state": "free"})
    html = re.sub(r"\s+", " ", page(admin))
    heaps = re.findall(
        r"<dt>(Von Knoten nummeriert|Gespeichert|Begründet beiseite|Unterwegs|Verloren)</dt>\s*<dd>(\d+)", html
    )
    assert dict(reversed(heaps)) == {
        "Von Knoten nummeriert": "7",
        "Gespeichert": "3",
        "Begründet beiseite": "2",
        "Unterwegs": "2",
        "Verloren": "0",
    }


def test_an_old_gap_is_a_loss(admin: FlaskClient, town: Town) -> None:
    before = now_ms() - 3_600_000
    town.receive(BOARD, "bay", {"outbox": "a", "seq": 3, "bay": "thermarium-001", "state": "free"}, before)
    html = page(admin)
    assert "2 Messwerte fehlen" in html
    assert "2 Meldungen fehlen" in html


def test_two_nodes_with_one_name_raise_a_line(admin: FlaskClient, town: Town) -> None:
    for outbox in ("a", "b", "a", "b"):
        town.status(LAKE, outbox=outbox)
    assert "Kurpark am See: zwei Geräte unter einem Namen" in page(admin)
    assert "Spa lake: two devices under one name" in page(admin, "en")


def test_nothing_that_came_from_outside_becomes_markup(admin: FlaskClient, town: Town) -> None:
    town.receive(BOARD, "bay", EVIL.encode())
    town.receive(EVIL.replace("/", ""), "bay", b"{}")
    town.status(LAKE, software=EVIL, protocol=EVIL)
    town.receive(LAKE, "alarm", {"outbox": "a", "seq": 1, "code": EVIL, "text": EVIL})
    town.bay(1, bay=EVIL)
    town.database.write(lambda session: fleet.raise_alarm(session, EVIL, EVIL, EVIL, now_ms()))
    town.database.write(
        lambda session: bulletin.leave_feedback(session, text=EVIL, page=EVIL, contact=EVIL, now=now_ms())
    )
    for lang in ("de", "en"):
        html = page(admin, lang)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;" in html


def test_control_characters_in_a_payload_become_dots(admin: FlaskClient, town: Town) -> None:
    town.receive(BOARD, "bay", b"\x00\x1b[31mred\x07\xff\xfe")
    assert "··" not in page(admin).split("[31mred")[1][:1]
    assert "·[31mred·" in page(admin)


def test_feedback_on_accessibility_is_read_here(admin: FlaskClient, town: Town) -> None:
    text = "Die Karte lässt sich nicht mit der Tastatur bedienen."
    town.database.write(
        lambda session: bulletin.leave_feedback(session, text=text, page="/parken", contact="", now=now_ms())
    )
    html = page(admin)
    assert text in html
    assert "1 Rückmeldung zur Barrierefreiheit" in html


def test_bays_are_counted_and_drawn(admin: FlaskClient, town: Town) -> None:
    town.bay(1, "occupied", "thermarium-001")
    town.bay(2, "free", "thermarium-002")
    town.bay(3, "faulty", "thermarium-003")
    html = page(admin)
    assert "1 belegt, 1 frei, 0 ohne Daten, 1 gestört" in html
    assert "1 Sensor gestört" in html


def test_no_style_or_script_stands_inline(admin: FlaskClient, town: Town) -> None:
    town.bay(1)
    html = page(admin)
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", html)


def test_json_of_a_payload_is_shown_as_it_came(admin: FlaskClient, town: Town) -> None:
    town.receive(BOARD, "bay", json.dumps({"state": "frei & belegt"}).encode())
    assert "frei &amp; belegt" in page(admin)
