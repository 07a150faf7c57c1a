"""The simulated town: the same for a seed, near the curve, within what a board can carry."""

import json
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge import wire
from edge.config import load
from edge.simulation import demand, history, town
from edge.simulation.machine import SimulatedMachine
from edge.status import Machine

TOWN = Path(__file__).parents[2] / "hub" / "data" / "bad_rappenau"
TABLE = json.loads((TOWN / "demand.json").read_text())
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
BAYS = [f"thermarium-{number:03d}" for number in range(1, 91)]


def day(seed: int, site: str = "thermarium", hours: float = 5) -> list[int]:
    park = demand.CarPark(demand.parse(TABLE, seed), site, BAYS, TUESDAY)
    counts = []
    for step in range(int(hours * 60)):
        park.advance(TUESDAY + timedelta(minutes=step), 1 / 60)
        assert 0 <= len(park.taken) <= len(BAYS)
        counts.append(len(park.taken))
    return counts


def test_the_same_seed_gives_the_same_day() -> None:
    assert day(1) == day(1)
    assert day(1) != day(2)


def test_the_number_of_cars_follows_the_curve() -> None:
    seeds = range(12)
    moment = TUESDAY + timedelta(hours=5)
    expected = statistics.mean(demand.parse(TABLE, seed).target("thermarium", moment) for seed in seeds) * len(BAYS)
    assert statistics.mean(day(seed)[-1] for seed in seeds) == pytest.approx(expected, rel=0.2)


def test_days_differ_and_events_fill_the_car_parks() -> None:
    found = demand.parse(TABLE, 1)
    targets = {round(found.target("rathaus", TUESDAY + timedelta(days=7 * week)), 4) for week in range(4)}
    assert len(targets) > 1
    quiet = [demand.parse({**TABLE, "events": []}, seed).target("festplatz", _fair()) for seed in range(20)]
    fair = [demand.parse(TABLE, seed).target("festplatz", _fair()) for seed in range(20)]
    assert statistics.mean(fair) > statistics.mean(quiet)


def _fair() -> datetime:
    return datetime(2026, 12, 5, 15, tzinfo=BERLIN)


def test_nights_are_emptier_than_days() -> None:
    found = demand.parse(TABLE, 3)
    assert found.target("bahnhof_pr", TUESDAY.replace(hour=3)) < found.target("bahnhof_pr", TUESDAY.replace(hour=11))


PLACES = town.places(TOWN, 6)


def test_all_bays_of_the_town_are_configured_once() -> None:
    bays = [bay.id for place in PLACES for bay in town.config(place, "mqtt://127.0.0.1:1", Path("/x"), 1).bays]
    assert len(bays) == len(set(bays)) == 1110


def test_as_many_wifi_nodes_as_asked_for() -> None:
    assert [place.role for place in PLACES].count("wifi") == 6
    assert [place.role for place in town.places(TOWN, 2)].count("wifi") == 2


@pytest.mark.parametrize("place", [place for place in PLACES if place.bays], ids=lambda place: place.id)
def test_a_boards_pins_exist_and_are_used_once(place: town.Place) -> None:
    bays = town.config(place, "mqtt://127.0.0.1:1", Path("/x"), 1).bays
    pins = [pin for bay in bays for pin in bay.pins]
    assert len(pins) == len(set(pins))
    assert set(pins) <= set(range(2, 28))
    echoes = {bay.pins[1] for bay in bays if bay.sensor == "ultrasonic"}
    assert echoes.isdisjoint({2, 3}), "GPIO 2 and 3 have fixed pull resistors"


def test_a_simulated_node_has_a_file_of_its_own_that_a_real_agent_would_take(tmp_path: Path) -> None:
    place = next(place for place in PLACES if place.role == "wifi")
    file = tmp_path / "node.toml"
    file.write_text(town.own_file(place, "mqtt://127.0.0.1:1883", tmp_path, 2), encoding="utf-8")
    found = load(file)
    assert found == town.config(place, "mqtt://127.0.0.1:1883", tmp_path, 2)
    assert (found.name, found.portal, found.capacity, found.limits.flip_window_s) == (place.id, True, 160, 300)


def test_a_simulated_machine_says_what_a_real_one_says_and_needs_nobody() -> None:
    machines = [SimulatedMachine(place.id, 2030) for place in PLACES]
    for machine in machines:
        for hour in (3, 15):
            said = machine.figures_at(hour * 3600, hour)
            assert set(said) == {*Machine().figures(TOWN), "certificate_until"}
            assert 1 <= said["load_percent"] <= 40
            assert 35 <= said["temperature_c"] <= 65, "no alert"
            assert said["disk_free_mb"] > 5000
            assert said["throttled"] in (0, 0x50000)
            body = {key: value for key, value in said.items() if value is not None}
            wire.check("status", {"ts": "2027-01-15T08:00:00.000Z", "state": "online", **body})
    assert len({machine.figures_at(0, 12)["uptime_s"] for machine in machines}) > len(machines) // 2


def test_the_past_is_a_table_of_hours_up_to_the_last_whole_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert history.main(["--town", str(TOWN), "--weeks", "1"]) == 0
    head, *rows = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    assert head == ["site", "ts", "occupied"]
    sites = {site for site, _, _ in rows}
    assert len(rows) == 168 * len(sites) == 168 * 16
    newest = max(datetime.fromisoformat(ts) for _, ts, _ in rows)
    assert timedelta(hours=1) <= datetime.now(UTC) - newest < timedelta(hours=2, minutes=5)
    assert any(float(cars) > 0 for _, _, cars in rows)
