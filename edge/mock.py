"""Pins without hardware, on gpiozero's MockFactory: for tests, `--mock` and the simulated town."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from edge.bays import Board
from edge.config import BayConfig
from edge.rules import speed_of_sound

SPEED_OF_SOUND = speed_of_sound(10.0)  # m/s at the temperature that is assumed without a thermometer


class PinLineError(ValueError):
    """A `pin value` line that cannot be used; the text is a plain sentence."""


class MockBoard(Board):
    """A board whose pins are driven by the program; `say` hears "pin value" whenever the light's pin changes."""

    def __init__(
        self, bays: Iterable[BayConfig], led: int | None = None, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.factory: Any = MockFactory()
        if led is not None:
            self.factory.pin(led, pin_class=_ToldPin).say = say
        bays = list(bays)
        self._bays = {bay.pins[-1]: bay for bay in bays if bay.pins}  # digital: its pin, ultrasonic: the echo
        self._magnets = {bay.bus: MockMagnet(bay.baseline_ut) for bay in bays if bay.sensor == "magnetometer"}
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

    def i2c(self, bus: int) -> "MockMagnet":
        """The bus with its chip; OSError when nothing is wired to it."""
        if bus not in self._magnets:
            raise OSError(f"no such bus: {bus}")
        return self._magnets[bus]

    def magnet(self, bus: int, field: tuple[float, float, float] | None) -> None:
        """Sets the field at a bus in microtesla; None = the chip is silent."""
        self._magnets[bus].field_ut = field

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
        elif bay.sensor == "magnetometer":
            x, y, z = bay.baseline_ut
            self.magnet(bay.bus, (x + 6.0 * occupied, y, z - 14.0 * occupied))
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


class MockMagnet:
    """A QMC5883L on a bus of its own: the registers that the driver reads."""

    def __init__(self, field_ut: tuple[float, float, float]) -> None:
        self.field_ut: tuple[float, float, float] | None = field_ut
        self.written: dict[int, int] = {}

    def write_byte_data(self, _address: int, register: int, value: int) -> None:
        """The driver sets the chip up."""
        self._answering()
        self.written[register] = value

    def read_byte_data(self, _address: int, register: int) -> int:
        """Status: ready, and overflow beyond 2 G (200 microtesla)."""
        field = self._answering()
        return 0x01 | (0x02 if register == 0x06 and max(map(abs, field)) > 200 else 0)

    def read_i2c_block_data(self, _address: int, _register: int, _length: int) -> list[int]:
        """The three axes, 120 counts a microtesla, little endian."""
        return [byte for axis in self._answering() for byte in round(axis * 120).to_bytes(2, "little", signed=True)]

    def close(self) -> None:
        """Nothing to give back."""

    def _answering(self) -> tuple[float, float, float]:
        if self.field_ut is None:
            raise OSError(121, "Remote I/O error")
        return self.field_ut


class _ToldPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """An output that somebody looks at."""

    say: Any = None

    def _set_state(self, value: float) -> None:
        before = self.state
        super()._set_state(value)
        self.clear_states()
        if self.say is not None and self.state != before:
            self.say(f"{self.info.name.removeprefix('GPIO')} {int(self.state)}")


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
