"""Before a change is sent: old and new are shown, nothing happens, and the input is kept for who goes on typing."""

import re

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.core.clock import now_ms
from hub.fleet import api as fleet
from tests.hub.dashboard.conftest import BOARD, MARKET, Town
from tests.hub.dashboard.test_fleet_page import EVIL, get, plain

DAYS = {f"tag{number}": "7–12" for number in range(7)}


def post(client: FlaskClient, node: str, path: str, **fields: str) -> TestResponse:
    token = re.search(r'name="csrf" value="([^"]+)"', get(client, f"/admin/knoten/{node}"))
    assert token is not None
    return client.post(f"/admin/knoten/{node}/{path}", data={"csrf": token[1], **fields})


def version(town: Town, node: str) -> int:
    with town.database.read() as session:
        return fleet.config_now(session, node).v


def hidden(html: str) -> dict[str, str]:
    """What the button that sends would send."""
    form = html[: html.index("An den Knoten senden")].rpartition("<form")[2]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_the_wifi_before_and_after_and_then_it_is_sent_as_it_was_shown(admin: FlaskClient, town: Town) -> None:
    by = fleet.By("karla", "cli", now_ms())
    town.database.write(lambda session: fleet.set_wifi(session, MARKET, {"quota_mb": 500, "download_mbit": 5}, by))
    answer = post(
        admin, MARKET, "wlan/ansehen", fassung="1", wann="zeiten", quota_mb="5.000", download_mbit="5", **DAYS
    )
    assert answer.status_code == 200
    text = plain(answer.text)
    assert "Datenmenge je Sitzung, MB vorher 500 → nachher 5000" in text
    assert "Geöffnet Montag vorher durchgehend → nachher 07:00–12:00" in text
    assert "Laden, Mbit/s" not in text, "what stays is not listed"
    assert "Noch ist nichts gesendet" in text
    assert version(town, MARKET) == 1
    sent = admin.post(f"/admin/knoten/{MARKET}/wlan", data=hidden(answer.text))
    assert sent.status_code == 303
    with town.database.read() as session:
        wifi = fleet.config_now(session, MARKET).wifi
    assert (wifi["quota_mb"], len(wifi["hours"])) == (5000, 7)


def test_who_goes_on_typing_finds_the_input_again(admin: FlaskClient, town: Town) -> None:
    html = post(admin, MARKET, "wlan/ansehen", fassung="0", wann="zeiten", tag0="14–20:30", weiter="1").text
    assert 'id="tag0" name="tag0"' in html
    assert 'value="14–20:30"' in html
    assert 'role="alert"' not in html
    assert version(town, MARKET) == 0


def test_the_sensors_before_and_after(admin: FlaskClient, town: Town) -> None:
    fields = {"max_flips": "8", "thermarium-001.occupied_below_m": "1,2", "thermarium-001.free_above_m": "1,8"}
    text = plain(post(admin, BOARD, "konfiguration/ansehen", fassung="0", **fields).text)
    assert "Sensoren" in text
    assert "Abstände der Stellplätze" in text
    assert "thermarium-001: belegt unter, m vorher wie in der Datei des Knotens → nachher 1,2" in text
    assert version(town, BOARD) == 0


def test_an_older_version_is_looked_at_first(admin: FlaskClient, town: Town) -> None:
    for number, flips in enumerate((8, 9)):
        by = fleet.By("karla", "cli", now_ms() + number)
        town.database.write(lambda session, f=flips, b=by: fleet.set_config(session, BOARD, {"max_flips": f}, {}, b))
    answer = post(admin, BOARD, "zurueck/ansehen", fassung="2", auf="1")
    assert "vorher 9 → nachher 8" in plain(answer.text)
    assert version(town, BOARD) == 2
    assert admin.post(f"/admin/knoten/{BOARD}/zurueck", data=hidden(answer.text)).status_code == 303
    assert version(town, BOARD) == 3


def test_nothing_to_change_has_no_button(admin: FlaskClient) -> None:
    html = post(admin, MARKET, "wlan/ansehen", fassung="0", wann="immer").text
    assert "So steht es schon in der neuesten Fassung" in html
    assert "An den Knoten senden" not in html


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("wlan/ansehen", {"wann": "zeiten", "tag0": EVIL}, 422),
        ("wlan/ansehen", {"wann": "immer", "quota_mb": "much"}, 422),
        ("wlan/ansehen", {"fassung": "7", "wann": "aus"}, 409),
        ("konfiguration/ansehen", {"max_flips": "9999"}, 422),
        ("konfiguration/ansehen", {"max_flips": "x"}, 422),
        ("zurueck/ansehen", {"auf": "4"}, 404),
        ("zurueck/ansehen", {"auf": "x"}, 400),
    ],
)
def test_what_would_be_refused_is_refused_here(
    admin: FlaskClient, town: Town, path: str, fields: dict[str, str], status: int
) -> None:
    answer = post(admin, MARKET, path, **fields)
    assert answer.status_code == status
    assert EVIL not in answer.text
    assert version(town, MARKET) == 0


def test_a_node_that_is_not_there_has_no_preview(app: flask.Flask, admin: FlaskClient) -> None:
    token = re.search(r'name="csrf" value="([^"]+)"', get(admin, f"/admin/knoten/{MARKET}"))
    assert token is not None
    for path in ("wlan", "konfiguration"):
        assert admin.post(f"/admin/knoten/nowhere/{path}/ansehen", data={"csrf": token[1]}).status_code == 404
