"""Manifests that the town's release key (Ed25519) signed, and files that are what a manifest says."""

import hashlib
import json
import os
import platform
import stat
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.rules.release import Part, ReleaseError, part_of

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_MOST_BYTES = 1 << 20
_BLOCK = 1 << 16


def own_part() -> str:
    """The name of the part for this machine and Python, such as node-aarch64-cp311."""
    return f"node-{platform.machine()}-cp{sys.version_info.major}{sys.version_info.minor}"


def verified(directory: Path, key: Path, name: str) -> Part:
    """The part `name` of a manifest that the key signed; ReleaseError otherwise, OSError when a file is missing."""
    manifest, signature = (read(directory / file, _MOST_BYTES) for file in (MANIFEST, SIGNATURE))
    try:
        public = serialization.load_pem_public_key(key.read_bytes())
        if not isinstance(public, Ed25519PublicKey):
            raise ReleaseError(f"{key} holds no Ed25519 key")
        public.verify(signature, manifest)
        return part_of(json.loads(manifest), name)
    except InvalidSignature:
        raise ReleaseError("the signature is not the town's: nothing is installed") from None
    except ValueError as error:
        raise ReleaseError(str(error)) from None


def read(file: Path, most: int) -> bytes:
    """A plain file's content, never that of a link; ReleaseError when it is something else or too large."""
    with os.fdopen(_open_plain(file), "rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ReleaseError(f"{file.name} is too large")
    return content


def sha256_of(file: Path) -> str:
    """The digest of a file on disk."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def copy_verified(source: Path, target: Path, part: Part) -> None:
    """Copies the part's archive while it is hashed, so that nobody can change it in between; else ReleaseError."""
    digest, size = hashlib.sha256(), 0
    with os.fdopen(_open_plain(source), "rb") as stream, target.open("wb") as out:
        while size <= part.size and (block := stream.read(_BLOCK)):
            digest.update(block)
            size += len(block)
            out.write(block)
    if size != part.size or digest.hexdigest() != part.sha256:
        target.unlink()
        raise ReleaseError(f"{part.name} is not what was signed: nothing is installed")


def _open_plain(file: Path) -> int:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ReleaseError(f"{file.name} is no plain file")
    return descriptor
