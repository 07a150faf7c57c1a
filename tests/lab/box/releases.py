"""Another release out of the box's own bundle: the same wheels, another version of our program, the same key."""

import importlib.util
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

_CODE = {"node": "edge/agent.py", "hub": "hub/app.py"}


def another(home: Path, version: str, spoil: bytes, kind: str = "node") -> Path:
    """The directory of a bundle with that kind's part alone; `spoil` goes in front of the agent's or the hub's code."""
    old, out, work = home / "bundle", home / f"bundle-{version}", home / f"work-{version}"
    for directory in (out, work):
        directory.mkdir()
    (part,) = [name for name in json.loads((old / "manifest.json").read_text())["files"] if name.startswith(f"{kind}-")]
    with tarfile.open(old / part) as archive:
        archive.extractall(work, filter="data")
    (own,) = (work / "wheels").glob("stadtknoten-*.whl")
    changed = _changed(own, version, spoil, _CODE[kind])
    own.unlink()
    build = _build()
    build.pack(out / part, work / "requirements.lock", [changed, *(work / "wheels").glob("*.whl")])
    build.sign(out, version, load_pem_private_key((home / "key").read_bytes(), None))
    return out


def _changed(wheel: Path, version: str, spoil: bytes, spoiled: str) -> Path:
    old = wheel.name.split("-")[1]
    target = wheel.parents[1] / wheel.name.replace(old, version)
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.namelist():
            content = source.read(entry)
            if ".dist-info/" in entry:
                content = content.replace(f"Version: {old}".encode(), f"Version: {version}".encode())
                content = content.replace(f"stadtknoten-{old}".encode(), f"stadtknoten-{version}".encode())
            elif entry == spoiled:
                content = spoil + content
            out.writestr(entry.replace(f"stadtknoten-{old}", f"stadtknoten-{version}"), content)
    return target


def _build() -> Any:
    spec = importlib.util.spec_from_file_location(
        "bundle_build", Path(__file__).parents[3] / "ansible/release/build.py"
    )
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build
