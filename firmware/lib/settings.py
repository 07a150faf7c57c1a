"""device.json: what makes this sensor this one. Written when it is mounted, never over the air."""

import json

from edge import wire

FILE = "/device.json"
BOARDS = ("esp32", "pico_w")
SENSORS = ("ultrasonic", "magnetic")
_TEXTS = ("name", "bay", "board", "sensor", "made", "ca_file", "cert_file", "key_file", "update_key")


class SettingsError(ValueError):
    """Something is missing or wrong in device.json; the text names the key."""


def load():
    """The checked settings; SettingsError names the first wrong key."""
    try:
        with open(FILE) as file:
            device = json.load(file)
    except (OSError, ValueError):
        raise SettingsError("device.json cannot be read") from None
    for key in _TEXTS:
        if not isinstance(device.get(key), str):
            raise SettingsError(key + " must be a text")
    for key in ("name", "bay"):
        if not wire.is_name(device[key]):
            raise SettingsError(key + " must be 1 to 63 of a-z 0-9 _ -")
    if device["board"] not in BOARDS or device["sensor"] not in SENSORS:
        raise SettingsError("board or sensor is not known")
    for key, inner in (("wifi", ("ssid", "key")), ("broker", ("host", "port")), ("battery", ("pin", "ratio"))):
        if not isinstance(device.get(key), dict) or any(part not in device[key] for part in inner):
            raise SettingsError(key + " must have " + " and ".join(inner))
    if len(device["update_key"]) != 768 or device["update_key"].strip("0123456789abcdef"):
        raise SettingsError("update_key must be the RSA-3072 modulus, 768 hexadecimal digits")
    return device
