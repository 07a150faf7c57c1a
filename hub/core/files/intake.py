"""What happens to a file that somebody hands in, before any row names it."""

import hashlib
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from hub.core.files import picture, rules
from hub.core.files.scanner import Clamd, UnavailableError
from hub.core.files.vault import Vault

log = logging.getLogger(__name__)

_PROGRAM = Path(__file__).with_name("picture.py")
_SECONDS = 30.0  # for one picture
_PATIENCE_S = 20.0  # so long a picture waits for its turn
_turns = threading.BoundedSemaphore(2)  # pictures at once, each up to a gigabyte of memory


class RefusedError(Exception):
    """This file is not taken; `reason`: empty, large, kind, pixels, broken, locked, active, virus, busy."""

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


@dataclass(frozen=True)
class Received:
    """Clean bytes that lie in the vault and that no row names yet."""

    id: str
    name: str
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Intake:
    """Takes files into `vault`; `max_bytes` is for one file as it was sent."""

    vault: Vault
    max_bytes: int
    clamd: Clamd | None = None

    def receive(self, content: bytes, name: str) -> Received:
        """Recognises, checks, cleans and stores; RefusedError says why not. OSError when the disk refuses."""
        kind = self._checked_kind(content, name)
        self._scan(content, name)
        mime = rules.STORED_AS[kind]
        kept = content if kind == rules.PDF else _cleaned(content, kind, name)
        digest = hashlib.sha256(kept).hexdigest()
        return Received(self.vault.put(kept), rules.clean_name(name, mime), mime, len(kept), digest)

    def _checked_kind(self, content: bytes, name: str) -> str:
        if not content:
            raise RefusedError("empty", name)
        if len(content) > self.max_bytes:
            raise RefusedError("large", name)
        kind = rules.kind_of(content)
        if kind is None:
            raise RefusedError("kind", name)
        problem = rules.pdf_problem(content) if kind == rules.PDF else None
        if problem:
            raise RefusedError(problem, name)
        return kind

    def _scan(self, content: bytes, name: str) -> None:
        if self.clamd is None:
            return
        try:
            is_clean = self.clamd.is_clean(content)
        except UnavailableError as error:
            log.warning("a file was refused because clamd gave no answer: %s", error)
            raise RefusedError("busy", name) from error
        if not is_clean:
            raise RefusedError("virus", name)


def _cleaned(content: bytes, kind: str, name: str) -> bytes:
    """The picture without metadata, decoded by a process of its own."""
    form = kind.rpartition("/")[2].upper()
    if not _turns.acquire(timeout=_PATIENCE_S):
        raise RefusedError("busy", name)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM), form],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedError("broken", name) from error
    finally:
        _turns.release()
    if done.returncode == picture.TOO_MANY_PIXELS:
        raise RefusedError("pixels", name)
    if done.returncode != 0 or not done.stdout:
        raise RefusedError("broken", name)
    return done.stdout
