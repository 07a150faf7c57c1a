"""What the command line does about other makers' sensors."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hub.core import audit
from hub.core.clock import now_ms
from hub.core.db import opened
from hub.radio import api as radio
from hub.settings import Settings


def add_radio_device(
    settings: Settings, facts: Mapping[str, str], thresholds_mm: tuple[int, int] | None, minutes: int | None
) -> None:
    """network, id, node, bay and decoder of another maker's sensor; ValueError in a plain sentence."""
    new = radio.NewDevice(**facts, thresholds_mm=thresholds_mm, repeat_s=minutes * 60 if minutes else None)
    with opened(settings.database) as database:
        database.write(partial(radio.add_device, new=new, actor=audit.CLI, now=now_ms()))


def add_radio_decoder(settings: Settings, name: str, file: Path) -> None:
    """A table-driven decoder out of a JSON file; ValueError in a plain sentence."""
    spec = json.loads(file.read_text())
    with opened(settings.database) as database:
        database.write(partial(radio.add_decoder, name=name, spec=spec, actor=audit.CLI, now=now_ms()))


def radio_devices(settings: Settings) -> str:
    """One line a sensor."""
    with opened(settings.database) as database, database.read() as session:
        found = radio.devices(session)
    return "\n".join(
        f"{one.network:10} {one.id:24} {one.bay:24} {one.state:9} received {one.received}, twice {one.duplicates}, "
        f"lost {one.missed}"
        for one in found
    )
