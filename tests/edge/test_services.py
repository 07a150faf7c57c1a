"""A restart of the WiFi's services: asked for with a file, told when it is done or why it is not."""

import queue
from pathlib import Path

from edge.services import Services


def ask(directory: Path, patience_s: float) -> tuple[str, "queue.Queue[tuple[bool, str]]"]:
    told: queue.Queue[tuple[bool, str]] = queue.Queue()
    return Services(directory, patience_s).restart(lambda ok, text: told.put((ok, text))), told


def test_it_is_done_when_the_units_say_so(tmp_path: Path) -> None:
    (tmp_path / "restart.done").write_text("of another time")
    answer, told = ask(tmp_path, 20)
    assert "systemd was asked" in answer
    assert not (tmp_path / "restart.done").exists(), "an old word counts for nothing"
    (tmp_path / "restart.request").unlink()
    (tmp_path / "restart.done").write_text("")
    assert told.get(timeout=10) == (True, "The WiFi services run again.")


def test_nobody_took_it(tmp_path: Path) -> None:
    _answer, told = ask(tmp_path, 0.1)
    ok, text = told.get(timeout=10)
    assert not ok
    assert "stadtknoten-restart.path" in text
    assert not (tmp_path / "restart.request").exists(), "it must not happen hours later"


def test_a_service_did_not_come_back(tmp_path: Path) -> None:
    _answer, told = ask(tmp_path, 0.6)
    (tmp_path / "restart.request").unlink()
    ok, text = told.get(timeout=10)
    assert not ok
    assert "journalctl" in text
