"""The agents of the simulated town out of its data files: sensor boards for every bay, WiFi nodes with visitors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.config import BayConfig, Broker, Config, State
from edge.rules import Limits

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


def config(place: Place, broker_url: str, state_dir: Path, speed: float) -> Config:
    """The configuration of the node at a place, as its TOML file would say it."""
    address = urlsplit(broker_url)
    return Config(
        name=place.id,
        label=place.label,
        broker=Broker(host=address.hostname or "127.0.0.1", port=address.port or 1883),
        state=State(directory=state_dir / "nodes" / place.id),
        bays=tuple(_bay(place, number, bay) for number, bay in enumerate(place.bays)),
        limits=replace(
            Limits(),
            occupied_after_s=_HOLD_OCCUPIED_S,
            free_after_s=_HOLD_FREE_S,
            flip_window_s=_FLIP_WINDOW_S / max(speed, 1.0),  # cars that come faster are no broken sensor
        ),
        portal=place.role == "wifi",
        capacity=place.capacity or None,
        host_clock=True,  # a simulation has no clock of its own
    )


def _bay(place: Place, number: int, bay: str) -> BayConfig:
    if place.sensor == "ultrasonic":
        return BayConfig(bay, "ultrasonic", (_FIRST_PIN + number, _FIRST_ECHO + number))
    return BayConfig(bay, "digital", (_FIRST_PIN + number,))
