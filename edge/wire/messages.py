"""Payloads of the contract: one table of fields that both producer and consumer check. MicroPython-safe.

Unknown fields are ignored, so a newer node can talk to an older hub; a missing or mistyped field is a `WireError`.
"""

import json

from edge.wire import timestamp, topics

BAY_STATES = ("free", "occupied", "unknown", "faulty")
PORTAL_EVENTS = ("accept", "extend", "end")
COMMANDS = ("identify", "restart", "restart_wifi", "reread")
MAX_SEQ = 2**63 - 1  # what an SQL bigint holds
MAX_PAYLOAD = 64 * 1024  # bytes up; larger is refused unread

# A field's type is the tuple of exact Python types; bool is not an int here.
_text, _integer, _number, _flag, _object, _list = (str,), (int,), (int, float), (bool,), (dict,), (list,)

# kind -> {field: (type, required)}
# boot names one run of the machine, up_ms its monotonic clock: with both the hub can repair a ts taken before the time
# was known (synced false).
_CLOCK: dict[str, tuple[tuple[type, ...], bool]] = {
    "synced": (_flag, False),
    "boot": (_text, False),
    "up_ms": (_integer, False),
}
_STORED: dict[str, tuple[tuple[type, ...], bool]] = _CLOCK | {
    "outbox": (_text, False),
    "seq": (_integer, True),
    "ts": (_text, True),
}
FIELDS: dict[str, dict[str, tuple[tuple[type, ...], bool]]] = {
    "bay": _STORED
    | {"bay": (_text, True), "state": (_text, True), "distance_m": (_number, False), "repeat_s": (_integer, False)},
    "portal": _STORED | {"event": (_text, True), "clients": (_integer, False)},
    "alarm": _STORED | {"code": (_text, True), "text": (_text, True)},
    "skip": _STORED | {"from": (_integer, True), "to": (_integer, True), "reason": (_text, True)},
    "status": _CLOCK
    | {
        "ts": (_text, True),
        "state": (_text, True),
        "outbox": (_text, False),
        "software": (_text, False),
        "protocol": (_text, False),
        "uptime_s": (_integer, False),
        "waiting": (_integer, False),
        "temperature_c": (_number, False),
        "memory_mb": (_number, False),
        "load_percent": (_integer, False),
        "clients": (_integer, False),
        "capacity": (_integer, False),
        "bays": (_list, False),
        "config_v": (_integer, False),
        "refused_v": (_integer, False),
        "refused_why": (_text, False),
        "throttled": (_integer, False),
        "disk_free_mb": (_integer, False),
        "disk_written_mb": (_integer, False),
        "disk_worn_percent": (_integer, False),
        "battery_mv": (_integer, False),
        "certificate_until": (_text, False),
        "release": (_text, False),
        "update": (_object, False),
        "wifi_v": (_integer, False),
        "wifi_open": (_flag, False),
        "wifi_held": (_flag, False),
        "wifi_radio": (_text, False),
    },
    "backup": {"ts": (_text, True), "name": (_text, True), "text": (_text, True)},
    "session": {"ts": (_text, True), "device": (_text, True), "until": (_text, True)},
    "grant": {"body": (_text, True), "signature": (_text, True)},
    "answer": {"ts": (_text, True), "id": (_text, True), "ok": (_flag, True), "text": (_text, True)},
    "ack": {"outbox": (_text, True), "seq": (_integer, True), "ts": (_text, False)},
    "config": {
        "v": (_integer, True),
        "ts": (_text, True),
        "rules": (_object, False),
        "bays": (_list, False),
        "wifi": (_object, False),
        "firmware": (_object, False),
    },
    "command": {"id": (_text, True), "name": (_text, True), "ts": (_text, True), "until": (_text, True)},
    "update": {"id": (_text, True), "url": (_text, True), "ts": (_text, True)},
    "bulletin": {
        "v": (_integer, True),
        "ts": (_text, True),
        "town": (_object, True),
        "news": (_list, True),
        "events": (_list, True),
        "warnings": (_list, True),
        "offices": (_list, True),
        "parking": (_list, True),
        "legal": (_object, True),
    },
}
CHOICES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "bay": (("state", BAY_STATES),),
    "portal": (("event", PORTAL_EVENTS),),
    "status": (("state", ("online", "offline")),),
    "command": (("name", COMMANDS),),
}


