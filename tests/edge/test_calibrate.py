"""`stadtknoten-edge calibrate`: the technician empties the bay, parks a car, and the file is right."""

import tomllib
from pathlib import Path

import pytest

from edge.config import load
from edge.mock import MockBoard
from edge.rules import CalibrationError, Series, suggest_distance, suggest_field
from edge.tools.calibrate import main

FILE = """# the node at the lake
[node]
name = "lake-b1"
[broker]
url = "mqtt://hub.example"
[state]
directory = "/var/lib/stadtknoten"
[[bays]]  # by the entrance
id = "lake-001"
sensor = "infrared"
pin = 17
[[bays]]
id = "lake-002"
sensor = "ultrasonic"
trigger = 23
echo = 24
occupied_below_m = 0.9
free_above_m = 1.2
[[bays]]
id = "lake-003"
sensor = "magnetometer"
bus = 1
baseline_ut = [0, 0, 0]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "node.toml"
    file.write_text(FILE)
    return file


def calibrate(file: Path, bay: str, empty, car) -> tuple[int, MockBoard]:
    board = MockBoard(load(file).bays)
    steps = [empty, car]

    def ask(_question: str) -> str:
        steps.pop(0)(board)
        return ""

    return main([bay, "--config", str(file)], board, ask, pause_s=0), board


def calibrate_distance(file: Path) -> int:
    """Again when a busy machine was late with simulated echoes: then distances jump, and the tool rightly refuses."""
    for _ in range(4):
        code, _board = calibrate(
            file, "lake-002", lambda board: board.distance(24, 2.4), lambda board: board.distance(24, 0.6)
        )
        if code == 0:
            break
    return code


def bay_of(file: Path, number: int) -> dict[str, object]:
    return tomllib.loads(file.read_text())["bays"][number]


@pytest.mark.timing
def test_an_ultrasonic_bay_gets_thresholds_between_car_and_ground(file: Path) -> None:
    assert calibrate_distance(file) == 0
    near, far = bay_of(file, 1)["occupied_below_m"], bay_of(file, 1)["free_above_m"]
    assert 0.9 < near < 1.6 < far < 2.2
    assert far - near >= 0.15
    load(file)


@pytest.mark.timing
def test_comments_stay_and_the_old_file_is_kept(file: Path) -> None:
    assert calibrate_distance(file) == 0
    assert "# the node at the lake" in file.read_text()
    assert "# by the entrance" in file.read_text()
    assert file.with_name("node.toml.old").read_text() == FILE


def test_a_magnetic_bay_gets_its_baseline(file: Path) -> None:
    code, _ = calibrate(
        file,
        "lake-003",
        lambda board: board.magnet(1, (20.0, -3.0, 44.0)),
        lambda board: board.magnet(1, (26.0, -3.0, 30.0)),
    )
    assert code == 0
    bay = bay_of(file, 2)
    assert bay["baseline_ut"] == pytest.approx([20, -3, 44], abs=0.1)
    assert 1 < bay["free_below_ut"] < bay["occupied_above_ut"] < 15.3


def test_a_contact_that_is_wired_the_other_way_round_is_turned(file: Path) -> None:
    code, _ = calibrate(
        file, "lake-001", lambda board: board.level(17, high=False), lambda board: board.level(17, high=True)
    )
    assert code == 0
    assert bay_of(file, 0)["active"] == "high"


@pytest.mark.parametrize(
    ("empty", "car"),
    [(2.4, 2.3), (None, 0.6), (0.6, 2.4)],
    ids=["the car is not seen", "no echo of the empty bay", "the steps were mixed up"],
)
def test_what_cannot_be_calibrated_changes_nothing(file: Path, empty, car, capsys) -> None:
    code, _ = calibrate(
        file, "lake-002", lambda board: board.distance(24, empty), lambda board: board.distance(24, car)
    )
    assert code == 1
    assert file.read_text() == FILE
    assert len(capsys.readouterr().err) > 40


def test_an_unknown_bay_is_answered_with_the_known_ones(file: Path, capsys) -> None:
    assert main(["lake-009", "--config", str(file)], MockBoard([])) == 2
    assert "lake-001, lake-002, lake-003" in capsys.readouterr().err


def test_ctrl_c_changes_nothing(file: Path) -> None:
    def interrupted(_question: str) -> str:
        raise KeyboardInterrupt

    assert main(["lake-002", "--config", str(file)], MockBoard(load(file).bays), interrupted) == 1
    assert file.read_text() == FILE


def test_jumping_distances_are_refused() -> None:
    jumping = Series([1.0 + 0.1 * (number % 10) for number in range(20)])
    with pytest.raises(CalibrationError, match="jump"):
        suggest_distance(jumping, Series([0.5] * 20))


def test_a_field_that_hardly_changes_is_refused() -> None:
    with pytest.raises(CalibrationError, match="microtesla"):
        suggest_field([(20.0, 0.0, 44.0)] * 20, [(21.0, 0.0, 44.0)] * 20)
