"""The page of one node: its proof, its figures, and what an administrator asks of it."""

import re

import flask
import pytest
from flask.testing import FlaskClient

from edge import wire
from hub.core.clock import now_ms
from hub.fleet import api as fleet
from tests.hub.dashboard.conftest import BOARD, MARKET, Town

EVIL = "<script>alert('boo')</script>"


def page(client: FlaskClient, node: str = BOARD, lang: str = "de") -> str:
    answer = client.get(f"/admin/knoten/{node}?lang={lang}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def send(client: FlaskClient, path: str, **fields: str) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', page(client))
    assert token is not None
    return client.post(f"/admin/knoten/{BOARD}/{path}", data={"csrf": token.group(1), **fields})


def test_only_an_admin_sees_it(app: flask.Flask) -> None:
    assert app.test_client().get(f"/admin/knoten/{BOARD}").status_code == 303
    assert app.test_client().post(f"/admin/knoten/{BOARD}/befehl").status_code in (401, 403)


@pytest.mark.parametrize(("lang", "words"), [("de", "Kein Messwert verloren"), ("en", "No reading lost")])
def test_the_proof_counts_what_came(admin: FlaskClient, town: Town, lang: str, words: str) -> None:
    for seq in (1, 2, 3, 3, 4):
        town.bay(seq)
    text = plain(page(admin, lang=lang))
    assert words in text
    assert re.search(r"(Empfangen|Received) 4 ", text)
    assert re.search(r"(Doppelt, nur einmal gezählt|Duplicates, counted once|counted once) 1 ", text)


def test_a_gap_is_listed_and_called_lost_after_ten_minutes(admin: FlaskClient, town: Town) -> None:
    long_ago = now_ms() - 11 * 60_000
    town.receive(BOARD, "bay", {"outbox": "a", "seq": 1, "bay": "thermarium-001", "state": "free"}, long_ago)
    town.receive(BOARD, "bay", {"outbox": "a", "seq": 5, "bay": "thermarium-001", "state": "free"}, long_ago)
    text = plain(page(admin))
    assert "3 Messwerte fehlen" in text
    assert "2–4" in text
    for seq in (2, 3, 4):
        town.bay(seq)
    text = plain(page(admin))
    assert "Kein Messwert verloren" in text
    assert "Keine Lücke" not in text, "that it was filled late stays to be seen"


def test_the_nodes_own_figures_are_shown(admin: FlaskClient, town: Town) -> None:
    said = {"temperature_c": 61.5, "throttled": 0x50001, "disk_worn_percent": 30, "battery_mv": 3612, "waiting": 12}
    until = wire.format_ms(now_ms() + 40 * 86_400_000)
    town.status(BOARD, **said, software="stadtknoten 0.1.0", certificate_until=until, synced=True)
    text = plain(page(admin))
    for words in ("61,5 °C", "Unterspannung", "30 %", "3.612 mV", "stadtknoten 0.1.0", "Zertifikat gilt bis"):
        assert words in text


@pytest.mark.parametrize(
    ("offset_ms", "words"),
    [(-43, "Uhr 43 ms nach"), (2300, "Uhr 2,3 s vor"), (-95_000, "Uhr 1 Min. nach, bitte Zeitdienst prüfen")],
)
def test_the_clock_is_said_in_words(admin: FlaskClient, town: Town, offset_ms: int, words: str) -> None:
    now = now_ms()
    town.receive(
        BOARD,
        "status",
        {"state": "online", "synced": True, "ts": wire.format_ms(now + offset_ms), "uptime_s": 93_600},
        now,
    )
    text = plain(page(admin))
    assert words in text
    assert "Läuft seit 1 Tag 2 Std." in text
    assert ("prüfen" in text) == (abs(offset_ms) >= 60_000)


def test_the_head_of_the_page_and_its_boxes_say_the_same(admin: FlaskClient, town: Town) -> None:
    text = plain(page(admin))
    assert text.count("Noch nie gemeldet") == 2
    assert f"node enrol {BOARD}" in text
    for words in ("Kein Messwert verloren", "Befehle", "gehört"):
        assert words not in text
    town.status(BOARD)
    text = plain(page(admin))
    assert "Noch nichts zu zählen: Bisher kam nur sein Zustand" in text
    for words in ("Kein Messwert verloren", "noch nichts gemeldet", "Noch nie gemeldet"):
        assert words not in text
    town.bay(1)
    assert "Kein Messwert verloren" in plain(page(admin))
    town.database.write(lambda session: fleet.raise_alarm(session, BOARD, "hot", "Zu warm.", now_ms() - 120_000))
    head, _, rest = plain(page(admin)).partition("Zu warm.")
    assert rest.startswith(" Zuerst vor 2 Min. "), "one full stop"
    assert "Meldung" in head
    assert " Gut " not in head


def test_an_unknown_node_is_a_404(admin: FlaskClient) -> None:
    assert admin.get("/admin/knoten/nowhere").status_code == 404


def test_a_command_is_kept_told_and_answered(admin: FlaskClient, town: Town) -> None:
    assert send(admin, "befehl", befehl="identify").status_code == 303
    told: list[tuple[str, dict]] = []
    fleet.tell(
        town.database, lambda topic, body, _r: told.append((topic, wire.decode("command", body))) or True, now_ms()
    )
    assert [topic for topic, _ in told] == [f"hub/v1/{BOARD}/command"]
    assert "noch keine Antwort" in page(admin)
    answer = {"id": told[0][1]["id"], "ok": False, "text": "this node has no light"}
    town.receive(MARKET, "answer", {**answer, "text": "of somebody else"})
    town.receive(BOARD, "answer", answer)
    assert "this node has no light" in page(admin)
    fleet.tell(town.database, lambda *_: pytest.fail("told twice"), now_ms())


def test_nothing_else_can_be_asked(admin: FlaskClient) -> None:
    assert send(admin, "befehl", befehl="rm").status_code == 400


def test_a_configuration_goes_out_retained_and_its_fate_is_shown(admin: FlaskClient, town: Town) -> None:
    town.status(BOARD, bays=["thermarium-001"])
    fields = {"occupied_after_s": "6", "thermarium-001.occupied_below_m": "0,8", "thermarium-001.free_above_m": "1,1"}
    assert send(admin, "konfiguration", **fields).status_code == 303
    told: list[tuple[str, dict, bool]] = []
    fleet.tell(
        town.database,
        lambda topic, body, retain: told.append((topic, wire.decode("config", body), retain)) or True,
        now_ms(),
    )
    ((topic, body, retained),) = told
    assert (topic, retained, body["v"]) == (f"hub/v1/{BOARD}/config", True, 1)
    assert body["rules"] == {"occupied_after_s": 6}
    assert body["bays"] == [{"id": "thermarium-001", "occupied_below_m": 0.8, "free_above_m": 1.1}]
    assert "Fassung 1 ist unterwegs" in page(admin)
    town.status(BOARD, bays=["thermarium-001"], refused_v=1, refused_why=EVIL)
    html = page(admin)
    assert "Fassung 1 wurde abgelehnt" in html
    assert EVIL not in html
    town.status(BOARD, bays=["thermarium-001"], config_v=1)
    html = page(admin)
    assert "Fassung 1 ist in Gebrauch" in html
    assert 'value="0,8"' in html


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"occupied_after_s": "900"}, "Bitte eine Zahl von 1 bis 60"),
        ({"occupied_after_s": "bald"}, "Bitte eine Zahl von 1 bis 60"),
        ({"thermarium-001.occupied_below_m": "0,8"}, "beide Abstände"),
        ({"thermarium-001.occupied_below_m": "0,8", "thermarium-001.free_above_m": "0,9"}, "mindestens 0,15 m"),
    ],
)
def test_what_a_node_would_refuse_is_said_before_it_is_sent(
    admin: FlaskClient, town: Town, fields: dict[str, str], words: str
) -> None:
    town.status(BOARD, bays=["thermarium-001"])
    answer = send(admin, "konfiguration", **fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in html
    assert all(f'value="{value}"' in html for value in fields.values()), "the input is kept"
    fleet.tell(town.database, lambda *_: pytest.fail("sent"), now_ms())


def test_a_configuration_that_the_broker_lost_is_told_again(town: Town) -> None:
    told: list[str] = []

    def publish(topic: str, _body: bytes, _retain: bool) -> bool:
        told.append(topic)
        return True

    town.status(BOARD)
    now = now_ms()
    town.database.write(
        lambda session: fleet.set_config(session, BOARD, {"max_flips": 8}, {}, fleet.By("admin", "person:1", now))
    )
    fleet.tell(town.database, publish, now)
    fleet.tell(town.database, publish, now + 60_000)
    assert len(told) == 1
    for minutes, times in ((5, 1), (11, 2), (22, 2)):
        if minutes == 22:
            town.status(BOARD, config_v=1)
        town.database.write(lambda session, at=now + minutes * 60_000: fleet.tell_again(session, at))
        fleet.tell(town.database, publish, now + minutes * 60_000)
        assert len(told) == times
