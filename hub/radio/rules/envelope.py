"""The JSON around a payload: who sent it, which frame it is, over which session.

ChirpStack v4 publishes on application/<id>/device/<devEUI>/event/<up|join|...>, The Things Stack v3 on
v3/<application>/devices/<device>/<up|join|...>; both leave out fields that are zero. Nedap's own JSON is not
published; `sensit/<site>/<device>` takes the names that `open_sensit` lists.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.radio.rules.reading import RadioError

NETWORKS = ("chirpstack", "tts", "sensit")
TOPICS = ("application/+/device/+/event/+", "v3/+/devices/+/+", "sensit/+/+")
MAX_BYTES = 64 * 1024
_UNUSED = ("ack", "txack", "log", "status", "location", "integration", "down", "service", "events")


@dataclass(frozen=True)
class Uplink:
    """A frame of a device; `counter` None when the network has none, `at` = when the network got it (ms)."""

    network: str
    device: str
    session: str
    counter: int | None
    port: int
    payload: bytes = b""
    fields: Mapping[str, Any] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True)
class Join:
    """A device began a new session: its counter starts anew."""

    network: str
    device: str
    session: str


def open_envelope(topic: str, payload: bytes) -> Uplink | Join | None:
    """What a message on one of `TOPICS` is; None for kinds that say nothing of a bay; RadioError for nonsense."""
    parts = topic.split("/")
    if parts[0] == "application" and len(parts) == 6:
        return _open(_chirpstack, parts[5], parts[3], payload)
    if parts[0] == "v3" and len(parts) == 5:
        return _open(_things_stack, parts[4], parts[3], payload)
    if parts[0] == "sensit" and len(parts) == 3:
        return open_sensit(parts[2], _json(payload))
    raise RadioError("unknown topic")


def _open(opener: Any, kind: str, device: str, payload: bytes) -> Uplink | Join | None:
    if kind in _UNUSED or kind not in ("up", "join"):
        return None
    found: Uplink | Join = opener(kind, device.lower(), _json(payload))
    return found


def _chirpstack(kind: str, device: str, body: dict[str, Any]) -> Uplink | Join:
    info = _object(body, "deviceInfo")
    if str(info.get("devEui", device)).lower() != device:
        raise RadioError("devEui differs from the topic")
    session = str(body.get("devAddr", ""))[:40]
    if kind == "join":
        return Join("chirpstack", device, session)
    counter, port = _number(body, "fCnt"), _number(body, "fPort")
    return Uplink(
        "chirpstack", device, session, counter, port, _bytes(body.get("data", "")), {}, _moment(body.get("time"))
    )


def _things_stack(kind: str, device: str, body: dict[str, Any]) -> Uplink | Join:
    ids = _object(body, "end_device_ids")
    name = str(ids.get("device_id", device)).lower()
    if name != device:
        raise RadioError("device_id differs from the topic")
    if kind == "join":
        accept = _object(body, "join_accept")
        return Join("tts", device, str(accept.get("session_key_id", ids.get("dev_addr", "")))[:40])
    message = _object(body, "uplink_message")
    session = str(message.get("session_key_id") or ids.get("dev_addr", ""))[:40]
    at = _moment(message.get("received_at") or body.get("received_at"))
    payload = _bytes(message.get("frm_payload", ""))
    return Uplink("tts", device, session, _number(message, "f_cnt"), _number(message, "f_port"), payload, {}, at)


def open_sensit(device: str, body: dict[str, Any]) -> Uplink:
    """JSON of a SENSIT system: `timestamp` and whatever its decoder reads."""
    return Uplink("sensit", device.lower(), "", None, 0, b"", body, _moment(body.get("timestamp") or body.get("time")))


def _json(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise RadioError("payload over 64 KiB")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        raise RadioError("not JSON") from None
    if not isinstance(body, dict):
        raise RadioError("not a JSON object")
    return body


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise RadioError(f"wrong type: {name}")
    return found


def _number(body: dict[str, Any], name: str) -> int:
    found = body.get(name, 0)
    if type(found) is not int or not 0 <= found < 2**32:
        raise RadioError(f"out of range: {name}")
    return found


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text).encode("ascii", "strict"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise RadioError("payload is not base64") from None


def _moment(text: object) -> int | None:
    """RFC 3339 with any number of decimals, or milliseconds; None when it says nothing readable."""
    if type(text) is int and 0 < text < 2**53:
        return text
    try:
        moment = datetime.fromisoformat(str(text)[:40])
        return int(moment.timestamp() * 1000) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
