"""A car park's page: the day as measured and as expected, the sentence, the table, and no picture out of nothing."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.core.clock import now_ms
from hub.core.db import Database
from hub.parking import store
from hub.parking.store.forecasts import save_forecast

HOUR_MS = 3_600_000
BAYS = {"p21_saline": 60, "rathaus": 45}


@pytest.fixture
def expect(web_app: Flask) -> Callable[[str, list[float]], None]:
    """expect(site, cars): the worker's forecast from this hour on, and eight measured hours before it."""
    database: Database = web_app.extensions["database"]

    def write(site: str, cars: list[float]) -> None:
        now = now_ms()
        hours = [[now // HOUR_MS + index, one, one * 0.9, min(BAYS[site], one * 1.1)] for index, one in enumerate(cars)]

        def keep(session) -> None:
            save_forecast(session, site, now, json.dumps({"hours": hours}))
            sums = {"free": HOUR_MS, "occupied": HOUR_MS, "unknown": 0, "faulty": 0}
            for hour in range(now // HOUR_MS - 8, now // HOUR_MS):
                store.save_hour(session, site, hour * HOUR_MS, sums)

        database.write(keep)

    return write


def test_measured_hours_are_filled_expected_ones_hatched_with_their_band(
    client: FlaskClient, expect: Callable[[str, list[float]], None]
) -> None:
    expect("rathaus", [20.0] * 24)
    page = client.get("/parken/rathaus?lang=de").text
    picture = page[page.index("pk-tag") : page.index("pk-plaetze")]
    drawing = picture[: picture.index("</svg>")]
    assert drawing.count('<rect class="d-ist"') == 8
    assert drawing.count('<rect class="d-prog"') == 24
    assert drawing.count('<path class="d-band"') == drawing.count('<path class="d-jetzt"') == 1
    assert "style=" not in picture
    assert picture.count("<tr>") == 1 + 8 + 24
    assert "18 bis 22" in picture


def test_the_sentence_above_says_the_result_in_both_languages(
    client: FlaskClient, expect: Callable[[str, list[float]], None]
) -> None:
    expect("p21_saline", [60.0] * 24)
    assert "Voraussichtlich den ganzen Tag voll." in client.get("/parken/p21_saline?lang=de").text
    assert "Probably full all day." in client.get("/parken/p21_saline?lang=en").text


def test_without_a_week_of_data_the_page_says_how_much_there_is(client: FlaskClient) -> None:
    page = client.get("/parken/grombach_bhf?lang=de").text
    assert "Bisher: 0 Stunden." in page
    assert "d-prog" not in page
