"""The page on which one starts to park: what was typed is kept, and the field to put right is marked."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.account import api as account
from hub.core import clock
from hub.parking.api import stays
from tests.hub.parking.test_stays import Purse
from tests.hub.parking.test_wardens import web_app
from tests.hub.payments.test_pages import as_person, send

__all__ = ["web_app"]
SITE = "thermarium"
PAGE = f"/parken/{SITE}/starten"


@pytest.fixture
def driver(web_app: Flask) -> FlaskClient:
    return as_person(web_app, "citizen")


def field(page: str, name: str) -> str:
    """The first field of this name."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("typed", "wrong"), [({"plate": "?!"}, "plate"), ({"plate": "HN-S 1", "nummer": "999"}, "nummer")]
)
@pytest.mark.parametrize("path", [PAGE, f"/parken/{SITE}/karte"])
def test_the_wrong_field_alone_is_marked_and_nothing_is_lost(
    driver: FlaskClient, path: str, typed: dict[str, str], wrong: str
) -> None:
    more = {"karte": "1", "minutes": "60"} if path != PAGE else {}
    answer = send(driver, path, PAGE, confirm=SITE, **typed, **more)
    assert answer.status_code == 422
    form = answer.text.split('name="karte"')[1] if more else answer.text.split('name="karte"')[0]
    for name in ("plate", "nummer"):
        assert ('aria-invalid="true"' in field(form, name)) == (name == wrong), name
        assert f'value="{typed.get(name, "")}"' in field(form, name)


def test_who_parked_before_is_led_back_there_with_one_tap(driver: FlaskClient, web_app: Flask) -> None:
    assert "Wieder hier parken" not in driver.get("/parken").text
    database, now = web_app.extensions["database"], clock.now_ms()
    with database.read() as session:
        erika = account.find_by_name(session, "erika.muster@demo.example")
    assert erika is not None
    order = stays.Order(SITE, SITE, "HN-W 1", f"person:{erika.id}", erika.id, "map")
    purse = Purse()
    token = database.write(lambda session: stays.start(session, purse, order, now - 1000))
    assert "Wieder hier parken" not in driver.get("/parken").text, "a running stay is shown instead"
    database.write(lambda session: stays.stop(session, purse, token, now))
    assert f'href="{PAGE}"' in driver.get("/parken").text


def test_the_third_tap_from_the_list_starts_and_says_where_the_car_stands(driver: FlaskClient) -> None:
    send(driver, "/konto/parken/autos", "/konto/parken", plate="HN-S 3")
    assert f'href="/parken/{SITE}"' in driver.get("/parken").text
    assert f'href="{PAGE}"' in driver.get(f"/parken/{SITE}").text
    form = driver.get(PAGE).text.split('class="pa-hier"')[1].split("</form>")[0]
    assert "checkbox" not in form
    assert re.search(rf'<button [^>]*name="confirm" value="{SITE}"[^>]*>.*Mein Auto steht hier', form)
    answer = send(driver, PAGE, PAGE, plate="HNS3", minutes="", nummer="", confirm=SITE)
    assert "zu wenig" in answer.text, "only the money is missing"


def test_whoever_looks_at_the_end_and_presses_without_choosing_keeps_it(driver: FlaskClient, web_app: Flask) -> None:
    database, now = web_app.extensions["database"], clock.now_ms()
    with database.read() as session:
        erika = account.find_by_name(session, "erika.muster@demo.example")
    assert erika is not None
    order = stays.Order(SITE, SITE, "HN-E 1", f"person:{erika.id}", erika.id, "map", planned_end=now + 7_200_000)
    purse = Purse()
    token = database.write(lambda session: stays.start(session, purse, order, now - 1000))
    page = f"/parken/vorgang/{token}"
    first = re.search(r'<select id="minutes".*?<option value="([^"]*)">([^<]*)', driver.get(page).text)
    assert first is not None
    assert first[1] == "bleibt"
    assert first[2].startswith("Wie jetzt: bis ")
    before = driver.get(page).text.count("Spätestens")
    assert before == 1
    send(driver, f"{page}/verlaengern", page, minutes=first[1])
    assert driver.get(page).text.count("Spätestens") == 1
