"""When a node needs a person, and when no longer: each figure has one limit to raise and another to calm down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@dataclass(frozen=True)
class Limit:
    """An alert on one figure: raised at `at` or beyond, over at `over` or on the other side of it."""

    code: str
    figure: str
    at: float
    over: float
    text: str  # German, with {value}

    def judge(self, value: float, is_open: bool) -> bool:
        """Whether the alert is open now."""
        limit = self.over if is_open else self.at
        if self.at > self.over:
            return value > limit if is_open else value >= limit
        return value < limit if is_open else value <= limit


LIMITS: Sequence[Limit] = (
    Limit("silent", "silent_min", 5, 3, "Seit {value:.0f} Minuten keine Verbindung."),
    Limit("hot", "temperature_c", 80, 70, "Der Prozessor ist {value:.0f} °C warm. Lüftung und Sonne prüfen."),
    Limit("backlog", "waiting", 2000, 200, "{value:.0f} Meldungen warten im Knoten. Leitung und Hub prüfen."),
    Limit("clock", "clock_off_s", 60, 10, "Die Uhr geht {value:.0f} Sekunden falsch. Zeitdienst prüfen."),
    Limit("power", "undervoltage", 1, 0, "Das Netzteil liefert zu wenig Spannung. Netzteil und Kabel tauschen."),
    Limit("disk_full", "disk_free_mb", 200, 500, "Auf der Karte sind nur noch {value:.0f} MB frei."),
    Limit(
        "disk_worn", "disk_worn_percent", 80, 70, "Die Speicherkarte ist zu {value:.0f} % verbraucht. Bitte tauschen."
    ),
    Limit(
        "certificate", "certificate_days", 14, 20, "Das Zertifikat gilt noch {value:.0f} Tage und wurde nicht erneuert."
    ),
    Limit("battery", "battery_mv", 3300, 3450, "Die Batterie hat noch {value:.0f} mV. Bitte tauschen."),
    Limit("lost", "overdue", 1, 0, "{value:.0f} Meldungen fehlen seit über zehn Minuten."),
    Limit("config", "config_refused", 1, 0, "Der Knoten hat seine Konfiguration abgelehnt."),
    Limit(
        "config_unknown",
        "config_ahead",
        1,
        0,
        "Der Knoten nutzt Einstellungen, die der Hub nicht kennt, etwa nach einer zurückgeholten Sicherung. "
        "Bitte die Einstellungen des Knotens ansehen und neu speichern.",
    ),
)
CODES = frozenset(limit.code for limit in LIMITS)


def figures(
    said: Mapping[str, object], last_seen: int | None, overdue: int, now: int, config_v: int | None = None
) -> dict[str, float]:
    """The figures that limits are set on, out of a node's last status; what it did not say is absent.

    `config_v` is the newest configuration that the hub made for it, 0 for none.
    """
    found: dict[str, float] = {"overdue": overdue}
    if last_seen is not None:
        found["silent_min"] = (now - last_seen) / MINUTE_MS
    for name in ("temperature_c", "waiting", "disk_free_mb", "disk_worn_percent", "battery_mv"):
        value = said.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = float(value)
    offset, throttled = said.get("clock_offset_ms"), said.get("throttled")
    if isinstance(offset, int):
        found["clock_off_s"] = abs(offset) / 1000
    if isinstance(throttled, int):
        found["undervoltage"] = float(throttled & 1)
    until = said.get("certificate_until_ms")
    if isinstance(until, int):
        found["certificate_days"] = float((until - now) // DAY_MS)  # whole days, as the pages say
    refused, applied = said.get("refused_v"), said.get("config_v")
    if isinstance(refused, int):
        found["config_refused"] = float(not isinstance(applied, int) or refused > applied)
    if config_v is not None and isinstance(applied, int):
        found["config_ahead"] = float(max(0, min(applied - config_v, 1)))
    return found


@dataclass(frozen=True)
class Change:
    """An alert that began or ended."""

    code: str
    opened: bool
    text: str


def judge(found: Mapping[str, float], open_codes: frozenset[str]) -> list[Change]:
    """What began and what ended. A figure that is not known neither raises nor calms."""
    changes = []
    for limit in LIMITS:
        if limit.figure not in found:
            continue
        value, was_open = found[limit.figure], limit.code in open_codes
        if limit.judge(value, was_open) != was_open:
            changes.append(Change(limit.code, not was_open, limit.text.format(value=value)))
    return changes
