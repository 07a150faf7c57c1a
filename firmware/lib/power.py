"""Battery, watchdog and sleep."""

import machine

_WATCHDOG_MS = {"esp32": 30_000, "pico_w": 8_300}  # 8,388 is the most that the RP2040 can
_SLICE_MS = 5_000
_LOW_MV, _FINE_MV = 3_400, 3_500
_THRIFT = 6  # with a low battery everything happens this much rarer


def watchdog(board):
    """Running from now on; a wake that hangs ends in a reset."""
    return machine.WDT(timeout=_WATCHDOG_MS[board])


class Battery:
    """`was_low` is what the wake before thought; between the two limits that holds."""

    def __init__(self, device, was_low):
        self.mv = _millivolts(device["board"], device["battery"])
        self.low = self.mv < (_FINE_MV if was_low else _LOW_MV)
        self._was_low = was_low
        self.thrift = _THRIFT if self.low else 1

    def news(self):
        """The alarm of the moment when it became low."""
        if self.low and not self._was_low:
            return [("battery_low", f"battery at {self.mv} mV")]
        return []


def _millivolts(board, wiring):
    adc = machine.ADC(machine.Pin(wiring["pin"]))
    if board == "esp32":
        adc.atten(machine.ADC.ATTN_11DB)
    total = sum(_one(board, adc) for _ in range(4))
    return int(total * wiring["ratio"]) // 4


def _one(board, adc):
    """The ESP32 knows its own calibration, the Pico has a 3.3 V reference."""
    return adc.read_uv() // 1000 if board == "esp32" else adc.read_u16() * 3300 // 65535


def rest(board, ms, feed):
    """Sleeps and starts anew. The RP2040's watchdog goes on in its sleep and wants to be fed (micropython #17228)."""
    feed()
    if board == "esp32":
        machine.deepsleep(ms)
    while ms > 0:
        machine.lightsleep(min(ms, _SLICE_MS))
        feed()
        ms -= _SLICE_MS
    machine.reset()
