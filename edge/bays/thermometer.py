"""The air's temperature from a 1-Wire sensor (DS18B20): sound is 12 % slower at -20 than at 50 degrees Celsius."""

from pathlib import Path

ASSUMED_C = 10.0  # about the mean of a year in the street, where no sensor is
_EVERY_S = 60.0


class Thermometer:
    """Reads the kernel's file (millidegrees) at most once a minute."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._read_at: float | None = None
        self._celsius = ASSUMED_C

    def celsius(self, now: float) -> float:
        """Degrees; what was read last when the sensor is silent, `ASSUMED_C` before that. `now` is monotonic."""
        due = self._read_at is None or now - self._read_at >= _EVERY_S
        if self._file is not None and due:
            self._read_at = now
            try:
                measured = int(self._file.read_text()) / 1000
            except (OSError, ValueError):
                return self._celsius
            if -40 <= measured <= 70:  # the chip says 85 before its first conversion
                self._celsius = measured
        return self._celsius
