"""Sensors of a bay. A reading is a number (metres, or microtesla away from the empty bay) or None for no answer."""

import struct
import time

import machine

_ECHO_TIMEOUT_US = 30_000  # 5 m there and back
_PINGS = 3
_QMC = 0x0D  # I2C address of the QMC5883L
_COUNTS_PER_UT = 30.0  # at a range of 8 gauss
_SENSOR_OFF_MS = 20


def read(device, feed):
    """One sample of the sensor that this device has."""
    value = _distance_m(device, feed) if device["sensor"] == "ultrasonic" else _field_ut(device)
    feed()
    return None if value is None else round(value, 3)


def metres(echo_us, celsius):
    """Distance of an echo; sound is 6 % slower in winter than in summer."""
    return echo_us * (331.3 + 0.606 * celsius) / 2_000_000


def median(values):
    """The middle one of 1 to 3 values, None without any."""
    return sorted(values)[len(values) // 2] if values else None


def _distance_m(device, feed):
    pins = device["pins"]
    trigger, echo = machine.Pin(pins["trigger"], machine.Pin.OUT), machine.Pin(pins["echo"], machine.Pin.IN)
    celsius, echoes = _celsius(device), []
    for _ in range(_PINGS):
        trigger.value(0)
        time.sleep_us(5)
        trigger.value(1)
        time.sleep_us(10)
        trigger.value(0)
        echo_us = machine.time_pulse_us(echo, 1, _ECHO_TIMEOUT_US)
        if echo_us > 0:  # -1 and -2 mean no echo
            echoes.append(metres(echo_us, celsius))
        feed()
        time.sleep_ms(_SENSOR_OFF_MS)  # the ping before has to fade away
    return median(echoes)


def _celsius(device):
    """Temperature: the Pico's chip is as warm as the air just after a sleep; the ESP32's is not good enough."""
    if device["board"] == "pico_w":
        return 27 - (machine.ADC(4).read_u16() * 3.3 / 65535 - 0.706) / 0.001721
    return device.get("celsius", 12)


def _field_ut(device):
    """How far the field is from that of the empty bay; None when the chip does not answer."""
    pins, empty = device["pins"], device["pins"]["empty_ut"]
    try:
        bus = machine.I2C(0, scl=machine.Pin(pins["scl"]), sda=machine.Pin(pins["sda"]))
        bus.writeto_mem(_QMC, 0x0B, b"\x01")
        bus.writeto_mem(_QMC, 0x09, b"\x1d")  # continuous, 200 Hz, 8 gauss, 512 samples
        time.sleep_ms(_SENSOR_OFF_MS)
        raw = struct.unpack("<hhh", bus.readfrom_mem(_QMC, 0, 6))
        bus.writeto_mem(_QMC, 0x09, b"\x00")  # standby
    except OSError:
        return None
    return sum((raw[axis] / _COUNTS_PER_UT - empty[axis]) ** 2 for axis in range(3)) ** 0.5
