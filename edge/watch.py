"""The bays of one node: samples, decisions, and what is worth telling the hub."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.bays import MagneticBay, Sensor
from edge.config import Config
from edge.outbox import CHANGE, REPEAT, Message
from edge.rules import Baseline, Bay, is_settled, observe

_log = logging.getLogger(__name__)
_SAME_FIELD_UT = 20.0  # a kept baseline further away than this belongs to another place


@dataclass
class _Slot:
    """A bay, what the rules think of it, and what was reported last."""

    sensor: Sensor
    bay: Bay = Bay()
    distance_m: float | None = None
    reported: str | None = None
    reported_at: float = 0.0


class BayWatch:
    """Looks at every sensor; the caller stores what `news` and `repeats` give and then calls `told`."""

    def __init__(self, sensors: Iterable[Sensor], config: Config) -> None:
        self._slots = [_Slot(sensor) for sensor in sensors]
        self._config = config

    @property
    def ids(self) -> list[str]:
        """The bays in the order of the configuration."""
        return [slot.sensor.id for slot in self._slots]

    @property
    def states(self) -> dict[str, str | None]:
        """What each bay is at the moment; None before the first decision."""
        return {slot.sensor.id: slot.bay.state if slot.bay.decided else None for slot in self._slots}

    def configure(self, config: Config) -> None:
        """New limits and thresholds for the same bays."""
        bays = {bay.id: bay for bay in config.bays}
        for slot in self._slots:
            slot.sensor.configure(bays[slot.sensor.id])
        self._config = config

    def sample(self, now: float) -> None:
        """Lets the rules see one sample of each sensor; `now` is monotonic seconds."""
        for slot in self._slots:
            reading = slot.sensor.read(slot.bay.level)
            if reading is not None:
                slot.distance_m = reading.distance_m
                if not is_settled(slot.bay, reading.level):
                    slot.bay = observe(slot.bay, reading.level, now, self._config.limits, reading.distance_m)

    def news(self) -> list[Message]:
        """Changes of state that were not told yet."""
        return [_reading(slot, CHANGE) for slot in self._slots if slot.bay.decided and slot.bay.state != slot.reported]

    def repeats(self, now: float) -> list[Message]:
        """States that were told long ago and still hold."""
        due = now - self._config.repeat_s
        return [
            _reading(slot, REPEAT)
            for slot in self._slots
            if slot.reported == slot.bay.state and slot.reported_at <= due
        ]

    def told(self, messages: Iterable[Message], now: float) -> None:
        """These messages are on disk."""
        states = {str(message.body["bay"]): (str(message.body["state"]), message.rank) for message in messages}
        for slot in self._slots:
            if slot.sensor.id in states:
                (slot.reported, rank), slot.reported_at = states[slot.sensor.id], now
                if rank == CHANGE:
                    _log.info("bay %s is %s", slot.sensor.id, slot.reported)

    def baselines(self) -> dict[str, list[float]]:
        """The fields of empty bays as they were followed, in microtesla."""
        magnetic = [slot.sensor for slot in self._slots if isinstance(slot.sensor, MagneticBay)]
        return {sensor.id: [round(axis, 2) for axis in sensor.baseline.field] for sensor in magnetic}

    def restore(self, baselines: dict[str, object], now: float) -> None:
        """Takes up baselines that an earlier run kept, where they still fit the calibration."""
        for slot in self._slots:
            kept = baselines.get(slot.sensor.id)
            if isinstance(slot.sensor, MagneticBay) and isinstance(kept, list) and len(kept) == 3:
                x, y, z = (float(axis) for axis in kept)
                if slot.sensor.baseline.deviation((x, y, z)) < _SAME_FIELD_UT:
                    slot.sensor.baseline = Baseline((x, y, z), now)

    def close(self) -> None:
        """Gives every pin back."""
        for slot in self._slots:
            slot.sensor.close()


def _reading(slot: _Slot, rank: int) -> Message:
    body: dict[str, object] = {"bay": slot.sensor.id, "state": slot.bay.state}
    if slot.distance_m is not None:
        body["distance_m"] = slot.distance_m
    return Message("bay", body, rank)


def stamp(message: Message, stamps: dict[str, object]) -> Message:
    """The message with the moment of its reading."""
    return replace(message, body={**stamps, **message.body})
