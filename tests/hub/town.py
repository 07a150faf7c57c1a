"""A tiny town for tests: two boards with two bays each and one WiFi node."""

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


NODES = {
    "nodes": [
        _node("plaza", "wifi", capacity=40, assumed=True),
        _node("lake-b1", "sensors", site="lake", sensor="digital", bays=["lake-001", "lake-002"]),
        _node("hall-b1", "sensors", site="hall", sensor="digital", bays=["hall-001", "hall-002"]),
    ]
}


def write(directory: Path) -> Path:
    """Writes the files that fleet and parking read."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sites.json").write_text(json.dumps(SITES))
    (directory / "nodes.json").write_text(json.dumps(NODES))
    return directory
