"""The directory of signed releases: one folder each, taken in only as they were signed."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.fleet.rules import release as rules
from hub.fleet.rules.release import Release

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


class Releases:
    """`directory` holds the releases, `key` the public key that they must fit."""

    def __init__(self, directory: Path, key: Path) -> None:
        self._directory, self._key = directory, key

    def names(self) -> list[str]:
        """What is there, newest first."""
        if not self._directory.is_dir():
            return []
        found = [path for path in self._directory.iterdir() if rules.is_name(path.name) and path.is_dir()]
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]

    def load(self, name: str) -> Release:
        """One that is there; ValueError for an unknown name."""
        if not rules.is_name(name) or not (self._directory / name / MANIFEST).is_file():
            raise ValueError(f"there is no release {name}; known are: {', '.join(self.names()) or 'none'}")
        return _read((self._directory / name / MANIFEST).read_bytes())

    def newer(self, name: str) -> frozenset[str]:
        """What nodes call the releases made after that one, as far as they are here; nobody goes back from them."""
        known = []
        for one in self.names():
            with contextlib.suppress(OSError, ValueError):  # it was deleted meanwhile
                known.append(self.load(one))
        wanted = next((one for one in known if one.name == name), None)
        if wanted is None:
            return frozenset()
        found = {runs for one in known if one.made > wanted.made for runs in one.installed}
        return frozenset(found - wanted.installed)

    def file(self, name: str, file: str) -> Path | None:
        """A file that nodes may fetch; None for anything else."""
        if not rules.is_name(name) or not (self._directory / name / MANIFEST).is_file():
            return None
        known = {MANIFEST, SIGNATURE, *self.load(name).files}
        path = self._directory / name / file
        return path if file in known and path.is_file() else None

    def take_in(self, bundle: Path) -> Release:
        """Copies what nodes need of a bundle; ValueError when anything is not what the key signed."""
        manifest = (bundle / MANIFEST).read_bytes()
        self._verify(manifest, (bundle / SIGNATURE).read_bytes())
        found = _read(manifest)
        if found.name in self.names():
            return found
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self._directory) as scratch:
            for file, (sha256, _) in found.files.items():
                shutil.copyfile(bundle / file, Path(scratch, file))
                if _sha256(Path(scratch, file)) != sha256:
                    raise ValueError(f"{file} is not what was signed: copy the bundle again")
            for name in (MANIFEST, SIGNATURE):
                shutil.copyfile(bundle / name, Path(scratch, name))
            ready = self._directory / f".{found.name}"
            shutil.rmtree(ready, ignore_errors=True)
            shutil.copytree(scratch, ready)
            ready.rename(self._directory / found.name)
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is deleted meanwhile: who begins to need a release says so before this ends."""
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def prune(self, needed: Collection[str], spare: int) -> list[str]:
        """Deletes all but these and the newest `spare` others; what went. The caller holds the directory."""
        gone = [name for name in self.names() if name not in needed][spare:]
        for name in gone:
            shutil.rmtree(self._directory / name)
        return gone

    def _verify(self, manifest: bytes, signature: bytes) -> None:
        if not self._key.is_file():
            raise ValueError(f"{self._key} is missing: the public key of the releases (ansible/release.pub)")
        key = load_pem_public_key(self._key.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"{self._key} holds no Ed25519 key")  # noqa: TRY004 (the file is wrong, not the caller)
        try:
            key.verify(signature, manifest)
        except InvalidSignature:
            raise ValueError("the signature is not the town's: nothing was taken in") from None


def _read(manifest: bytes) -> Release:
    try:
        return rules.read(json.loads(manifest), hashlib.sha256(manifest).hexdigest())
    except (KeyError, TypeError):
        raise ValueError("this is no manifest of a release") from None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
