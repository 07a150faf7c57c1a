"""What every feed says, and when a sensor was last heard. Moments are ms UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

LICENCE_NAME = "Datenlizenz Deutschland – Zero – Version 2.0"
LICENCE_URL = "https://www.govdata.de/dl-de/zero-2-0"


@dataclass(frozen=True)
class Lot:
    """A car park now; `contact` is the last good contact with its sensors, None = there never was one.

    `kind` is off_street, on_street or park_and_ride; has_fee, max_stay_min and max_height_cm are None where nobody
    said; `assumed` names what is not proven: "capacity", "position", "disabled".
    """

    id: str
    name: str
    kind: str
    lat: float
    lon: float
    capacity: int
    disabled: int | None
    charging: int | None
    free: int
    occupied: int
    contact: int | None
    facts_at: int
    has_fee: bool | None
    fee: str
    max_stay_min: int | None
    max_height_cm: int | None
    opening_hours: str | None
    note: str
    operator: str
    region: str
    url: str
    assumed: tuple[str, ...] = ()

    @property
    def measured(self) -> int:
        """Bays of which the state is known now."""
        return self.free + self.occupied


@dataclass(frozen=True)
class Spot:
    """A bay now; state is free, occupied, unknown or faulty, the position that of its sensor board."""

    id: str
    lot: Lot
    lat: float
    lon: float
    state: str
    contact: int | None


@dataclass(frozen=True)
class House:
    """Who publishes: the town's name, its country (two letters) and the address that people type."""

    town: str
    url: str
    country: str = "de"

    @property
    def operator(self) -> str:
        """The publisher's name."""
        return f"Stadt {self.town}"


@dataclass(frozen=True)
class Town:
    """Everything that the feeds say, of one moment."""

    house: House
    now: int
    lots: Sequence[Lot]
    spots: Sequence[Spot]


@dataclass(frozen=True)
class Contact:
    """Who may speak for a bay: its newest reading, and its board when it is known to be alive, else None."""

    state: str
    reading_at: int | None
    board_at: int | None


def last_contact(contacts: Iterable[Contact], now: int) -> int | None:
    """When a sensor in good order was last heard; when all are silent, when the last one was.

    A board that is alive would have told a change, so its last word counts for its bays, too. None = never.
    """
    found = list(contacts)
    good = [one for one in found if one.state in ("free", "occupied")]
    moments = [at for one in good for at in (one.reading_at, one.board_at) if at is not None]
    if not good:
        moments = [one.reading_at for one in found if one.reading_at is not None]
    return min(now, max(moments)) if moments else None


def iso(ms: int) -> str:
    """2026-11-26T13:31:00Z."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
