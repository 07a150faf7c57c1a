"""What an administrator sets on a node: sentences for what is wrong, the input kept, versions and the way back."""

import re

import pytest
from flask.testing import FlaskClient

from edge import wire
from hub.core.clock import now_ms
from hub.fleet import api as fleet
from tests.hub.dashboard.conftest import BOARD, MARKET, Town
from tests.hub.dashboard.test_fleet_page import EVIL, get, plain

DAYS = {f"tag{number}": "7–22" for number in range(7)}


def send(client: FlaskClient, path: str, node: str = MARKET, **fields: str) -> "object":
    token = re.search(r'name="csrf" value="([^"]+)"', get(client, f"/admin/knoten/{MARKET}"))
    assert token is not None
    return client.post(f"/admin/knoten/{node}/{path}", data={"csrf": token.group(1), **fields})


def told(town: Town) -> list[dict]:
    found: list[dict] = []
    fleet.tell(town.database, lambda _topic, body, _r: found.append(wire.decode("config", body)) or True, now_ms())
    return found


def test_opening_times_speed_and_quota_go_to_the_node(admin: FlaskClient, town: Town) -> None:
    answer = send(admin, "wlan", wann="zeiten", **DAYS, download_mbit="7,5", upload_mbit="2.5", quota_mb="5.000")
    assert answer.status_code == 303
    (body,) = told(town)
    assert body["wifi"] == {
        "zone": "Europe/Berlin",
        "hours": [[["07:00", "22:00"]]] * 7,
        "download_mbit": 7.5,
        "upload_mbit": 2.5,
        "quota_mb": 5000,
    }
    html = get(admin, f"/admin/knoten/{MARKET}")
    for value in ("07:00–22:00", "7,5", "2,5", "5.000"):
        assert f'value="{value}"' in html
    assert send(admin, "wlan", wann="zeiten", **DAYS, quota_mb="5.000").status_code == 303


