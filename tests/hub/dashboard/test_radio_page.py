"""The page of other makers' sensors: add, try, remove, without code and without JavaScript."""

import re

import flask
import pytest
from flask.testing import FlaskClient

from hub.radio import api
from tests.hub.dashboard.conftest import BOARD, Town

DEVICE = {"network": "tts", "id": "bay-7", "node": BOARD, "bay": "thermarium-001", "decoder": "bosch_tps110"}


def page(client: FlaskClient, lang: str = "de") -> str:
    answer = client.get(f"/admin/funksensoren?lang={lang}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def send(client: FlaskClient, path: str, **fields: str) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', page(client))
    assert token is not None
    return client.post(f"/admin/funksensoren/{path}", data={"csrf": token.group(1), **fields})


def test_only_an_admin_sees_it(app: flask.Flask) -> None:
    assert app.test_client().get("/admin/funksensoren").status_code == 303


@pytest.mark.parametrize(("lang", "words"), [("de", "Noch keine"), ("en", "None yet")])
def test_it_begins_empty_in_both_languages(admin: FlaskClient, lang: str, words: str) -> None:
    assert words in page(admin, lang)


def test_a_device_is_entered_and_removed(admin: FlaskClient, town: Town) -> None:
    assert send(admin, "geraet", **DEVICE, minutes="90").status_code == 303
    assert "bay-7" in page(admin)
    assert send(admin, "weg", network="tts", id="bay-7").status_code == 303
    with town.database.read() as session:
        assert api.devices(session) == []


def test_a_wrong_entry_comes_back_with_the_input(admin: FlaskClient) -> None:
    answer = send(admin, "geraet", **{**DEVICE, "id": "bay 7"}, below_mm="x")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="bay 7"' in html
    assert 'role="alert"' in html


def test_a_decoder_is_added_and_tried(admin: FlaskClient) -> None:
    spec = '{"fields": [{"name": "distance_mm", "offset": 0, "size": 2}]}'
    assert send(admin, "decoder", name="acme", spec=spec).status_code == 303
    html = send(admin, "probe", decoder="acme", port="1", payload="e8 03").get_data(as_text=True)
    assert "1.000 mm" in html


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("decoder", {"name": "acme", "spec": "{"}),
        ("decoder", {"name": "acme", "spec": "[]"}),
        ("decoder", {"name": "bosch_tps110", "spec": "{}"}),
        ("probe", {"decoder": "bosch_tps110", "port": "x", "payload": "01"}),
        ("probe", {"decoder": "bosch_tps110", "port": "1", "payload": "zz"}),
        ("probe", {"decoder": "none", "port": "1", "payload": "01"}),
    ],
)
def test_nonsense_is_answered_on_the_page(admin: FlaskClient, path: str, fields: dict[str, str]) -> None:
    answer = send(admin, path, **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_a_payload_is_read_in_words(admin: FlaskClient) -> None:
    html = send(admin, "probe", decoder="milesight_udl", port="85", payload="0175640382ec05").get_data(as_text=True)
    assert "100 %" in html
    assert "1.516 mm" in html
