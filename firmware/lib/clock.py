"""Time of day from the hub's acks, and a monotonic clock that counts through deep sleep.

Until the first ack the time is a guess (when the sensor was made, plus uptime): `synced` is false, and `boot` with
`up_ms` lets the hub repair it. The chip's RTC is set to the same time, because TLS looks at certificates' dates.
"""

import binascii
import os
import time

import machine

from edge import wire


class Clock:
    """`kept` is what the wake before left; empty after power-on, which makes a new `boot`."""

    def __init__(self, kept, device):
        self.boot = kept.get("boot") or binascii.hexlify(os.urandom(6)).decode()
        # ticks_ms begins after ROM and interpreter have started; that time is known from a measurement.
        self._before = kept["up_ms"] + device.get("boot_ms", 250) if "up_ms" in kept else 0
        self._offset = kept.get("offset_ms")
        self._made_ms = wire.parse_ms(device["made"])
        if self._offset is None:
            _set_rtc(self._made_ms)

    def up_ms(self):
        """Milliseconds since power-on, sleeps included."""
        return self._before + time.ticks_ms()

    @property
    def synced(self):
        """True once the hub has told the time."""
        return self._offset is not None

    def now(self):
        """Timestamp of this moment."""
        return wire.format_ms(self.up_ms() + (self._made_ms if self._offset is None else self._offset))

    def hear(self, ts):
        """Takes over the hub's time."""
        hub_ms = wire.parse_ms(ts)
        self._offset = hub_ms - self.up_ms()
        _set_rtc(hub_ms)

    def stamp(self, body):
        """`body` with the fields that say when."""
        body.update({"ts": self.now(), "synced": self.synced, "boot": self.boot, "up_ms": self.up_ms()})
        return body

    def before_sleep(self, rest_ms):
        """What the next wake has to know."""
        return {"boot": self.boot, "up_ms": self.up_ms() + rest_ms, "offset_ms": self._offset}


def _set_rtc(ms):
    text = wire.format_ms(ms)
    day = int(text[0:4]), int(text[5:7]), int(text[8:10])
    machine.RTC().datetime(day + (0, int(text[11:13]), int(text[14:16]), int(text[17:19]), 0))  # noqa: RUF005 (no * here)
