"""From an uplink to the bay on the page, through the same ingest as everybody."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from hub import intake
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.ingest.api import Incoming
from hub.parking import api as parking
from hub.radio import api
from tests.hub import town
from tests.hub.radio.uplinks import EUI, chirpstack, sensit, things_stack

NOW = 1_800_000_000_500
HOUR = 3_600_000


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: fleet.seed(session, directory))
    database.write(lambda session: parking.seed(session, directory))

    def devices(session) -> None:
        add(session, "chirpstack", EUI.upper(), "lake-b1", "lake-001", "bosch_tps110")
        add(session, "tts", "bay-7", "lake-b1", "lake-002", "milesight_udl", (700, 1000), 600)
        add(session, "sensit", "s-114", "hall-b1", "hall-001", "nedap_sensit")

    database.write(devices)
    return database


def add(session, *words, **more) -> None:
    api.add_device(session, api.NewDevice(*words, **more), "person:1", NOW)


def store(database: Database, *messages: tuple[str, bytes], now: int = NOW) -> dict[tuple[str, str], int]:
    incoming = [Incoming(topic, payload, now) for topic, payload in messages]
    return database.write(ingest.Batch(incoming, intake.known_senders(database), now).store)


def states(database: Database, now: int = NOW) -> dict[str, str]:
    with database.read() as session:
        return {bay.id: bay.state for bay in parking.bays(session, now)}


def device(database: Database, bay: str) -> api.DeviceNow:
    with database.read() as session:
        return next(one for one in api.devices(session) if one.bay == bay)


def test_each_network_reaches_its_bay(database: Database) -> None:
    store(
        database,
        chirpstack(b"\x01", 1, 1),
        things_stack(bytes.fromhex("0175600382e803"), 1, 85),
        sensit(occupied=True, battery=55),
    )
    assert states(database) == {
        "lake-001": "occupied",
        "lake-002": "free",
        "hall-001": "occupied",
        "hall-002": "unknown",
    }
    assert (device(database, "lake-002").battery_percent, device(database, "hall-001").battery_percent) == (96, 55)


def test_the_same_frame_twice_is_stored_once(database: Database) -> None:
    store(database, chirpstack(b"\x01", 1, 1), chirpstack(b"\x01", 1, 1))
    store(database, chirpstack(b"\x01", 1, 1))
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM ingest_message")).scalar_one() == 1
    assert (device(database, "lake-001").received, device(database, "lake-001").duplicates) == (1, 2)


def test_lost_frames_leave_no_gap_in_our_own_numbers(database: Database) -> None:
    store(database, chirpstack(b"\x01", 1, 1), chirpstack(b"\x00", 9, 1))
    assert device(database, "lake-001").missed == 7
    with database.read() as session:
        assert ingest.open_gaps(session) == []


def test_a_battery_change_that_sets_the_counter_back_is_no_duplicate(database: Database) -> None:
    store(database, chirpstack(b"\x01", 900, 1))
    store(database, chirpstack(b"\x00", 0, 1, address="0a0b0c0d"))
    assert states(database)["lake-001"] in ("free", "occupied")
    assert device(database, "lake-001").received == 2


def test_a_sensor_that_reports_once_a_day_is_believed_for_longer(database: Database) -> None:
    store(database, chirpstack(b"\x01", 1, 1), things_stack(bytes.fromhex("0382e803"), 1, 85))
    later = states(database, NOW + 20 * HOUR)
    assert (later["lake-001"], later["lake-002"]) == ("occupied", "unknown")
    assert states(database, NOW + 40 * HOUR)["lake-001"] == "unknown"


def test_a_tilted_sensor_raises_an_alarm(database: Database) -> None:
    store(database, things_stack(bytes.fromhex("0482e803050001"), 1, 85))
    assert states(database)["lake-002"] == "faulty"
    with database.read() as session:
        assert [alarm.code for alarm in fleet.alarms(session)] == ["sensor_tilted"]


def test_strangers_and_nonsense_are_kept_aside_with_the_reason(database: Database) -> None:
    store(
        database,
        chirpstack(b"\x01", 1, 1, eui="ffffffffffffffff"),
        chirpstack(b"", 2, 1),
        ("v3/parking@ttn/devices/bay-7/up", b"{"),
    )
    with database.read() as session:
        reasons = {row.reason for row in ingest.kept_aside(session)}
    assert reasons == {"unknown device", "not a payload of a TPS110: port 1, 0 bytes", "not JSON"}


def test_many_sensors_under_one_node_are_no_twins(database: Database) -> None:
    for counter in range(1, 5):
        store(database, chirpstack(b"\x01", counter, 1))
        store(database, things_stack(bytes.fromhex("0382e803"), counter, 85))
    with database.read() as session:
        assert fleet.alarms(session) == []


def test_a_device_whose_bay_is_not_its_nodes_is_refused_without_a_gap(database: Database) -> None:
    database.write(lambda session: add(session, "tts", "bay-9", "lake-b1", "hall-002", "bosch_tps110"))
    store(database, things_stack(b"\x01", 1, 1, device="bay-9"), things_stack(b"\x01", 2, 1, device="bay-9"))
    with database.read() as session:
        assert {row.reason for row in ingest.kept_aside(session)} == {"unknown bay"}
        assert ingest.open_gaps(session) == []


def test_workers_that_get_the_same_frames_agree(database: Database) -> None:
    frames = [chirpstack(bytes([number % 2]), number, 1) for number in range(1, 31)]
    frames += [things_stack(bytes.fromhex("0382e803"), number, 85) for number in range(1, 31)]
    errors: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for first in range(0, len(frames), 4):
                chosen = frames[(first + start) % len(frames) :][:4]
                while True:
                    try:
                        store(database, *chosen)
                    except Exception as error:
                        if "deadlock" not in str(error):
                            raise
                    else:
                        break
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.read() as session:
        rows = session.execute(text("SELECT outbox, count(*), max(seq) FROM ingest_message GROUP BY outbox")).all()
    assert len(rows) == 2
    assert all(count == highest for _, count, highest in rows)
    assert device(database, "lake-001").received == 30


def test_an_own_decoder_is_added_without_code(database: Database) -> None:
    spec = {"fields": [{"name": "distance_mm", "offset": 0, "size": 2, "endian": "big"}]}
    database.write(lambda session: api.add_decoder(session, "acme-3", spec, "person:1", NOW))
    database.write(lambda session: add(session, "tts", "acme", "hall-b1", "hall-002", "acme-3"))
    store(database, things_stack(b"\x01\x90", 1, 9, device="acme"))
    assert states(database)["hall-002"] == "occupied"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"network": "sigfox"}, "unknown network"),
        ({"decoder": "nothing"}, "bosch_tps110"),
        ({"thresholds_mm": (900, 1000)}, "150 mm"),
        ({"id": "a b"}, "1 to 40"),
        ({"repeat_s": 5}, "once a minute"),
    ],
)
def test_a_wrong_device_gets_a_plain_sentence(database: Database, change: dict, sentence: str) -> None:
    words = {"network": "tts", "id": "x", "node": "lake-b1", "bay": "lake-001", "decoder": "bosch_tps110"}
    with pytest.raises(api.RadioError, match=sentence):
        database.write(lambda session: add(session, **{**words, **change}))
