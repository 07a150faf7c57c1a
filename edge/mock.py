"""Pins without hardware, on gpiozero's MockFactory: for tests, `--mock` and the simulated town."""

import time
from collections.abc import Iterable
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from edge.config import BayConfig

SPEED_OF_SOUND = 343.26  # m/s, the figure that gpiozero uses


class PinLineError(ValueError):
    """A `pin value` line that cannot be used; the text is a plain sentence."""


class MockBoard:
    """A board whose pins are driven by the program."""

    def __init__(self, bays: Iterable[BayConfig]) -> None:
        self.factory: Any = MockFactory()
        self._bays = {bay.pins[-1]: bay for bay in bays}  # digital: its pin, ultrasonic: the echo
        self._triggers: dict[int, Any] = {}
        for bay in self._bays.values():
            if bay.sensor == "ultrasonic":
                self._triggers[bay.pins[1]] = self._trigger(bay)
            else:
                self.drive(bay.pins[0], active=False)

    def _trigger(self, bay: BayConfig) -> Any:
        trigger, echo = bay.pins
        pin = self.factory.pin(trigger, pin_class=_EchoingPin)
        pin.echo_pin = self.factory.pin(echo)
        pin.distance_m = 2.5
        return pin

    def level(self, pin: int, high: bool) -> None:
        """Drives a digital bay's pin high or low."""
        target = self.factory.pin(pin)
        target.drive_high() if high else target.drive_low()
        target.clear_states()  # the mock keeps every change for ever otherwise

    def drive(self, pin: int, *, active: bool) -> None:
        """Sets a digital bay to its active (something stands there) or idle level, whatever its wiring."""
        self.level(pin, high=active != self._bays[pin].active_low)

    def distance(self, echo: int, distance_m: float | None) -> None:
        """Sets what the sensor at the ECHO pin measures; None = the echo is gone."""
        self._triggers[echo].distance_m = distance_m

    def occupy(self, bay: BayConfig, occupied: bool) -> None:
        """A car comes or goes."""
        if bay.sensor == "digital":
            self.drive(bay.pins[0], active=occupied)
        else:
            self.distance(bay.pins[1], 0.45 if occupied else 2.5)

    def line(self, text: str) -> None:
        """Obeys one `pin value` line; PinLineError when it makes no sense."""
        words = text.split()
        if len(words) != 2 or not words[0].isdecimal():
            raise PinLineError("a line is a pin number and a value, such as: 17 1")
        pin, value = int(words[0]), words[1]
        if pin not in self._bays:
            known = ", ".join(str(number) for number in sorted(self._bays)) or "none"
            raise PinLineError(f"pin {pin} belongs to no bay (known: {known})")
        if self._bays[pin].sensor == "digital":
            if value not in ("0", "1"):
                raise PinLineError(f"pin {pin} is digital: its value is 0 or 1")
            self.level(pin, high=value == "1")
        else:
            self.distance(pin, _metres(pin, value))


def _metres(pin: int, value: str) -> float | None:
    if value == "none":
        return None
    try:
        distance = float(value)
    except ValueError:
        distance = -1
    if not 0 < distance <= 10:
        raise PinLineError(f"pin {pin} is an echo: its value is a distance in metres (0.02 to 10) or none")
    return distance


class _EchoingPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A TRIG pin: when it falls, the echo pin is high for as long as sound needs to the obstacle and back.

    gpiozero's own MockTriggerPin starts a thread for every ping and cannot lose the echo.
    """

    echo_pin: Any = None
    distance_m: float | None = None

    def _set_state(self, value: float) -> None:
        fell = self.state and not value
        super()._set_state(value)
        if fell:
            self.clear_states()
            if self.distance_m is not None:
                self.echo_pin.drive_high()
                time.sleep(self.distance_m * 2 / SPEED_OF_SOUND)
                self.echo_pin.drive_low()
                self.echo_pin.clear_states()
