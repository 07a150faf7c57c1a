"""A bay by what its radio sensor says."""

from dataclasses import dataclass, replace

from hub.radio.rules.reading import Reading

BATTERY_LOW, BATTERY_GOOD = 10.0, 20.0  # percent
MIN_GAP_MM = 150


@dataclass(frozen=True)
class Options:
    """Hysteresis of a distance sensor in mm, at least 150 apart, and how often the sensor reports without news."""

    occupied_below_mm: int = 900
    free_above_mm: int = 1200
    repeat_s: int = 3600

    @property
    def sound(self) -> bool:
        """Whether noise cannot cross both."""
        return 0 < self.occupied_below_mm <= self.free_above_mm - MIN_GAP_MM


@dataclass(frozen=True)
class Bay:
    """What is known; `news` are alarms (code, text) that begin with this reading."""

    state: str = "unknown"
    battery_low: bool = False
    tilted: bool = False
    news: tuple[tuple[str, str], ...] = ()


def observe(bay: Bay, reading: Reading, options: Options) -> Bay:
    """The bay after one uplink. A sensor that was tilted is not believed until it says that it stands again."""
    news: list[tuple[str, str]] = []
    tilted = bay.tilted if reading.tilted is None else reading.tilted
    if tilted and not bay.tilted:
        news.append(("sensor_tilted", "Der Sensor wurde verdreht oder umgestoßen. Bitte ausrichten."))
    low = bay.battery_low
    if reading.battery_percent is not None:
        low = reading.battery_percent < (BATTERY_GOOD if low else BATTERY_LOW)
        if low and not bay.battery_low:
            news.append(("battery_low", f"Die Batterie des Sensors hat noch {reading.battery_percent:.0f} %."))
    state = "faulty" if tilted else _state(bay.state, reading, options)
    return replace(bay, state=state, battery_low=low, tilted=tilted, news=tuple(news))


def _state(before: str, reading: Reading, options: Options) -> str:
    if reading.occupied is not None:
        return "occupied" if reading.occupied else "free"
    if reading.distance_mm is None:
        return "unknown" if before == "faulty" else before
    if reading.distance_mm < options.occupied_below_mm:
        return "occupied"
    if reading.distance_mm > options.free_above_mm:
        return "free"
    return before if before in ("free", "occupied") else "free"
