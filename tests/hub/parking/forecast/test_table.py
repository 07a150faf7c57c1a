"""Other people's files: in any order, with gaps, doubles and odd steps."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.core.i18n import TIMEZONE
from hub.parking.rules.forecast import read_table
from tests.hub.parking.forecast.data import rows, shape

NOON = int(datetime(2026, 10, 5, 12, tzinfo=UTC).timestamp()) // 3600
HEAD = "site,ts,occupied\n"


def read(text: str) -> dict[str, dict[int, float]]:
    return read_table(text.splitlines(), TIMEZONE)


def test_measurements_of_an_hour_become_their_mean_in_any_order() -> None:
    found = read(HEAD + "a,2026-10-05T13:10:00Z,4\na,2026-10-05T12:40:00Z,10\na,2026-10-05T12:10:00Z,20\n")
    assert found == {"a": {NOON: 15, NOON + 1: 4}}


def test_of_two_rows_with_one_moment_the_last_counts() -> None:
    assert read(HEAD + "a,2026-10-05T12:10Z,4\na,2026-10-05T14:10+02:00,10\n") == {"a": {NOON: 10}}


def test_a_time_without_zone_is_the_towns_clock() -> None:
    assert read(HEAD + "a,2026-10-05T14:00,1\na,2026-10-05 15:30:00,3\n") == {"a": {NOON: 1, NOON + 1: 3}}


def test_the_hour_that_comes_twice_in_october_is_two_hours() -> None:
    found = read(HEAD + "a,2026-10-25T02:30+02:00,1\na,2026-10-25T02:30+01:00,3\n")["a"]
    assert sorted(found.values()) == [1, 3]


def test_empty_numbers_are_gaps_and_other_columns_do_no_harm() -> None:
    assert read("\ufeffTS;note;Site;Occupied\n2026-10-05T12:00Z;x;a;\n\n2026-10-05T13:00Z;;a;5\n") == {
        "a": {NOON + 1: 5}
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("site,occupied\n", "missing: ts"),
        ("", "missing: site, ts, occupied"),
        (HEAD + "a,yesterday,4\n", "line 2: 'yesterday' is no ISO 8601 time"),
        (HEAD + "a,2026-10-05T12:00Z,4\na,2026-10-05T12:00Z,many\n", "line 3: 'many' is no number"),
        (HEAD + "a,2026-10-05T12:00Z,-1\n", "line 2: '-1' is no number"),
        (HEAD + "a,2026-10-05T12:00Z,inf\n", "line 2: 'inf' is no number"),
        (HEAD + "a\n", "line 2 has too few columns"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.split("'", maxsplit=1)[0]) as refusal:
        read(text)
    assert sentence in str(refusal.value)


def evaluate(file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "parking", "forecast", "evaluate", str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_the_command_prints_the_errors_of_all_three_as_json_and_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "cars.csv"
    lines = rows({"a": shape("office", 1, date(2026, 9, 7), 42), "b": shape("pool", 1, date(2026, 9, 7), 5)})
    file.write_text("\n".join(lines))
    found = json.loads(evaluate(file, "--json").stdout)
    overall = found["overall"]
    assert overall["unit"] == "bays"
    assert overall["forecast"] < overall["same_hour_last_week"] < overall["persistence"]
    assert found["sites"]["a"]["forecast"] == overall["forecast"]
    assert found["sites"]["b"]["forecast"] is None
    assert set(overall["horizons"]) == {str(h) for h in range(1, 25)}
    table = evaluate(file).stdout
    assert f"{overall['forecast']:.2f}" in table
    assert "too little data" in table
    assert "24 h" in table


def test_the_command_refuses_what_it_cannot_judge_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "cars.csv"
    file.write_text(HEAD + "a,2026-10-05T12:00Z,4\n")
    done = evaluate(file)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "enough data" in done.stderr
