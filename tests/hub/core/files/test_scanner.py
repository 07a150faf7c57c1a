"""The virus scanner's verdict decides, and no verdict is a refusal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.core.files import Intake, RefusedError, Vault
from hub.core.files.scanner import Clamd, UnavailableError
from tests.hub.core.files import samples
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

SECONDS = 2.0


@contextmanager
def clamd(mode: str) -> Iterator[Clamd]:
    port = free_port()
    process = Process(["-m", "tests.hub.core.files.clamd", str(port), mode])
    try:
        assert wait_for_port(port)
        yield Clamd(f"clamd://127.0.0.1:{port}", SECONDS)
    finally:
        process.stop()


def infected() -> bytes:
    return samples.pdf(samples.EICAR)


def test_a_clean_file_is_taken_and_eicar_is_refused(vault: Vault) -> None:
    with clamd("honest") as scanner:
        intake = Intake(vault, 1 << 20, scanner)
        assert intake.receive(samples.pdf(b"x" * 300_000), "gut.pdf").size > 300_000
        with pytest.raises(RefusedError, match="virus"):
            intake.receive(infected(), "schlecht.pdf")
    assert sum(one.is_file() for one in vault.directory.rglob("*")) == 1


def test_a_scanner_behind_a_unix_socket(tmp_path: Path) -> None:
    address = tmp_path / "clamd.sock"
    process = Process(["-m", "tests.hub.core.files.clamd", str(address), "honest"])
    try:
        deadline = time.monotonic() + 15
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        scanner = Clamd(f"unix://{address}", SECONDS)
        assert scanner.is_clean(b"good")
        assert not scanner.is_clean(samples.EICAR)
    finally:
        process.stop()


@pytest.mark.thorough
@pytest.mark.parametrize("mode", ["hang", "cut", "error", "babble", "slow"])
def test_a_sick_scanner_is_no_verdict_and_not_waited_for_for_ever(mode: str, vault: Vault) -> None:
    with clamd(mode) as scanner:
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            scanner.is_clean(b"x" * 200_000)
        assert time.monotonic() - began < 3 * SECONDS
        with pytest.raises(RefusedError, match="busy"):
            Intake(vault, 1 << 20, scanner).receive(samples.pdf(), "x.pdf")


@pytest.mark.parametrize("url", ["clamd://127.0.0.1:1", "unix:///nowhere/clamd.sock"])
def test_an_absent_scanner_means_please_later(url: str, vault: Vault) -> None:
    with pytest.raises(RefusedError, match="busy"):
        Intake(vault, 1 << 20, Clamd(url, SECONDS)).receive(samples.pdf(), "x.pdf")
    assert not vault.directory.exists()
