"""Bytes at rest are encrypted, belong to their id, and survive or vanish as they should."""

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from hub.core.files import Intake, RefusedError, Vault
from tests.hub.core.files import samples


def test_what_is_stored_comes_back_and_nobody_can_read_it_on_the_disk(vault: Vault) -> None:
    file_id = vault.put(b"Rosa Quelle, Steuernummer")
    assert vault.get(file_id) == b"Rosa Quelle, Steuernummer"
    (path,) = [one for one in vault.directory.rglob("*") if one.is_file()]
    assert b"Rosa" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in (path.parent, vault.directory)} == {0o700}


def test_the_key_is_in_no_log(vault: Vault) -> None:
    assert str(vault.key) not in repr(vault)


def test_the_same_content_looks_different_every_time(vault: Vault) -> None:
    first, second = vault.put(b"x" * 100), vault.put(b"x" * 100)
    sealed = [vault._path(one).read_bytes() for one in (first, second)]
    assert sealed[0] != sealed[1]
    assert sealed[0][4:16] != sealed[1][4:16]


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed(vault: Vault, place: int) -> None:
    file_id = vault.put(b"content")
    path = vault._path(file_id)
    sealed = bytearray(path.read_bytes())
    sealed[place] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(ValueError, match="changed"):
        vault.get(file_id)


def test_bytes_under_another_id_or_with_another_key_do_not_open(vault: Vault) -> None:
    first, second = vault.put(b"first"), vault.put(b"second")
    vault._path(first).write_bytes(vault._path(second).read_bytes())
    with pytest.raises(ValueError, match="changed"):
        vault.get(first)
    with pytest.raises(ValueError, match="another one"):
        Vault(vault.directory, bytes(32)).get(second)
    vault._path(second).write_bytes(b"")
    with pytest.raises(ValueError, match="changed"):
        vault.get(second)


@pytest.mark.parametrize("file_id", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 31 + "/"])
def test_an_id_is_never_a_path(vault: Vault, file_id: str) -> None:
    for verb in (vault.get, vault.has, vault.remove):
        with pytest.raises(ValueError, match="no id"):
            verb(file_id)


def test_removing_twice_is_no_error(vault: Vault) -> None:
    file_id = vault.put(b"x")
    vault.remove(file_id)
    vault.remove(file_id)
    assert not vault.has(file_id)
    with pytest.raises(FileNotFoundError):
        vault.get(file_id)


def test_a_full_disk_leaves_nothing_behind(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hub.core.files.vault.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        vault.put(b"x")
    assert not [one for one in vault.directory.rglob("*") if one.is_file()]


def test_only_old_bytes_are_listed_and_old_unfinished_ones_go(vault: Vault) -> None:
    old, new = vault.put(b"old"), vault.put(b"new")
    half = vault._path(old).parent / "half.part"
    half.write_bytes(b"half")
    young = vault._path(new).parent / "young.part"
    young.write_bytes(b"young")
    for path in (vault._path(old), half):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert list(vault.older_than(time.time() - 86_400)) == [old]
    assert not half.exists()
    assert young.exists()


def test_many_threads_store_at_once_and_nothing_is_mixed_up(vault: Vault) -> None:
    found: dict[str, bytes] = {}

    def store(number: int) -> None:
        for turn in range(10):
            content = f"{number} {turn} ".encode() * 500
            found[vault.put(content)] = content

    threads = [threading.Thread(target=store, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 80
    assert all(vault.get(file_id) == content for file_id, content in found.items())


def test_a_pdf_is_kept_as_it_is_and_a_wrong_ending_does_not_matter(intake: Intake) -> None:
    received = intake.receive(samples.pdf(), "Bescheid.docx")
    assert (received.name, received.mime) == ("Bescheid.pdf", "application/pdf")
    assert intake.vault.get(received.id) == samples.pdf()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"%PDF-" + bytes(10 << 20), "large"), (b"hello", "kind"), (samples.pdf(end=b""), "broken")],
)
def test_what_is_refused_leaves_nothing_on_the_disk(intake: Intake, content: bytes, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        intake.receive(content, "x.pdf")
    assert refused.value.reason == reason
    assert not intake.vault.directory.exists()


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    from hub.settings import Settings

    keys: list[bytes] = []
    start = threading.Barrier(8)

    def read(number: int) -> None:
        settings = Settings(state_dir=tmp_path / "state")
        start.wait()
        keys.append(settings.files_key())

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert [one.name for one in (tmp_path / "state").iterdir()] == ["files.key"]
    assert stat.S_IMODE((tmp_path / "state" / "files.key").stat().st_mode) == 0o600