def test_switching_off_keeps_the_opening_times(admin: FlaskClient, town: Town) -> None:
    send(admin, "wlan", wann="aus", **DAYS)
    (body,) = told(town)
    assert body["wifi"]["off"] is True
    assert body["wifi"]["hours"][0] == [["07:00", "22:00"]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"wann": "zeiten", "tag1": "bald"}, "Dienstag: Bitte Zeiten wie"),
        ({"wann": "zeiten"}, "an mindestens einem Tag"),
        ({"wann": "immer", "quota_mb": "viel"}, "Datenmenge je Sitzung, MB: Bitte eine Zahl von 0 bis 1.000.000"),
        ({"wann": "immer", "quota_mb": "2,5"}, "Bitte eine Zahl von 0 bis"),
        ({"wann": "immer", "download_mbit": "0"}, "Bitte eine Zahl von 0,1 bis 1.000"),
        ({"wann": "immer", "download_mbit": "nan"}, "Bitte eine Zahl von 0,1 bis 1.000"),
        ({"wann": "immer", "download_mbit": "1e400"}, "Bitte eine Zahl von 0,1 bis 1.000"),
    ],
)
def test_what_is_wrong_is_said_and_the_input_is_kept(
    admin: FlaskClient, town: Town, fields: dict[str, str], words: str
) -> None:
    answer = send(admin, "wlan", **fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in html
    assert all(f'value="{value}"' in html for key, value in fields.items() if key != "wann")
    assert told(town) == []


def test_somebody_else_was_faster(admin: FlaskClient, town: Town) -> None:
    send(admin, "wlan", wann="aus", fassung="0")
    answer = send(admin, "wlan", wann="immer", quota_mb="77", fassung="0")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "inzwischen geändert" in html
    assert 'value="77"' in html
    assert told(town)[0]["wifi"] == {"off": True}


def test_a_version_shows_what_it_changed_and_comes_back(admin: FlaskClient, town: Town) -> None:
    send(admin, "wlan", wann="immer", quota_mb="500")
    send(admin, "wlan", wann="immer", quota_mb="800")
    town.status(MARKET, config_v=2)
    text = plain(get(admin, f"/admin/knoten/{MARKET}"))
    assert "Datenmenge je Sitzung, MB 500 → 800" in text
    assert "Fassung 2 ist in Gebrauch" in text
    assert send(admin, "zurueck", auf="1", fassung="2").status_code == 303
    text = plain(get(admin, f"/admin/knoten/{MARKET}"))
    assert "Fassung 3 zurückgeholt (wie 1)" in text
    assert "Datenmenge je Sitzung, MB 800 → 500" in text
    assert told(town)[-1]["wifi"] == {"quota_mb": 500}


def test_the_page_says_when_the_gate_does_not_obey_yet(admin: FlaskClient, town: Town) -> None:
    send(admin, "wlan", wann="aus")
    town.status(MARKET, config_v=1, wifi_v=0, wifi_open=True)
    assert "das Tor hat sie noch nicht" in get(admin, f"/admin/knoten/{MARKET}")
    town.status(MARKET, config_v=1, wifi_v=1, wifi_open=False)
    html = get(admin, f"/admin/knoten/{MARKET}")
    assert "das Tor hat sie noch nicht" not in html
    assert "geschlossen</span>" in html


def test_a_device_is_blocked_for_a_day_and_let_in_again(admin: FlaskClient, town: Town) -> None:
    answer = send(admin, "sperren", geraet="aa:bb:cc:dd:ee:ff")
    assert answer.status_code == 422
    assert "mindestens 8 Zeichen" in answer.get_data(as_text=True)
    assert send(admin, "sperren", geraet="1A2B 3C4D").status_code == 303
    html = get(admin, f"/admin/knoten/{MARKET}")
    key = re.search(r'name="sperre" value="(\d+)"', html)
    assert key is not None
    assert send(admin, "freigeben", sperre=key[1]).status_code == 303
    assert 'name="sperre"' not in get(admin, f"/admin/knoten/{MARKET}")
    assert send(admin, "freigeben", sperre=key[1]).status_code == 303, "twice is no mistake"


def test_a_board_has_no_wifi_section(admin: FlaskClient) -> None:
    html = get(admin, f"/admin/knoten/{BOARD}")
    assert 'id="wlan"' not in html
    assert "WLAN-Dienste neu starten" not in html


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("ring", {"ring": "yellow"}, 400),
        ("wlan", {"wann": "manchmal"}, 400),
        ("zurueck", {"auf": "x"}, 400),
        ("zurueck", {"auf": "9"}, 404),
        ("freigeben", {"sperre": "-1"}, 400),
        ("ring", {"ring": "early"}, 303),
    ],
)
def test_what_no_form_sends_changes_nothing(
    admin: FlaskClient, town: Town, path: str, fields: dict[str, str], status: int
) -> None:
    assert send(admin, path, **fields).status_code == status
    if status == 303:
        assert send(admin, path, node="nowhere", **fields).status_code == 404
    assert told(town) == []


def test_the_page_says_what_the_radio_does_and_why_it_stays_as_it_was(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, wifi_v=1, wifi_open=False, wifi_radio="off")
    text = plain(get(admin, f"/admin/knoten/{MARKET}"))
    assert "der Name ist nicht zu sehen" in text
    assert "nicht gestellt: Er bleibt" not in text
    town.status(MARKET, wifi_v=1, wifi_open=True, wifi_radio="stuck", wifi_held=True, synced=False)
    text = plain(get(admin, f"/admin/knoten/{MARKET}"))
    assert "Er bleibt geöffnet, wie er zuletzt war" in text
    assert "Das Funkteil gehorcht nicht" in text
    town.status(MARKET, wifi_v=1, wifi_open=False, wifi_held=True, wifi_radio=EVIL[:16])
    html = get(admin, f"/admin/knoten/{MARKET}")
    assert "Er bleibt geschlossen, wie er zuletzt war" in plain(html)
    assert EVIL[:16] not in html
