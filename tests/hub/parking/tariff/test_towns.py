"""The published tariffs of real towns."""

import json
import subprocess
import sys

import pytest

from hub.parking.api import tariffs
from tests.hub.parking.tariff.towns import REFUSED, STAYS

SHIPPED = (
    *("sinsheim-kern", "sinsheim-ring", "neckarsulm", "neckarsulm-p6", "neckarsulm-bahnhof", "heilbronn-nord"),
    *("friedrichshafen", "friedrichshafen-2", "friedrichshafen-bad", "dusslingen", "thermarium"),
)


@pytest.mark.parametrize("stay", STAYS, ids=lambda stay: " ".join(map(str, stay)))
def test_a_stay_costs_what_the_town_says(stay) -> None:
    name, start, end, cents, exempt, used = (*stay, *(None, 0)[len(stay) - 4 :])
    assert tariffs.quote(name, start, end, exempt=exempt, used_free_minutes=used).cents == cents


@pytest.mark.parametrize("stay", REFUSED, ids=" ".join)
def test_a_stay_that_is_not_allowed_is_refused_in_one_sentence(stay) -> None:
    name, start, end, reason = stay
    with pytest.raises(ValueError, match=reason) as refused:
        tariffs.quote(name, start, end)
    assert "\n" not in str(refused.value)


def test_all_of_them_are_shipped() -> None:
    assert set(SHIPPED) <= set(tariffs.names())


def test_the_derivation_tells_every_step() -> None:
    found = tariffs.quote("neckarsulm", "2026-03-02T20:00", "2026-03-03T09:00")
    assert found.lines == [
        "02.03.2026: 1 × 60 Min. zu 0,00\u00a0€ = 0,00\u00a0€",
        "02.03.2026: 1 × 60 Min. zu 1,00\u00a0€ = 1,00\u00a0€",
        "02.03.2026: 2 × 60 Min. zu 2,00\u00a0€ = 4,00\u00a0€",
        "03.03.2026: 9 × 60 Min. zu 2,00\u00a0€ = 18,00\u00a0€",
        "03.03.2026: höchstens 8,00\u00a0€ am Tag",
        "Summe 13,00\u00a0€",
    ]
    english = tariffs.quote("friedrichshafen", "2026-03-02T10:00", "2026-03-02T10:05", language="en")
    assert english.lines == ["2 March 2026: 5 min at €0.011 a minute = €0.055", "Total €0.06"]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub", "parking", "price", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.process
def test_the_command_line_prints_the_price_and_its_derivation(tmp_path) -> None:
    stay = ("--from", "2026-03-02T08:00+01:00", "--to", "2026-03-02T07:31:00Z")
    found = command("--tariff", "thermarium", *stay, "--json")
    assert json.loads(found.stdout)["cents"] == 100
    assert len(json.loads(found.stdout)["lines"]) == 3
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"terms": [{"unit_minutes": 60, "cents": 70}]}))
    found = command("--tariff", str(own), "--from", "2026-03-02T08:00", "--to", "2026-03-02T09:01")
    assert found.stdout.splitlines()[0] == "140"
    refused = command("--tariff", "heilbronn-nord", "--from", "2026-03-02T08:00", "--to", "2026-03-02T12:00")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert len(refused.stderr.splitlines()) == 1
