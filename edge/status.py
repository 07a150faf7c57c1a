"""What the node tells about itself: temperature, memory, uptime, clock. Any figure may be missing on some machine."""

import ctypes
import time
from pathlib import Path

_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_STATUS_UNSYNCHRONISED = 0x40  # STA_UNSYNC of adjtimex(2)


def temperature_c(file: Path = _THERMAL) -> float | None:
    """Temperature of the processor in degrees Celsius."""
    try:
        return round(int(file.read_text()) / 1000, 1)
    except (OSError, ValueError):
        return None


def memory_mb() -> float | None:
    """Memory of this process in MiB: proportional set size, else resident set size."""
    for file, key in ((Path("/proc/self/smaps_rollup"), "Pss:"), (Path("/proc/self/status"), "VmRSS:")):
        try:
            for line in file.read_text().splitlines():
                if line.startswith(key):
                    return round(int(line.split()[1]) / 1024, 1)
        except (OSError, ValueError):
            continue
    return None


def uptime_s() -> int | None:
    """Seconds since the machine started."""
    try:
        return int(float(Path("/proc/uptime").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return None


def clock_synchronised() -> bool:
    """True when a time service set the clock (timesyncd's mark, else the kernel's flag); False when nobody knows."""
    return _TIMESYNC.exists() or _kernel_synchronised()


class _Timex(ctypes.Structure):
    """The beginning of struct timex; the rest is room for the kernel to write into."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _kernel_synchronised() -> bool:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        timex = _Timex()  # modes 0: only ask
        return libc.adjtimex(ctypes.byref(timex)) >= 0 and not timex.status & _STATUS_UNSYNCHRONISED
    except (OSError, AttributeError):
        return False


class Clock:
    """Wall clock in UTC milliseconds with the synchronised flag looked up at most every 30 s."""

    def __init__(self) -> None:
        self._checked = -1e9
        self._synced = False

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def synced(self, now: float) -> bool:
        """True when the clock can be trusted; `now` is monotonic seconds."""
        if now - self._checked >= 30:
            self._checked, self._synced = now, clock_synchronised()
        return self._synced
