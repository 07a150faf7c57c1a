"""Power is cut while the agent writes: what it had acknowledged over the serial line is there after the next start."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.lab.vm.image import ext4
from tests.lab.vm.machine import Machine, code_disk, demand
from tests.lab.vm.street import GUEST

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]
CUTS = 3


def test_nothing_acknowledged_is_lost_when_power_is_cut_in_mid_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demand()
    (tmp_path / "files").mkdir()
    (tmp_path / "empty").mkdir()
    code, state = code_disk(tmp_path), tmp_path / "state.ext4"
    ext4(tmp_path / "empty", state, 64)
    chance, figures = random.Random(7), []
    promised: dict[int, str] = {}
    unsafe: set[str] = set()
    unsafe_lost = 0
    for cut in range(CUTS + 1):
        with Machine(tmp_path, code, state) as machine:
            if promised:
                kept = json.loads(machine.run(f"python3 {GUEST}/kept.py"))
                assert lost(promised, kept) == []
                unsafe_lost += len(unsafe - set(kept["plain"]))
            if cut == CUTS:
                break
            said = acknowledged(machine, cut, chance.uniform(1, 3))
        fresh = {entry["seq"]: entry["text"] for entry in said if "seq" in entry}
        unsafe = {entry["text"] for entry in said if "plain" in entry}
        assert len(fresh) > 20
        assert not fresh.keys() & promised.keys(), "a number was given twice"
        promised |= fresh
        figures.append(f"power cut {cut + 1}: {len(fresh)} reports acknowledged, booted in {machine.boot_s:.1f} s")
    figures.append(f"of {len(promised)} acknowledged reports 0 lost; with synchronous=NORMAL beside it {unsafe_lost}")
    with capsys.disabled():
        print("\nfigures of the power cuts:", *figures, sep="\n  ")
    assert unsafe_lost > 0, "the cuts prove nothing: they cost nobody anything"


def acknowledged(machine: Machine, cut: int, seconds: float) -> list[dict[str, Any]]:
    """Everything that was acknowledged until the power was cut, `seconds` after the first."""
    machine.run(f"{GUEST}/agent")
    machine.stream(f"python3 {GUEST}/writer.py {cut}")
    lines = [machine.line(60), *machine.lines(seconds), *machine.cut_power()]
    said = [dict(json.loads(line)) for line in lines]
    assert all("code" not in entry for entry in said), f"the writer ended by itself: {said[-1]}"
    return said


def lost(promised: dict[int, str], kept: dict[str, Any]) -> list[str]:
    """What is missing, one sentence each."""
    rows = {int(seq): text for seq, text in kept["rows"].items()}
    found = [f"{seq} ({text}) is gone" for seq, text in promised.items() if rows.get(seq) != text]
    if kept["last"] < max(promised, default=0):
        found.append(f"number {kept['last'] + 1} would be given twice")
    if kept["replaced"]:
        found.append("the file was damaged and put aside")
    return found if kept["verdict"] == "ok" else [*found, str(kept["verdict"])]
