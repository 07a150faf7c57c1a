"""The wardens' page without a browser, permits in the control room, and the cameras' address."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from hub import app as wiring
from hub import setup
from hub.__main__ import main
from hub.core import clock, events, i18n
from hub.core.db import Database
from hub.parking.api import cars, stays
from hub.parking.rules.checks import digest
from hub.settings import Settings
from tests import ready
from tests.hub.parking.test_stays import MINUTE, Purse
from tests.hub.payments.test_pages import as_person, send

PAGE, ANSWER = "/parken/kontrolle", '<div id="antwort"'


@pytest.fixture(scope="module")
def web_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("hub"), demo=True)
    ready.migrate(settings)
    setup.seed(settings)
    setup.seed_personas(settings)
    made = wiring.create_app(settings)
    yield made
    events.wire({})
    made.extensions["database"].close()


@pytest.fixture
def warden(web_app: Flask) -> FlaskClient:
    return as_person(web_app, "warden")


def park(web_app: Flask, plate: str, minutes: int | None = None) -> None:
    now, database = clock.now_ms(), web_app.extensions["database"]
    end = now + minutes * MINUTE if minutes else None
    order = stays.Order("thermarium", "thermarium", plate, "person:1", 1, "map", planned_end=end)
    database.write(lambda session: stays.start(session, Purse(), order, now - MINUTE))


def answer(client: FlaskClient, plate: str, **more: str) -> str:
    shown = send(client, PAGE, PAGE, platz="thermarium", plate=plate, **more)
    return shown.text.split(ANSWER)[1].split("<form")[0]


def rows(web_app: Flask, statement: str) -> list[tuple]:
    database: Database = web_app.extensions["database"]
    with database.read() as session:
        return [tuple(row) for row in session.execute(text(statement))]


def test_without_a_script_the_form_says_paid_or_not_and_notes_each_check(web_app: Flask, warden: FlaskClient) -> None:
    park(web_app, "HN-W 1", 60)
    assert "Bezahlt" in answer(warden, "hn w 1")
    assert "Nicht bezahlt" in answer(warden, "HN-W 2")
    assert "Kennzeichen mit Ort" in answer(warden, "?")
    found = rows(web_app, "SELECT kind, plate, offline FROM parking_check ORDER BY id")
    assert found == [("paid", "", 0), ("none", "HNW2", 0)]
    page = warden.get(PAGE).text
    assert "HNW2" in page, "my last checks"
    assert "HNW1" not in page
    english = warden.get(PAGE + "?lang=en").text
    assert "Parking checks" in english


def test_only_wardens_come_in(web_app: Flask) -> None:
    for path in (PAGE, PAGE + "/liste"):
        assert as_person(web_app, "citizen").get(path).status_code == 403
        assert as_person(web_app, "admin").get(path).status_code == 403
        assert web_app.test_client().get(path).status_code == 303
    assert as_person(web_app, "warden").get("/admin/parkausweise").status_code == 403


def test_the_list_answers_for_every_place_where_one_pays_and_names_no_plate(
    web_app: Flask, warden: FlaskClient
) -> None:
    park(web_app, "HN-L 1", 60)
    shown = warden.get(PAGE + "/liste")
    made = shown.get_json()
    assert shown.headers["Cache-Control"] == "no-store"
    assert set(made["sites"]) == {"thermarium", "p1_weinbrenner", "p2_rosentritt", "p21_saline"}
    assert digest(bytes.fromhex(made["key"]), "thermarium", "HNL1") in {one[0] for one in made["sites"]["thermarium"]}
    assert "HNL1" not in shown.text
    assert made["until"] - made["made_at"] == 4 * 3_600_000


def test_checks_of_before_are_taken_once_and_judged_again(web_app: Flask, warden: FlaskClient) -> None:
    park(web_app, "HN-N 1")
    now, before = clock.now_ms(), len(rows(web_app, "SELECT id FROM parking_check"))
    told = [
        {"number": f"number-{plate}", "site": "thermarium", "plate": plate, "kind": "none", "at": now}
        for plate in ("HNN1", "HNN2")
    ]
    for _ in range(3):
        taken = send(warden, PAGE + "/nachtrag", PAGE, checks=json.dumps(told)).get_json()["taken"]
        assert [one["kind"] for one in taken] == ["paid", "none"]
    found = rows(web_app, "SELECT kind, plate, offline FROM parking_check ORDER BY id")[before:]
    assert found == [("paid", "", 1), ("none", "HNN2", 1)]


@pytest.mark.parametrize(
    "told",
    ["", "{}", "[1]", '[{"number": "12345678"}]', "[" * 9000]
    + [
        json.dumps([{"number": "12345678", "site": "thermarium", "plate": "HNA1", "kind": "none", "at": 1} | change])
        for change in (
            {"number": "1"},
            {"number": "12345678\0"},
            {"site": "nowhere"},
            {"plate": "?"},
            {"kind": "x"},
            {"at": "1"},
            {"at": True},
        )
    ],
)
def test_what_is_no_check_is_refused(web_app: Flask, warden: FlaskClient, told: str) -> None:
    before = rows(web_app, "SELECT count(*) FROM parking_check")
    assert send(warden, PAGE + "/nachtrag", PAGE, checks=told).status_code == 400
    assert rows(web_app, "SELECT count(*) FROM parking_check") == before


def test_an_admin_adds_a_permit_the_warden_sees_it_and_the_admin_ends_it(web_app: Flask, warden: FlaskClient) -> None:
    admin = as_person(web_app, "admin")
    where = "/admin/parkausweise"
    fields = {"plate": "HN-P 1", "kind": "disabled", "site": "", "until": "2099-12-31"}
    assert "Kennzeichen mit Ort" in send(admin, where, where, **(fields | {"plate": "?"})).text
    assert send(admin, where, where, **fields).status_code == 303
    assert "31. Dezember 2099" in answer(warden, "HN-P 1")
    number = rows(web_app, "SELECT id FROM parking_permit WHERE plate = 'HNP1'")[0][0]
    assert "HNP1" in send(admin, where + "/suchen", where, gesucht="hn-p").text
    assert "HNP1" not in send(admin, where + "/suchen", where, gesucht="hn-q").text
    assert send(admin, f"{where}/{number}/beenden", where).status_code == 303
    assert "Nicht bezahlt" in answer(warden, "HN-P 1")


def test_commands_make_and_end_a_camera_and_take_over_permits(
    web_app: Flask, tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings: Settings = web_app.extensions["settings"]
    monkeypatch.setenv("HUB_STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("HUB_DEMO", "1")
    assert main(["parking", "add-camera", "--site", "thermarium", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    client, now = web_app.test_client(), clock.now_ms()
    database: Database = web_app.extensions["database"]
    database.write(lambda session: cars.add(session, "person:1", 1, "HN-C 1", "", by_camera=True))
    stamp = datetime.fromtimestamp(now / 1000, UTC).isoformat()
    body = {"id": "a", "direction": "in", "plate": "HN-C 1", "at": stamp}
    headers = {"Authorization": f"Bearer {made['key']}"}

    def post(more: dict | None = None) -> tuple[int, dict]:
        shown = client.post("/api/parking/v1/camera-events", json=body | (more or {}), headers=headers)
        return shown.status_code, shown.get_json()

    assert post() == (201, {"result": "no_money", "new": True})
    assert post() == (200, {"result": "no_money", "new": False})
    assert post({"direction": "out"})[0] == 409
    berlin = datetime.fromtimestamp(now / 1000, i18n.TIMEZONE).isoformat()
    assert post({"id": "b", "plate": "KA-X 1", "at": berlin, "sent_at": stamp})[1]["result"] == "counted"
    for wrong in (
        *({"id": value} for value in ("", "x" * 61, "\n", 5)),
        *({"at": value} for value in ("2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", 5, "now")),
        {"direction": "up"},
        {"plate": "?"},
        {"sent_at": "yesterday"},
    ):
        assert post(wrong)[0] == 400, wrong
    assert client.post("/api/parking/v1/camera-events", data="no", headers=headers).status_code == 400
    assert main(["parking", "cameras"]) == 0
    assert "thermarium-1" in capsys.readouterr().out
    assert main(["parking", "end-camera", made["name"]]) == 0
    assert post()[0] == 401
    headers = {"Authorization": "Basic x"}
    assert post()[0] == 401
    assert main(["parking", "add-camera", "--site", "nowhere"]) == 2
    assert main(["parking", "add-camera", "--site", "thermarium", "--name", "Nord 1"]) == 2
    file = tmp_path / "permits.csv"
    file.write_text("plate,kind,site,until\nHN-F 1,resident,thermarium,2099-12-31\n", encoding="utf-8-sig")
    assert main(["parking", "permits", "import", str(file)]) == 0
    assert rows(web_app, "SELECT site FROM parking_permit WHERE plate = 'HNF1'") == [("thermarium",)]
    file.write_text("plate,kind,site,until\nHN-F 2,resident,thermarium,2099-12-31\nHN-F 3,x,,2099-12-31\n")
    assert main(["parking", "permits", "import", str(file)]) == 2
    assert rows(web_app, "SELECT site FROM parking_permit WHERE plate = 'HNF2'") == []
