"""What a node tells about itself, out of the kernel's files; what is missing is left out."""

from pathlib import Path

import pytest

from edge import status


def test_throttling_and_undervoltage_are_the_firmwares_bits(tmp_path: Path) -> None:
    file = tmp_path / "get_throttled"
    file.write_text("50005\n")
    assert status.throttled(file) == 0x50005
    assert status.throttled(tmp_path / "none") is None


def test_the_cards_writes_and_wear(tmp_path: Path) -> None:
    (tmp_path / "device").mkdir()
    (tmp_path / "stat").write_text("  100 0 800 30 250 0 4096000 90 0 100 120\n")
    assert status.disk_written_mb(tmp_path) == 2000
    assert status.disk_worn_percent(tmp_path) is None, "an SD card without a word about it"
    (tmp_path / "device" / "life_time").write_text("0x02 0x03\n")
    assert status.disk_worn_percent(tmp_path) == 30
    (tmp_path / "device" / "life_time").write_text("0x00 0x00\n")
    assert status.disk_worn_percent(tmp_path) is None


def test_the_clock_names_its_boot_and_never_goes_back(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("8c1d0e77-aaaa-bbbb-cccc-0123456789ab\n")
    clock = status.Clock(file)
    assert clock.boot == "8c1d0e77aaaa"
    first, second = clock.stamps(), clock.stamps()
    assert second["up_ms"] >= first["up_ms"]
    assert status.Clock(tmp_path / "none").boot != status.Clock(tmp_path / "none").boot


@pytest.mark.parametrize(("kernel", "told"), [(True, True), (False, False), (None, None)])
def test_the_gate_is_told_of_the_clock_unless_nobody_may_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kernel: bool | None, told: bool | None
) -> None:
    """A sandbox refuses to ask the kernel: then opening times are judged as ever, and readings count as not set."""
    monkeypatch.setattr(status, "_TIMESYNC", tmp_path / "missing")
    monkeypatch.setattr(status, "_kernel_synchronised", lambda: kernel)
    clock = status.Clock()
    assert clock.setting(0.0) == (None if told is None else {"boot": clock.boot, "set": told})
    assert clock.synced(0.0) is (kernel is True)


def test_a_clock_that_a_host_keeps_counts_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "clock_synchronised", lambda: False)
    assert status.Clock(kept=True).setting(60.0) == {"boot": status.Clock().boot, "set": True}
    own = status.Clock().setting(60.0)
    assert own is not None
    assert own["set"] is False
