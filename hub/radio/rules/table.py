"""A decoder as a table: an administrator describes a sensor in JSON instead of waiting for code.

{"fields": [{"name": "distance_mm", "port": 2, "offset": 1, "size": 2, "endian": "little"},
            {"name": "battery_percent", "tlv": "0175", "size": 1},
            {"name": "occupied", "offset": 0, "bit": 0}],
 "occupied": {"field": "distance_mm", "below": 900}}

A field takes `size` bytes at `offset`, or behind the two bytes `tlv` (channel and type) wherever they stand, or a
`path` into a JSON body; `bit`, `signed`, `scale` and `port` are optional.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.radio.rules.reading import RadioError, Reading

NAMES = ("occupied", "distance_mm", "battery_percent", "temperature_c", "tilted", "value")
_KEYS = {"name", "port", "offset", "size", "endian", "signed", "bit", "scale", "tlv", "path"}
_MOST_FIELDS = 20


def check_spec(spec: object) -> None:
    """RadioError with a plain sentence when the table cannot be used."""
    if not isinstance(spec, dict) or not isinstance(spec.get("fields"), list) or not spec["fields"]:
        raise RadioError('a decoder is an object with a list "fields"')
    if set(spec) - {"fields", "occupied"} or len(spec["fields"]) > _MOST_FIELDS:
        raise RadioError(f'only "fields" (at most {_MOST_FIELDS}) and "occupied" are known')
    for number, entry in enumerate(spec["fields"], 1):
        _check_field(entry, f"field {number}")
    names = {entry["name"] for entry in spec["fields"]}
    rule = spec.get("occupied")
    if rule is not None:
        _check_rule(rule, names)
    elif not names & {"occupied", "distance_mm"}:
        raise RadioError('say how a car is seen: a field "occupied" or "distance_mm", or a rule "occupied"')


def _check_field(entry: object, where: str) -> None:
    if not isinstance(entry, dict) or set(entry) - _KEYS:
        raise RadioError(f"{where}: known keys are {', '.join(sorted(_KEYS))}")
    if entry.get("name") not in NAMES:
        raise RadioError(f"{where}: name is one of {', '.join(NAMES)}")
    if sum(key in entry for key in ("offset", "tlv", "path")) != 1:
        raise RadioError(f"{where}: give exactly one of offset, tlv or path")
    for key, low, high in (("offset", 0, 255), ("size", 1, 8), ("bit", 0, 63), ("port", 0, 255)):
        value = entry.get(key)
        if value is not None and (type(value) is not int or not low <= value <= high):
            raise RadioError(f"{where}: {key} is a whole number from {low} to {high}")
    if entry.get("endian", "little") not in ("little", "big") or type(entry.get("signed", False)) is not bool:
        raise RadioError(f'{where}: endian is "little" or "big", signed is true or false')
    if type(entry.get("scale", 1)) not in (int, float):
        raise RadioError(f"{where}: scale is a number")
    tlv = entry.get("tlv")
    if tlv is not None and (not isinstance(tlv, str) or len(tlv) != 4 or tlv.strip("0123456789abcdefABCDEF")):
        raise RadioError(f"{where}: tlv is channel and type as 4 hexadecimal digits, such as 0382")
    path = entry.get("path")
    if path is not None and (not isinstance(path, str) or not path):
        raise RadioError(f"{where}: path is a name, or names with points between them")


def _check_rule(rule: object, names: set[str]) -> None:
    if not isinstance(rule, dict) or rule.get("field") not in names:
        raise RadioError('"occupied" names a field of the list')
    tests = [key for key in ("below", "above", "equals") if key in rule]
    if set(rule) - {"field", "below", "above", "equals"} or len(tests) != 1:
        raise RadioError('"occupied" has exactly one of below, above or equals')
    if type(rule[tests[0]]) not in (int, float, bool, str) or (tests[0] != "equals" and type(rule[tests[0]]) is str):
        raise RadioError(f'"occupied": {tests[0]} needs a number')


def decode_table(spec: Mapping[str, Any], port: int, payload: bytes, fields: Mapping[str, Any]) -> Reading:
    """What a checked table reads; RadioError when nothing of it is in the payload."""
    values: dict[str, Any] = {}
    for entry in spec["fields"]:
        if entry.get("port") in (None, port) and (value := _value(entry, payload, fields)) is not None:
            values[entry["name"]] = value
    if not values:
        raise RadioError("no field of the table is in this payload")
    occupied = values.get("occupied")
    rule = spec.get("occupied")
    if rule is not None and rule["field"] in values:
        occupied = _judge(rule, values[rule["field"]])
    numbers = {name: _as_number(values.get(name)) for name in ("distance_mm", "battery_percent", "temperature_c")}
    distance, tilted = numbers["distance_mm"], values.get("tilted")
    return Reading(
        occupied=None if occupied is None else _as_flag(occupied),
        distance_mm=None if distance is None or not 0 <= distance < 1e6 else round(distance),
        battery_percent=numbers["battery_percent"],
        temperature_c=numbers["temperature_c"],
        tilted=None if tilted is None else _as_flag(tilted),
    )


def _value(entry: Mapping[str, Any], payload: bytes, fields: Mapping[str, Any]) -> Any:
    if "path" in entry:
        return _follow(fields, entry["path"].split("."))
    size, start = entry.get("size", 1), entry.get("offset")
    if start is None:
        found = payload.find(bytes.fromhex(entry["tlv"]))
        start = found + 2 if found >= 0 else len(payload)
    block = payload[start : start + size]
    if len(block) < size:
        return None
    number = int.from_bytes(block, entry.get("endian", "little"), signed=entry.get("signed", False))
    if "bit" in entry:
        return number >> entry["bit"] & 1
    return number * entry["scale"] if "scale" in entry else number


def _follow(fields: Any, names: Sequence[str]) -> Any:
    for name in names:
        fields = fields.get(name) if isinstance(fields, Mapping) else None
    return fields if isinstance(fields, int | float | str) else None


def _judge(rule: Mapping[str, Any], value: Any) -> bool:
    if "equals" in rule:
        return bool(value == rule["equals"])
    number = _as_number(value)
    if number is None:
        return False
    return bool(number < rule["below"] if "below" in rule else number > rule["above"])


def _as_number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return float(value)
    return None


def _as_flag(value: Any) -> bool:
    return value.strip().lower() in ("1", "true", "yes", "occupied") if isinstance(value, str) else bool(value)
