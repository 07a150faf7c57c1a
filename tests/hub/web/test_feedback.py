"""Reporting a barrier: kept, never lost, not for robots."""

from flask import Flask
from flask.testing import FlaskClient

from hub.bulletin import api as bulletin
from tests.hub.web.conftest import form_token

PATH = "/barrierefreiheit"


def kept(app: Flask) -> list[str]:
    with app.extensions["database"].read() as session:
        return [row.text for row in bulletin.feedback(session)]


def send(client: FlaskClient, **fields: str):
    return client.post(PATH, data={"csrf": form_token(client, PATH), **fields})


def test_a_report_is_kept_and_thanked_for(client: FlaskClient, web_app: Flask) -> None:
    answer = send(client, text="Die Karte lässt sich nicht vorlesen.", page="/parken", contact="")
    assert answer.status_code == 303
    assert "Ihre Meldung ist gespeichert" in client.get(answer.headers["Location"]).text
    assert "Die Karte lässt sich nicht vorlesen." in kept(web_app)


def test_an_empty_report_keeps_what_was_typed_in_the_other_fields(client: FlaskClient) -> None:
    answer = send(client, text="  ", page="/wlan", contact="a@example.org")
    assert answer.status_code == 422
    assert 'value="/wlan"' in answer.text
    assert 'value="a@example.org"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_what_was_typed_comes_back_as_text_not_as_markup(client: FlaskClient) -> None:
    answer = send(client, text="", page='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.text


def test_a_robot_that_fills_the_hidden_field_leaves_nothing(client: FlaskClient, web_app: Flask) -> None:
    before = kept(web_app)
    assert send(client, text="Buy now", website="http://spam.example").status_code == 303
    assert kept(web_app) == before


def test_a_form_from_elsewhere_is_refused(client: FlaskClient, web_app: Flask) -> None:
    token, before = form_token(client, PATH), kept(web_app)
    stranger = web_app.test_client()
    assert stranger.post(PATH, data={"csrf": token, "text": "x"}).status_code == 403
    assert client.post(PATH, data={"text": "x"}).status_code == 403
    assert client.post(PATH, data={"csrf": token[:-1] + "0x", "text": "x"}).status_code == 403
    assert kept(web_app) == before


def test_a_text_beyond_reason_is_refused_with_plain_words(client: FlaskClient) -> None:
    answer = send(client, text="x" * 200_000)
    assert answer.status_code == 413
    assert "Das ist zu groß" in answer.text
