"""How long a battery lasts, computed from the duty cycle. `python -m firmware.battery` prints a table.

Currents are taken from documents, none was measured here:
- ESP32: deep sleep with RTC timer and RTC memory 10 uA (Espressif, ESP32 Series Datasheet, table of power modes);
  modem sleep at 160 MHz about 30 mA; WiFi receive 95-100 mA, transmit 11n 180 mA, taken as 120 mA on average.
- Pico W: 1.3 mA in MicroPython's lightsleep with the radio chip off (users measured 1.2 to 1.5 mA: MicroPython pull
  request 8832, ghubcoder/micropython-pico-deepsleep issue 8); 30 mA awake; 80 mA on average with the radio on.
- Board: ESP32 bare module with a regulator of 5 uA; the ultrasonic sensor takes 15 mA for a quarter of the time awake,
  which makes 34 mA awake, and nothing in sleep (its supply is switched by a transistor).
- Self-discharge: lithium thionyl chloride 1 % a year, Li-ion 18650 24 % a year (2 % a month).
The times of a wake are estimates: start 0.3 s, three pings 0.1 s; a report with WiFi, TLS and ack 4 s. With two D cells
the two of 19 Ah each work side by side.
"""

import sys
from dataclasses import dataclass, replace

_HOURS_A_YEAR = 8766.0


@dataclass(frozen=True)
class Duty:
    """One kind of life: milliamperes in each phase, seconds, and how often."""

    sleep_ma: float
    awake_ma: float
    radio_ma: float
    sample_every_s: float = 10.0
    awake_s: float = 0.4
    report_s: float = 4.0
    reports_a_day: float = 96 + 16  # every 15 minutes, and eight cars that come and leave


@dataclass(frozen=True)
class Cell:
    """A battery: rated milliampere hours, the part of it that can be used, and what it loses by itself."""

    name: str
    capacity_mah: float
    usable: float
    loss_a_year: float


ESP32 = Duty(sleep_ma=0.015, awake_ma=34, radio_ma=120)
PICO_W = Duty(sleep_ma=1.3, awake_ma=34, radio_ma=80)
LI_ION = Cell("one 18650 Li-ion", 3400, 0.85, 0.24)
LITHIUM = Cell("two D lithium thionyl chloride", 38_000, 0.85, 0.01)


def mean_ma(duty: Duty) -> float:
    """Average current over a day."""
    report = duty.reports_a_day * duty.report_s / 86_400
    awake = min(1.0, duty.awake_s / duty.sample_every_s)
    return duty.sleep_ma * (1 - awake) + duty.awake_ma * awake + (duty.radio_ma - duty.sleep_ma) * report


def life_days(duty: Duty, cell: Cell) -> float:
    """Days until the usable charge is gone; self-discharge counts as one more steady current."""
    loss_ma = cell.capacity_mah * cell.loss_a_year / _HOURS_A_YEAR
    return cell.capacity_mah * cell.usable / (mean_ma(duty) + loss_ma) / 24


def table() -> str:
    """A line for each board, pace and battery."""
    lines = ["board    sample  report    mean mA  " + "".join(f"{cell.name:>32}" for cell in (LI_ION, LITHIUM))]
    for name, board in (("ESP32", ESP32), ("Pico W", PICO_W)):
        for sample_s, minutes in ((10, 15), (30, 60), (60, 240)):
            duty = replace(board, sample_every_s=sample_s, reports_a_day=1440 / minutes + 16)
            lives = "".join(f"{life_days(duty, cell):27,.0f} days" for cell in (LI_ION, LITHIUM))
            lines.append(f"{name:8} {sample_s:4} s  {minutes:4} min  {mean_ma(duty):9.3f}  {lives}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