class WireError(ValueError):
    """A payload that breaks the contract; the text says which field and how."""


def encode(kind: str, body: dict[str, object]) -> bytes:
    """Checked, compact JSON bytes of a message; WireError if `body` breaks the contract."""
    check(kind, body)
    return json.dumps(body, separators=(",", ":")).encode()


def decode(kind: str, payload: bytes) -> dict[str, object]:
    """The checked body of a message of `kind`; WireError for anything else than a valid one."""
    body = parse(payload)
    check(kind, body)
    return body


def parse(payload: bytes) -> dict[str, object]:
    """A JSON object out of bytes, unchecked beyond that; WireError otherwise."""
    if len(payload) > MAX_PAYLOAD:
        raise WireError("payload over 64 KiB")
    try:
        body = json.loads(payload)
    except (ValueError, RuntimeError):  # RecursionError is one, and MicroPython knows no other
        raise WireError("not JSON") from None
    if not isinstance(body, dict):
        raise WireError("not a JSON object")
    return body


def check(kind: str, body: dict[str, object]) -> None:
    """WireError unless `body` has every required field of `kind` and each known field has its type and range."""
    if kind not in FIELDS:
        raise WireError("unknown kind: " + kind)
    for field, (types, required) in FIELDS[kind].items():
        value = body.get(field)
        if value is None:
            if required:
                raise WireError("missing field: " + field)
        elif type(value) not in types:
            raise WireError("wrong type: " + field)
    for field, choices in CHOICES.get(kind, ()):
        if body[field] not in choices:
            raise WireError("unknown value: " + field)
    _check_ranges(kind, body)


def readable_seq(payload: bytes) -> tuple[str, int] | None:
    """(outbox, seq) of a durable message that is otherwise broken, or None: lets the hub count it as received."""
    try:
        body = parse(payload)
    except WireError:
        return None
    outbox, seq = body.get("outbox", ""), body.get("seq")
    if isinstance(outbox, str) and _is_outbox(outbox) and type(seq) is int and 0 < seq <= MAX_SEQ:
        return outbox, seq
    return None


def _is_outbox(text: str) -> bool:
    return text == "" or topics.is_name(text)


def _is_hash(text: str) -> bool:
    return len(text) == 32 and not text.strip("0123456789abcdef")


def _check_ranges(kind: str, body: dict[str, object]) -> None:
    _check_names(kind, body)
    for field, least in (("seq", 0 if kind == "ack" else 1), ("up_ms", 0), ("v", 1), ("repeat_s", 1)):
        number = body.get(field)
        if field in FIELDS[kind] and isinstance(number, int) and not least <= number <= MAX_SEQ:
            raise WireError("out of range: " + field)
    first, last = body.get("from"), body.get("to")
    if kind == "skip" and isinstance(first, int) and isinstance(last, int) and not 0 < first <= last <= MAX_SEQ:
        raise WireError("out of range: from, to")
    distance = body.get("distance_m")
    if kind == "bay" and isinstance(distance, (int, float)) and not 0 <= distance < 100:
        raise WireError("out of range: distance_m")
    for field in ("ts", "until", "certificate_until"):
        if field in FIELDS[kind] and body.get(field) is not None:
            try:
                timestamp.parse_ms(str(body[field]))
            except ValueError:
                raise WireError("not a timestamp: " + field) from None


def _check_names(kind: str, body: dict[str, object]) -> None:
    outbox, boot = body.get("outbox"), body.get("boot")
    if isinstance(outbox, str) and not _is_outbox(outbox):
        raise WireError("not a name: outbox")
    if isinstance(boot, str) and not topics.is_name(boot):
        raise WireError("not a name: boot")
    if kind == "bay" and not topics.is_name(str(body["bay"])):
        raise WireError("not a name: bay")
    if kind == "session" and not _is_hash(str(body["device"])):
        raise WireError("not a hash: device")
