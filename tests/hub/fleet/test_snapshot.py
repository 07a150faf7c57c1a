"""The fleet's snapshot: made once a tick, never too old, and small towns do without."""

import json
import threading
import time
from pathlib import Path

import pytest

from hub.core.db import Database
from hub.fleet import api
from hub.fleet.api import snapshots as shelf
from tests.hub import town

NOW = 1_800_000_000_000


@pytest.fixture
def many(database: Database, tmp_path: Path) -> Database:
    """A town that is too large to be read for every page."""
    place = {"role": "wifi", "lat": 49.24, "lon": 9.11, "capacity": 10}
    nodes = [
        {"id": f"n{number:03d}", "name": {"de": f"K{number}", "en": f"N{number}"}, **place}
        for number in range(shelf.FEW + 1)
    ]
    (tmp_path / "nodes.json").write_text(json.dumps({"nodes": nodes}))
    database.write(lambda session: api.seed(session, tmp_path))
    return database


def ring(database: Database, node: str, name: str) -> None:
    database.write(lambda session: api.set_ring(session, node, name, api.By("karla", "cli", NOW)))


def canaries(database: Database, now: int, language: str = "de") -> int:
    return api.snapshot(database, now, language).rings.get("canary", 0)


def test_within_a_tick_everybody_gets_the_same_one(many: Database) -> None:
    first = api.snapshot(many, NOW, "de")
    assert len(first.lines) == shelf.FEW + 1
    assert api.snapshot(many, NOW + shelf.TICK_MS - 1, "de") is first
    assert api.snapshot(many, NOW, "en").lines[0].label.startswith("N")


def test_who_comes_after_a_tick_gets_the_old_one_and_the_next_is_made_behind_them(many: Database) -> None:
    first = api.snapshot(many, NOW, "de")
    ring(many, "n001", "canary")
    assert api.snapshot(many, NOW + shelf.TICK_MS, "de") is first
    deadline = time.monotonic() + 10
    while canaries(many, NOW + shelf.TICK_MS) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert canaries(many, NOW + shelf.TICK_MS) == 1


def test_what_is_too_old_is_shown_to_nobody(many: Database) -> None:
    api.snapshot(many, NOW, "de")
    ring(many, "n001", "canary")
    assert canaries(many, NOW + shelf.OLDEST_MS) == 1
    ring(many, "n002", "canary")
    assert canaries(many, NOW) == 2, "a clock that was set back shows nothing old either"


def test_what_somebody_here_changed_is_there_at_once(many: Database) -> None:
    assert canaries(many, NOW) == 0
    ring(many, "n001", "canary")
    api.forget_snapshots(many)
    assert canaries(many, NOW) == 1


def test_a_reading_that_a_change_overtook_is_not_kept(many: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shelf.lines

    def overtaken(*given: object) -> object:
        found = real(*given)  # type: ignore[arg-type]
        ring(many, "n001", "canary")
        api.forget_snapshots(many)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "lines", overtaken)
        assert canaries(many, NOW) == 0
    assert canaries(many, NOW) == 1


def test_many_who_come_at_once_wait_for_one_reading(many: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = shelf.lines
    monkeypatch.setattr(shelf, "lines", lambda *given: (read.append(1), time.sleep(0.05), real(*given))[2])
    threads = [threading.Thread(target=api.snapshot, args=(many, NOW, "de")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 1


def test_a_reading_that_fails_leaves_the_old_one_and_the_next_tries_again(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.snapshot(many, NOW, "de")
    failed = threading.Event()

    def fails(*_given: object) -> None:
        failed.set()
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "lines", fails)
        assert api.snapshot(many, NOW + shelf.TICK_MS, "de") is first
        assert failed.wait(10)
    ring(many, "n001", "canary")
    assert canaries(many, NOW + shelf.OLDEST_MS) == 1


def test_a_small_town_is_read_anew_each_time(database: Database, tmp_path: Path) -> None:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    assert canaries(database, NOW) == 0
    ring(database, "plaza", "canary")
    assert canaries(database, NOW) == 1
