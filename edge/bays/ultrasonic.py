"""Ultrasonic sensors (HC-SR04) through gpiozero, which ping one after the other.

gpiozero's DistanceSensor keeps the last distance when the echo is gone, so its queue is not asked: each ping's own
result is, and a ping without echo is None. One thread for all sensors of a process also keeps two neighbours from
hearing each other, and costs less than gpiozero's thread per sensor.
"""

import logging
import threading
import time
import warnings
from collections.abc import Iterable
from typing import Any

import gpiozero

from edge.bays.sensor import Reading, Sensor, open_device
from edge.bays.thermometer import Thermometer
from edge.config import BayConfig
from edge.rules import Smoother, level_of, speed_of_sound

_log = logging.getLogger(__name__)
_MAX_DISTANCE_M = 4.0


class UltrasonicBay:
    """A bay with an HC-SR04; `ping` is called by a Pinger, `read` takes its newest result once."""

    def __init__(self, config: BayConfig, factory: Any = None) -> None:
        self.id = config.id
        self._thresholds = config.thresholds
        self._lock = threading.Lock()
        self._fresh: tuple[float | None] | None = None
        self._smoother = Smoother()
        trigger, echo = config.pins
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gpiozero recommends pigpio, which a Pi 5 does not have
            self._device = open_device(
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

    def configure(self, config: BayConfig) -> None:
        """New thresholds."""
        self._thresholds = config.thresholds

    def ping(self, celsius: float) -> float | None:
        """Measures once (metres, None without an echo): takes up to 40 ms, 0.1 s without an echo."""
        self._device.speed_of_sound = speed_of_sound(celsius)
        share = self._device._read()  # 0 to 1 of the longest distance; None: gpiozero would warn and keep the old one
        distance = None if share is None else round(share * _MAX_DISTANCE_M, 3)
        with self._lock:
            self._fresh = (distance,)
        return distance

    def read(self, before: bool | None) -> Reading | None:
        """The median of the newest three pings, None when there was none since the last call."""
        with self._lock:
            fresh, self._fresh = self._fresh, None
        if fresh is None:
            return None
        self._smoother = self._smoother.add(fresh[0])
        distance = self._smoother.distance_m
        return Reading(level_of(distance, before, self._thresholds), distance)

    def close(self) -> None:
        """Gives the pins back."""
        with self._lock:
            self._device.close()


class Pinger:
    """Lets ultrasonic bays measure in turn, each once in `every_s` seconds."""

    def __init__(self, every_s: float = 0.5, thermometer: Thermometer | None = None) -> None:
        self._every_s = every_s
        self._thermometer = thermometer or Thermometer()
        self._bays: tuple[UltrasonicBay, ...] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, bays: Iterable[Sensor]) -> None:
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
            celsius = self._thermometer.celsius(started)
            for bay in self._bays:
                self._ping(bay, celsius)
                if self._stopping.is_set():
                    return
            self._stopping.wait(max(0.01, self._every_s - (time.monotonic() - started)))

    def _ping(self, bay: UltrasonicBay, celsius: float) -> None:
        try:
            bay.ping(celsius)
        except Exception:
            if not self._stopping.is_set():  # one broken sensor must not silence the others
                _log.exception("bay %s: measuring failed", bay.id)
