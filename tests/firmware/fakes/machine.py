"""machine as on the ESP32: pins, ADC, I2C, RTC, watchdog, sleep."""

import struct

import world

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_RTC_FILE = "/rtc.memory"


def reset_cause():
    return world.scene.get("cause", DEEPSLEEP_RESET)


def deepsleep(ms):
    world.end("deepsleep", ms=ms)


def lightsleep(ms):
    world.say("lightsleep", ms=ms)
    world.spend(ms)


def reset():
    world.end("reset")


def time_pulse_us(pin, level, timeout_us):
    echoes = world.scene.get("echo_us", [])
    if echoes == "hang":
        while True:
            world.spend(1000)
    world.spend(timeout_us // 1000)
    return echoes.pop(0) if echoes else -1


class Pin:
    OUT, IN, PULL_UP = 1, 0, 2

    def __init__(self, number, mode=0, pull=None):
        self._number = number

    def value(self, level=None):
        return int(self._number not in world.scene.get("grounded", []))


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin):
        self._is_chip = pin == 4

    def atten(self, _level):
        return None

    def read_uv(self):
        return world.scene.get("battery_mv", 3900) * 1000 // 2

    def read_u16(self):
        millivolts = world.scene.get("chip_mv", 706) if self._is_chip else world.scene.get("battery_mv", 3900) // 2
        return millivolts * 65535 // 3300


class I2C:
    def __init__(self, _number, scl, sda):
        self._field = world.scene.get("field")

    def writeto_mem(self, _address, _register, _data):
        if self._field is None:
            raise OSError(19)

    def readfrom_mem(self, _address, _register, _count):
        return struct.pack("<hhh", *self._field)


class RTC:
    def datetime(self, moment):
        world.say("rtc", moment=list(moment))

    def memory(self, data=None):
        if data is None:
            try:
                with open(_RTC_FILE, "rb") as file:
                    return file.read()
            except OSError:
                return b""
        with open(_RTC_FILE, "wb") as file:
            file.write(data)
        return None


class WDT:
    def __init__(self, timeout):
        world.say("watchdog_on", timeout_ms=timeout)
        world.guard(timeout)

    def feed(self):
        world.feed()
