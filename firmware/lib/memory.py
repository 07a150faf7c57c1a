"""What one wake leaves to the next: RTC memory on the ESP32, a small file on the Pico W, which has no such memory."""

import json
import os

import machine

FILE = "/awake.json"


def take(board):
    """What the wake before left, taken away: after a crash or a hang nobody goes on with a clock that stood still."""
    raw = machine.RTC().memory() if board == "esp32" else _take_file()
    if board == "esp32":
        machine.RTC().memory(b"")
    if machine.reset_cause() == machine.PWRON_RESET:
        return {}
    try:
        kept = json.loads(raw)
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def keep(board, kept, clock):
    """Leaves `kept` and the clock's own figures to the next wake."""
    kept.update(clock)
    raw = json.dumps(kept).encode()
    if board == "esp32":
        machine.RTC().memory(raw)
    else:
        with open(FILE, "wb") as file:
            file.write(raw)


def _take_file():
    try:
        with open(FILE, "rb") as file:
            raw = file.read()
        os.remove(FILE)
    except OSError:
        return b""
    return raw
