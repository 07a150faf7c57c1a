"""The agents of the simulated town out of its data files: sensor boards for every bay, WiFi nodes with visitors."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.config import Config, parse

_FIRST_PIN = 2
_FIRST_ECHO = 15  # GPIO 2 and 3 have fixed pull resistors: they can trigger, not listen
_HOLD_OCCUPIED_S, _HOLD_FREE_S = 2.0, 3.0  # shorter than in the street, so that the town is alive at once
_FLIP_WINDOW_S = 600.0


@dataclass(frozen=True)
class Place:
    """What the town's data says about a node."""

    id: str
    role: str
    label: str
    capacity: int
    site: str
    sensor: str
    bays: tuple[str, ...]


def places(town: Path, wifi_nodes: int) -> list[Place]:
    """The first WiFi nodes and every sensor board of nodes.json."""
    entries = json.loads((town / "nodes.json").read_text(encoding="utf-8"))["nodes"]
    wifi = [entry for entry in entries if entry["role"] == "wifi"][:wifi_nodes]
    return [_place(entry) for entry in (*wifi, *(entry for entry in entries if entry["role"] == "sensors"))]


def _place(entry: Mapping[str, Any]) -> Place:
    return Place(
        id=entry["id"],
        role=entry["role"],
        label=entry["name"]["de"],
        capacity=entry.get("capacity", 0),
        site=entry.get("site", ""),
        sensor=entry.get("sensor", ""),
        bays=_bays(entry["bays"]) if "bays" in entry else (),
    )


def _bays(ends: list[str]) -> tuple[str, ...]:
    site, _, first = ends[0].rpartition("-")
    last = ends[-1].rpartition("-")[2]
    return tuple(f"{site}-{number:03d}" for number in range(int(first), int(last) + 1))


def own_file(place: Place, broker_url: str, state_dir: Path, speed: float) -> str:
    """The node's TOML file; cars that come faster are no broken sensor, and a simulation has no clock of its own."""
    directory, portal = state_dir / "nodes" / place.id, place.role == "wifi"
    lines = [
        f"# {place.label}: a simulated node of the demonstration",
        *("[node]", f"name = {_text(place.id)}", f"label = {_text(place.label)}", "host_clock = true"),
        f"portal = {_text(portal)}",
        *("[broker]", f"url = {_text(broker_url)}", "[state]", f"directory = {_text(str(directory))}"),
        *("[rules]", f"occupied_after_s = {_HOLD_OCCUPIED_S}", f"free_after_s = {_HOLD_FREE_S}"),
        f"flip_window_s = {_FLIP_WINDOW_S / max(speed, 1.0)}",
    ]
    if place.capacity:
        lines += ["[portal]", f"capacity = {place.capacity}"]
    for number, bay in enumerate(place.bays):
        lines += ["[[bays]]", f"id = {_text(bay)}", *_pins(place.sensor, number)]
    return "\n".join(lines) + "\n"


def config(place: Place, broker_url: str, state_dir: Path, speed: float) -> Config:
    """The configuration of the node at a place."""
    return parse(tomllib.loads(own_file(place, broker_url, state_dir, speed)))


def _text(value: object) -> str:
    """As TOML writes it."""
    return json.dumps(value, ensure_ascii=False)


def _pins(sensor: str, number: int) -> tuple[str, ...]:
    if sensor == "ultrasonic":
        return 'sensor = "ultrasonic"', f"trigger = {_FIRST_PIN + number}", f"echo = {_FIRST_ECHO + number}"
    return 'sensor = "digital"', f"pin = {_FIRST_PIN + number}"
