"""The outbox when the power goes: 50 cuts at random moments of a recorded log of writes and syncs."""

import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.outbox import CHANGE, REPEAT, Message, Outbox
from tests.edge.disk import Connection, Disk, RecordingVfs

CUTS = 50
READINGS = 120


@dataclass(frozen=True)
class Moment:
    """What the outbox had promised when the log had this length."""

    length: int
    stored: frozenset[int]  # seqs of rows that put() returned and the hub has not acked
    highest: int


def live(directory: Path, synchronous: str) -> tuple[Disk, list[Moment]]:
    """A node's day: readings, acks, a checkpoint now and then; with another durability than the outbox chose itself."""
    disk, name = Disk(), f"recording-{synchronous}"
    vfs = RecordingVfs(disk, name)
    outbox = Outbox(directory / "outbox.db", connect=lambda file: Connection(file, name))
    outbox._db.execute(f"PRAGMA synchronous={synchronous}")
    outbox._db.execute("PRAGMA wal_autocheckpoint=20")
    chance, stored, moments = random.Random(1), set(), []
    for number in range(READINGS):
        body = {"ts": "2026-11-24T10:15:30.123Z", "bay": "lake-001", "state": "free", "n": number}
        rank = CHANGE if chance.random() < 0.7 else REPEAT
        stored |= {row.seq for row in outbox.put([Message("bay", body, rank)])}
        moments.append(Moment(len(disk.log), frozenset(stored), outbox.last))
        if chance.random() < 0.1:
            acked = min(stored) + len(stored) // 2
            outbox.forget(outbox.id, acked)
            stored = {seq for seq in stored if seq > acked}
    outbox.close()
    vfs.unregister()
    return disk, moments


def losses(directory: Path, synchronous: str) -> list[str]:
    """What 50 power cuts cost, one sentence each."""
    disk, moments = live(directory, synchronous)
    chance, found = random.Random(2), []
    for number in range(CUTS):
        cut = chance.randrange(moments[0].length, len(disk.log))
        before = [moment for moment in moments if moment.length <= cut][-1]
        later = next((moment for moment in moments if moment.length > cut), before)
        folder = directory / f"{synchronous}-{number}"
        folder.mkdir()
        for name, content in disk.after_cut(cut, chance).items():
            (folder / name).write_bytes(content)
        found += [f"cut {number} at {cut}: {loss}" for loss in _compare(folder, before, later)]
    return found


def _compare(folder: Path, before: Moment, later: Moment) -> list[str]:
    try:
        return _losses_in(folder, before, later)
    except sqlite3.DatabaseError as error:
        return [str(error)]


def _losses_in(folder: Path, before: Moment, later: Moment) -> list[str]:
    outbox = Outbox(folder / "outbox.db")
    try:
        if outbox.replaced:
            return ["the file is damaged"]
        kept = {row.seq for row in outbox.rows(0, 10_000)}
        # What an ack in flight forgot may be gone, too: it is safe in the hub.
        missing = {seq for seq in before.stored if seq not in kept and seq >= min(later.stored, default=0)}
        found = [f"stored readings are gone: {sorted(missing)}"] if missing else []
        if outbox.last < before.highest:
            found.append(f"number {outbox.last + 1} would be given twice")
    finally:
        outbox.close()
    with sqlite3.connect(folder / "outbox.db") as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return found if verdict == "ok" else [*found, verdict]


def test_no_stored_reading_is_lost_over_fifty_power_cuts(tmp_path: Path) -> None:
    assert losses(tmp_path, "FULL") == []


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_do_lose_readings_with_less_durability(tmp_path: Path, synchronous: str) -> None:
    assert losses(tmp_path, synchronous), "the test proves nothing: it cannot tell a lost reading"


def test_the_outbox_itself_chooses_full_durability(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    assert outbox._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    outbox.close()
