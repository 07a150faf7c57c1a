"""How exported values are written for machines."""

from datetime import UTC, datetime


def is_moment(key: str, value: object) -> bool:
    """Whether a value is a moment in ms: its key says so (at, created_at, until, identified_until)."""
    return isinstance(value, int) and not isinstance(value, bool) and key.rpartition("_")[2] in ("at", "until")


def is_table(value: object) -> bool:
    """Whether a value is a list of rows whose cells are all plain."""
    return isinstance(value, list) and all(
        not isinstance(cell, (list, dict)) for row in value if isinstance(row, dict) for cell in row.values()
    )


def readable(key: str, value: object) -> object:
    """The value as it stands in the JSON file: moments as ISO 8601 in UTC, 0 (never) as null, all else as it is."""
    if isinstance(value, dict):
        return {name: readable(name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [readable("", one) for one in value]
    if is_moment(key, value) and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds") if value else None
    return value
