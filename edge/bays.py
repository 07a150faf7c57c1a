"""gpiozero pins -> raw readings. Digital inputs are read at each tick; ultrasonic sensors ping one after the other.

gpiozero's DistanceSensor keeps the last distance when the echo is gone, so its queue is not asked: each ping's own
result is, and a ping without echo is None. One thread for all sensors of a process also keeps two neighbours from
hearing each other, and costs less than gpiozero's thread per sensor.
"""

import logging
import threading
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gpiozero

from edge.config import BayConfig
from edge.rules import level_of

_log = logging.getLogger(__name__)
_MAX_DISTANCE_M = 4.0


class PinError(RuntimeError):
    """A pin cannot be used; the text says which and why."""


@dataclass
class Reading:
    """One sample. `level` True = something stands there, None = no answer; `distance_m` only of ultrasonic bays."""

    level: bool | None
    distance_m: float | None = None


class DigitalBay:
    """A bay with a digital sensor (magnetic field, light barrier, contact mat)."""

    def __init__(self, config: BayConfig, factory: Any = None) -> None:
        self.id = config.id
        self._device = _opened(
            config, gpiozero.DigitalInputDevice, config.pins[0], pull_up=config.active_low, pin_factory=factory
        )

    def read(self, before: bool | None) -> Reading | None:
        """The pin now."""
        return Reading(bool(self._device.value))

    def close(self) -> None:
        """Gives the pin back."""
        self._device.close()


class UltrasonicBay:
    """A bay with an HC-SR04 above it; `ping` is called by a Pinger, `read` takes its newest result once."""

    def __init__(self, config: BayConfig, factory: Any = None) -> None:
        self.id = config.id
        self._thresholds = config.thresholds
        self._lock = threading.Lock()
        self._fresh: tuple[float | None] | None = None
        trigger, echo = config.pins
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gpiozero recommends pigpio, which a Pi 5 does not have
            self._device = _opened(
                config,
                gpiozero.DistanceSensor,
                echo,
                trigger,
                queue_len=1,
                partial=True,
                max_distance=_MAX_DISTANCE_M,
                pin_factory=factory,
            )
        self._device._queue.stop()  # its thread would ping 16 times a second

    def ping(self) -> None:
        """Measures once: takes up to 40 ms, 0.1 s without an echo."""
        share = self._device._read()  # 0 to 1 of the longest distance; None: gpiozero would warn and keep the old one
        with self._lock:
            self._fresh = (None if share is None else round(share * _MAX_DISTANCE_M, 3),)

    def read(self, before: bool | None) -> Reading | None:
        """The result of the newest ping, None when there was none since the last call."""
        with self._lock:
            fresh, self._fresh = self._fresh, None
        if fresh is None:
            return None
        return Reading(level_of(fresh[0], before, self._thresholds), fresh[0])

    def close(self) -> None:
        """Gives the pins back."""
        with self._lock:
            self._device.close()


AnyBay = DigitalBay | UltrasonicBay


def open_bays(configs: Iterable[BayConfig], factory: Any = None) -> list[AnyBay]:
    """All bays of a board; PinError in one sentence, with every pin given back, when one cannot be used."""
    bays: list[AnyBay] = []
    try:
        for config in configs:
            bays.append((DigitalBay if config.sensor == "digital" else UltrasonicBay)(config, factory))
    except PinError:
        for bay in bays:
            bay.close()
        raise
    return bays


def _opened(config: BayConfig, device: Any, *pins: int, **options: Any) -> Any:
    try:
        return device(*pins, **options)
    except (gpiozero.GPIOZeroError, OSError) as error:
        names = ", ".join(str(pin) for pin in config.pins)
        raise PinError(f"bay {config.id}: pin {names} cannot be used ({error})") from error


class Pinger:
    """Lets ultrasonic bays measure in turn, each once in `every_s` seconds."""

    def __init__(self, every_s: float = 0.5) -> None:
        self._every_s = every_s
        self._bays: tuple[UltrasonicBay, ...] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, bays: Iterable[AnyBay]) -> None:
        """Adds the ultrasonic ones of `bays`; starts the thread with the first."""
        self._bays += tuple(bay for bay in bays if isinstance(bay, UltrasonicBay))
        if self._bays and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pinger", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(2)

    def _run(self) -> None:
        warnings.simplefilter("ignore", gpiozero.DistanceSensorNoEcho)  # each is counted by the rules instead
        while not self._stopping.is_set():
            started = time.monotonic()
            for bay in self._bays:
                self._ping(bay)
                if self._stopping.is_set():
                    return
            self._stopping.wait(max(0.01, self._every_s - (time.monotonic() - started)))

    def _ping(self, bay: UltrasonicBay) -> None:
        try:
            bay.ping()
        except Exception:
            if not self._stopping.is_set():  # one broken sensor must not silence the others
                _log.exception("bay %s: measuring failed", bay.id)
