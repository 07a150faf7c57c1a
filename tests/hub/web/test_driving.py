"""Pages of drivers: what the search keeps, what is refused before anybody pays, whose wishes they are."""

import re

import pytest
from flask.testing import FlaskClient

from hub.account.api import guard
from hub.core import clock


def token(client: FlaskClient, path: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)[1]


def send(client: FlaskClient, site: str = "p1_weinbrenner", **fields: str):
    path = f"/parken/{site}/starten"
    form = {"csrf": token(client, path), "plate": "KA-X 7", "minutes": "60", "confirm": site, **fields}
    return client.post(f"/parken/{site}/karte", data=form)


def test_nobody_tries_one_plate_after_the_other(client: FlaskClient) -> None:
    path, site = "/parken/p1_weinbrenner/starten", "p1_weinbrenner"
    form = {"csrf": token(client, path), "minutes": "60", "confirm": site}
    for _ in range(199):
        guard.allow_plate("127.0.0.1", clock.now_ms())
    codes = [client.post(f"/parken/{site}/karte", data={**form, "plate": "?"}).status_code for _ in range(2)]
    assert codes == [422, 429]
    other = client.post(f"/parken/{site}/karte", data={**form, "plate": "?"}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 422
    change = {"csrf": form["csrf"], "plate": "HN-AB 1"}
    near = {"REMOTE_ADDR": "10.0.0.9"}
    found = [client.post("/parken/vorgang/x/kennzeichen", data=change, environ_base=near).status_code for _ in range(6)]
    assert found == [404] * 5 + [429]


@pytest.mark.parametrize(
    "query", ["ort=mond", "dauer=7", "dauer=1e9", "sort=x", "filter=x,y", "sort=naehe", "dauer=-60"]
)
def test_a_search_for_what_does_not_exist_shows_everything(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/parken?{query}")
    assert answer.status_code == 200
    assert answer.text.count("data-site=") == 16


def test_the_search_keeps_place_length_order_and_filters_on_its_way(client: FlaskClient) -> None:
    page = client.get("/parken?ort=rathaus&dauer=120&sort=preis&filter=laden,behindert").text
    assert page.count("data-site=") == 2
    link = re.search(r'href="(/parken/rathaus\?[^"]+)"', page)[1].replace("&amp;", "&")
    assert {"ort=rathaus", "dauer=120", "sort=preis"} <= set(link.split("?")[1].split("&"))
    site = client.get(link).text
    assert "bis Rathaus" in site
    assert "Wer länger steht: ab 20,00\xa0€" in site


def test_without_sensors_nothing_is_free_and_nothing_is_full(client: FlaskClient) -> None:
    page = client.get("/parken/waldstadion").text
    assert "<b data-free>–</b>" in page
    assert "100 unbekannt" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"confirm": ""}, "Bitte bestätigen Sie"),
        ({"confirm": "thermarium"}, "Bitte bestätigen Sie"),
        ({"minutes": ""}, "bis wann"),
        ({"minutes": "17"}, "bis wann"),
        ({"plate": "?"}, "Kennzeichen mit Ort"),
        ({"nummer": "999"}, "Platznummer gibt es hier nicht"),
        ({"nummer": "²"}, "Platznummer gibt es hier nicht"),
    ],
)
def test_what_is_wrong_is_told_before_anybody_pays(client: FlaskClient, fields: dict[str, str], said: str) -> None:
    answer = send(client, **fields)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_stranger_is_sent_to_the_payment_and_the_stay_waits(client: FlaskClient) -> None:
    answer = send(client, nummer="7")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/bezahlen/")
    page = client.get(answer.headers["Location"]).text
    assert "0,50\xa0€" in page
    stay = client.get(f"{answer.headers['Location']}/zurueck").headers["Location"]
    waiting = client.get(stay).text
    assert "Es läuft noch kein Parkvorgang" in waiting
    assert "Platz 7" in waiting
    assert client.get("/parken/vorgang/gibtesnicht").status_code == 404


def test_where_nothing_is_charged_nobody_can_pay(client: FlaskClient) -> None:
    assert client.get("/parken/rathaus/starten").status_code == 404
    assert client.post("/parken/vorgang/x/mehr", data={"minutes": "60"}).status_code == 403, "without the form's token"


@pytest.mark.parametrize("path", ["merken", "hinweis", "hinweis/aus"])
def test_wishes_need_somebody_who_has_them(client: FlaskClient, path: str) -> None:
    form = {"csrf": token(client, "/parken/rathaus"), "threshold": "5", "hours": "2"}
    answer = client.post(f"/parken/rathaus/{path}", data=form)
    assert answer.headers["Location"].startswith("/anmelden")
