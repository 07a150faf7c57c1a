"""A tiny town for tests: two boards with two (or more) bays each and one WiFi node."""

import json
from pathlib import Path

SITES = {
    "sites": [
        {
            "id": key,
            "name": {"de": name, "en": name},
            "short": {"de": name, "en": name},
            "lat": 49.2411,
            "lon": 9.1112,
            "capacity": 2,
            "tariff_text": {"de": "Ohne Gebühr", "en": "No charge"},
            "assumed": True,
        }
        for key, name in (("lake", "Am See"), ("hall", "Am Rathaus"))
    ]
}


def _node(key: str, role: str, **more: object) -> dict[str, object]:
    return {"id": key, "role": role, "name": {"de": key, "en": key}, "lat": 49.24, "lon": 9.11, **more}


def nodes(bays: int) -> dict[str, object]:
    """The content of nodes.json."""
    boards = [
        _node(f"{site}-b1", "sensors", site=site, sensor="digital", bays=[f"{site}-001", f"{site}-{bays:03d}"])
        for site in ("lake", "hall")
    ]
    return {"nodes": [_node("plaza", "wifi", capacity=40, assumed=True), *boards]}


def write(directory: Path, bays: int = 2) -> Path:
    """Writes the files that fleet and parking read."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sites.json").write_text(json.dumps(SITES))
    (directory / "nodes.json").write_text(json.dumps(nodes(bays)))
    return directory
