"""Jobs: when to try again, whose lease still holds, which slot of a schedule is due, how an error is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from traceback import extract_tb
from zoneinfo import ZoneInfo

MAX_CLAIM = 50  # jobs
LEASE_MS = 60_000
FIRST_PAUSE_MS, PAUSE_FACTOR, LONGEST_PAUSE_MS = 10_000, 3, 3_600_000
REASON_LENGTH = 200  # characters
ZONE = ZoneInfo("Europe/Berlin")


class JobError(Exception):
    """A handler's failure in words without personal data, which people see; `final` forbids another try."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True)
class Schedule:
    """A job at every multiple of `every_s` (UTC), or once a day at `daily_at` ("HH:MM" in Europe/Berlin)."""

    name: str
    kind: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    every_s: int | None = None
    daily_at: str | None = None

    def __post_init__(self) -> None:
        if (self.every_s is None) == (self.daily_at is None):
            raise ValueError(f"schedule {self.name}: give either every_s or daily_at")
        if self.every_s is not None and self.every_s < 1:
            raise ValueError(f"schedule {self.name}: every_s is at least 1")
        if self.daily_at is not None:
            time.fromisoformat(self.daily_at)


def pause_ms(tries: int, chance: float) -> int:
    """How long to wait after try number `tries` (1, 2 ...) failed; `chance` in [0, 1) spreads it over 50 to 100 %."""
    exponent = min(tries - 1, 20)  # beyond that the ceiling holds anyway
    whole = min(FIRST_PAUSE_MS * PAUSE_FACTOR**exponent, LONGEST_PAUSE_MS)
    return int(whole * (0.5 + chance / 2))


def is_last(tries: int, max_tries: int, *, final: bool = False) -> bool:
    """True when no further try follows try number `tries`."""
    return final or tries >= max_tries


def is_over(lease_until: int, now: int) -> bool:
    """True when a lease has ended and another worker may take the job."""
    return lease_until <= now


def newest_slot(schedule: Schedule, now: int) -> int:
    """The newest planned moment that is not after `now`, ms."""
    if schedule.every_s is not None:
        return now - now % (schedule.every_s * 1000)
    today = datetime.fromtimestamp(now / 1000, ZONE).date()
    slot = _on(schedule, today)
    return slot if slot <= now else _on(schedule, today - timedelta(days=1))


def next_slot(schedule: Schedule, now: int) -> int:
    """The first planned moment after `now`, ms."""
    if schedule.every_s is not None:
        return newest_slot(schedule, now) + schedule.every_s * 1000
    last = datetime.fromtimestamp(newest_slot(schedule, now) / 1000, ZONE).date()
    return next(slot for days in (0, 1, 2) if (slot := _on(schedule, last + timedelta(days=days))) > now)


def _on(schedule: Schedule, day: date) -> int:
    """A time that the clocks skip means as much after midnight in old time; of a time that comes twice the first."""
    local = datetime.combine(day, time.fromisoformat(schedule.daily_at or "00:00"), ZONE)
    return int(local.timestamp() * 1000)


def describe(error: BaseException) -> str:
    """A JobError's own words; of any other error its class and place alone, for its text may name people."""
    if isinstance(error, JobError):
        return str(error)[:REASON_LENGTH]
    frames = extract_tb(error.__traceback__)
    place = f" in {PurePath(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:REASON_LENGTH]
