"""Decoders of known sensors, written after the makers' descriptions and published decoders."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.radio.rules.envelope import Uplink
from hub.radio.rules.reading import RadioError, Reading
from hub.radio.rules.table import decode_table

_STARTUP_BYTES = 17


def bosch_tps110(uplink: Uplink) -> Reading:
    """Bosch Parking Lot Sensor: bit 0 of the status is "occupied".

    Port 1: status. Port 2 (heartbeat): status and, on newer ones, a signed byte in degrees Celsius. Port 3 (start-up):
    12 bytes debug, 3 firmware, reset cause, status: 17 bytes.
    """
    data = uplink.payload
    if uplink.port == 1 and len(data) >= 1:
        return Reading(occupied=bool(data[0] & 1))
    if uplink.port == 2 and len(data) >= 1:
        celsius = int.from_bytes(data[1:2], "little", signed=True) if len(data) > 1 else None
        return Reading(occupied=bool(data[0] & 1), temperature_c=celsius)
    if uplink.port == 3 and len(data) == _STARTUP_BYTES:
        return Reading(occupied=bool(data[16] & 1))
    raise RadioError(f"not a payload of a TPS110: port {uplink.port}, {len(data)} bytes")


# channel and type -> bytes of the value; the rest of a frame that holds something else cannot be read
_MILESIGHT_SIZES = {
    (0x01, 0x75): 1,
    (0x03, 0x67): 2,
    (0x03, 0x82): 2,
    (0x04, 0x82): 2,
    (0x05, 0x00): 1,
    (0x83, 0x67): 3,
    (0x83, 0x82): 3,
    (0x84, 0x82): 3,
    (0xFF, 0x01): 1,
    (0xFF, 0x09): 2,
    (0xFF, 0x0A): 2,
    (0xFF, 0x0B): 1,
    (0xFF, 0x0F): 1,
    (0xFF, 0x16): 8,
    (0xFF, 0xFF): 2,
}


def milesight_udl(uplink: Uplink) -> Reading:
    """Milesight EM500-UDL and EM400: channel, type and value behind each other, little endian.

    01 75 battery in percent, 03 82 or 04 82 distance in mm (83 82 and 84 82 with an alarm byte), 03 67 tenths of a
    degree Celsius, 05 00 tilt. A distance of 0xFFFD or above is no distance.
    """
    found: dict[str, Any] = {}
    data, at = uplink.payload, 0
    while at + 2 <= len(data):
        key = (data[at], data[at + 1])
        size = _MILESIGHT_SIZES.get(key)
        if size is None or at + 2 + size > len(data):
            raise RadioError(f"not a payload of a Milesight sensor at byte {at}")
        _take_milesight(key, data[at + 2 : at + 2 + size], found)
        at += 2 + size
    if at != len(data) or not data:
        raise RadioError("not a payload of a Milesight sensor")
    return Reading(**found)


def _take_milesight(key: tuple[int, int], value: bytes, found: dict[str, Any]) -> None:
    channel, kind = key
    if key == (0x01, 0x75):
        found["battery_percent"] = float(value[0]) if value[0] <= 100 else None
    elif kind == 0x82 and channel in (0x03, 0x04, 0x83, 0x84):
        distance = int.from_bytes(value[:2], "little")
        found["distance_mm"] = distance if distance < 0xFFFD else None
    elif kind == 0x67:
        found["temperature_c"] = int.from_bytes(value[:2], "little", signed=True) / 10
    elif key == (0x05, 0x00):
        found["tilted"] = value[0] != 0


# Nedap describes SENSIT's JSON to its customers only: these are the names that we take; another is one table away.
_SENSIT: Mapping[str, Any] = {
    "fields": [
        {"name": "occupied", "path": "occupied"},
        {"name": "battery_percent", "path": "battery"},
        {"name": "temperature_c", "path": "temperature"},
        {"name": "value", "path": "status"},
    ]
}


def nedap_sensit(uplink: Uplink) -> Reading:
    """Nedap SENSIT JSON: `occupied` (true, false), or `status` ("occupied", "free", "unoccupied")."""
    status = uplink.fields.get("status")
    fields = dict(uplink.fields)
    if "occupied" not in fields and isinstance(status, str) and status.lower() in ("occupied", "free", "unoccupied"):
        fields["occupied"] = status.lower() == "occupied"
    if type(fields.get("occupied")) is not bool:
        raise RadioError("missing field: occupied")
    return decode_table(_SENSIT, 0, b"", fields)


BUILT_IN: Mapping[str, Callable[[Uplink], Reading]] = {
    "bosch_tps110": bosch_tps110,
    "milesight_udl": milesight_udl,
    "nedap_sensit": nedap_sensit,
}


REPEAT_S: Mapping[str, int] = {"bosch_tps110": 86_400}  # heartbeat as delivered; others report at least every hour


def decode(decoder: str, spec: Mapping[str, Any] | None, uplink: Uplink) -> Reading:
    """What an uplink says, by a built-in decoder or a checked table; RadioError when it says nothing."""
    if decoder in BUILT_IN:
        return BUILT_IN[decoder](uplink)
    if spec is None:
        raise RadioError(f"there is no decoder {decoder}")
    return decode_table(spec, uplink.port, uplink.payload, uplink.fields)
