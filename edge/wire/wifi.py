"""What the hub may say of a node's WiFi: off, opening times, speed, quota, devices that are shut out. MicroPython-safe.

{"off": false, "zone": "Europe/Berlin", "hours": [[["07:00", "22:00"]], ... seven days from Monday],
 "download_mbit": 10, "upload_mbit": 5, "quota_mb": 5000, "blocked": [["1a2b3c4d", end in ms], ...]}

Every key may be missing; then the node's own file holds, and without hours it is always open. A span that ends at or
before its beginning goes on into the next day. A blocked device is named by the first 8 to 32 digits of its hash of the
day, which names nothing any more when the day's key is gone.
"""

from edge.wire.messages import WireError

DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
SPEEDS_MBIT = (0.1, 1000)
QUOTAS_MB = (0, 1000000)
MOST_SPANS, MOST_BLOCKED = 4, 200
LONGEST_BLOCK_MS = 48 * 3600 * 1000
KEYS = ("off", "zone", "hours", "download_mbit", "upload_mbit", "quota_mb", "blocked")


def check_wifi(wifi: object) -> None:
    """WireError with a sentence that names the key, unless a node can obey `wifi`."""
    if type(wifi) is not dict:
        raise WireError("wifi: must be an object")
    for key in wifi:
        if key not in KEYS:
            raise WireError("wifi " + str(key)[:40] + ": unknown key")
    if "off" in wifi and type(wifi["off"]) is not bool:
        raise WireError("wifi off: must be true or false")
    if "zone" in wifi and not _is_zone(wifi["zone"]):
        raise WireError("wifi zone: must be the name of a time zone such as Europe/Berlin")
    if "hours" in wifi:
        _check_hours(wifi)
    for key in ("download_mbit", "upload_mbit"):
        if key in wifi and not _is_number(wifi[key], (int, float), SPEEDS_MBIT):
            raise WireError("wifi " + key + ": must be a number from 0.1 to 1000")
    if "quota_mb" in wifi and not _is_number(wifi["quota_mb"], (int,), QUOTAS_MB):
        raise WireError("wifi quota_mb: must be a whole number from 0 to 1000000")
    _check_blocked(wifi.get("blocked", []))


def is_open(wifi: dict[str, object], weekday: int, minute: int) -> bool:
    """Whether visitors are let in at a minute of the town's day (Monday is 0)."""
    if wifi.get("off") is True:
        return False
    moment = weekday * DAY + minute
    return "hours" not in wifi or _covers(_week(wifi["hours"]), moment)


def opens_in(wifi: dict[str, object], weekday: int, minute: int) -> int | None:
    """Minutes until a closed WiFi opens by itself; None when it never does."""
    if wifi.get("off") is True or "hours" not in wifi:
        return None
    moment = weekday * DAY + minute
    waits = [(start - moment) % WEEK for start, _end in _week(wifi["hours"])]
    return min(waits) if waits else None


def is_blocked(wifi: dict[str, object], names: tuple[str, ...], now_ms: int) -> bool:
    """Whether a device with one of these hashes (today's and yesterday's) is shut out."""
    blocked = wifi.get("blocked", [])
    if type(blocked) is not list:
        return False
    return any(until > now_ms and name.startswith(device) for device, until in blocked for name in names)


def minutes_of(text: object) -> int | None:
    """Minutes since midnight of "HH:MM", 24:00 included; None for anything else."""
    if type(text) is not str or len(text) != 5 or text[2] != ":":
        return None
    digits = text[:2] + text[3:]
    if digits.strip("0123456789"):
        return None
    hour, minute = int(digits[:2]), int(digits[2:])
    return hour * 60 + minute if minute < 60 and (hour < 24 or (hour == 24 and minute == 0)) else None


def is_device(text: object) -> bool:
    """True for the beginning of a device's hash of the day: 8 to 32 hexadecimal digits in lower case."""
    return type(text) is str and 8 <= len(text) <= 32 and not text.strip("0123456789abcdef")


def _is_zone(text: object) -> bool:
    if type(text) is not str or not 0 < len(text) <= 40 or text.startswith("/") or ".." in text:
        return False
    return not text.strip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")


def _is_number(value: object, types: tuple[type, ...], limits: tuple[float, float]) -> bool:
    return type(value) in types and limits[0] <= value <= limits[1]  # type: ignore[operator]  # a number by then


def _check_hours(wifi: dict[str, object]) -> None:
    hours = wifi["hours"]
    if "zone" not in wifi:
        raise WireError("wifi zone: is missing, opening times are in the town's time")
    if type(hours) is not list or len(hours) != 7:
        raise WireError("wifi hours: must be a list of seven days from Monday")
    for day in hours:
        if type(day) is not list or len(day) > MOST_SPANS:
            raise WireError("wifi hours: a day is a list of at most four spans")
        for span in day:
            if type(span) is not list or len(span) != 2 or minutes_of(span[0]) in (None, DAY):
                raise WireError('wifi hours: a span is two times such as ["07:00", "22:00"]')
            if minutes_of(span[1]) is None or span[0] == span[1]:
                raise WireError('wifi hours: a span is two different times such as ["07:00", "22:00"]')


def _check_blocked(blocked: object) -> None:
    if type(blocked) is not list or len(blocked) > MOST_BLOCKED:
        raise WireError("wifi blocked: must be a list of at most 200 devices")
    for entry in blocked:
        if type(entry) is not list or len(entry) != 2 or not is_device(entry[0]):
            raise WireError("wifi blocked: a device is 8 to 32 hexadecimal digits and an end")
        if type(entry[1]) is not int or not 0 < entry[1] < 2**53:
            raise WireError("wifi blocked: the end must be milliseconds since 1970")


def _week(hours: object) -> list[tuple[int, int]]:
    """(first minute, minute after the last) of the week, in checked hours; an end may lie beyond the week's."""
    spans = []
    days: list[list[list[str]]] = hours if type(hours) is list else []
    for weekday, day in enumerate(days):
        for span in day:
            start, end = minutes_of(span[0]), minutes_of(span[1])
            if start is None or end is None:
                continue
            length = end - start if end > start else end - start + DAY
            spans.append((weekday * DAY + start, weekday * DAY + start + length))
    return spans


def _covers(spans: list[tuple[int, int]], moment: int) -> bool:
    return any(start <= moment < end or start <= moment + WEEK < end for start, end in spans)
