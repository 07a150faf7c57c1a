"""What the node tells about itself: temperature, memory, uptime, clock. Any figure may be missing on some machine."""

import ctypes
import math
import os
import secrets
import shutil
import time
from pathlib import Path

from edge.wire import format_ms

_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
_CARD = Path("/sys/block/mmcblk0")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
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


def load_percent() -> int | None:
    """The last minute's load of all cores; over 100 more wants to run than can."""
    try:
        return round(os.getloadavg()[0] * 100 / (os.cpu_count() or 1))
    except OSError:
        return None


def throttled(file: Path = _THROTTLED) -> int | None:
    """The Raspberry Pi's bits: 0x1 undervoltage, 0x4 throttled now; the same << 16 since the start."""
    try:
        return int(file.read_text(), 16)
    except (OSError, ValueError):
        return None


def disk_free_mb(directory: Path) -> int | None:
    """Room on the disk that the state is on."""
    try:
        return shutil.disk_usage(directory).free >> 20
    except OSError:
        return None


def disk_size_mb(directory: Path) -> int:
    """Size of the disk that the state is on; 0 when it is not there."""
    try:
        return shutil.disk_usage(directory).total >> 20
    except OSError:
        return 0


def disk_written_mb(device: Path = _CARD) -> int | None:
    """MiB written to the SD card since the start (sectors of 512 bytes, column 7 of the kernel's block stat)."""
    try:
        return int((device / "stat").read_text().split()[6]) >> 11
    except (OSError, ValueError, IndexError):
        return None


def disk_worn_percent(device: Path = _CARD) -> int | None:
    """Share of its life that an eMMC says is used up, in steps of 10; SD cards rarely tell."""
    try:
        steps = max((int(word, 16) for word in (device / "device/life_time").read_text().split()), default=0)
    except (OSError, ValueError):
        return None
    return min(100, steps * 10) or None


def uptime_s() -> int | None:
    """Seconds since the machine started."""
    try:
        return int(float(Path("/proc/uptime").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return None


def clock_synchronised() -> bool | None:
    """Whether a time service set the clock (timesyncd's mark, else the kernel's flag); None when nobody may know."""
    return True if _TIMESYNC.exists() else _kernel_synchronised()


class Machine:
    """The machine that the agent runs on."""

    def figures(self, directory: Path) -> dict[str, object]:
        """What a status says of it; None for what it does not know. `directory` is the node's state."""
        return {
            "uptime_s": uptime_s(),
            "temperature_c": temperature_c(),
            "memory_mb": memory_mb(),
            "load_percent": load_percent(),
            "throttled": throttled(),
            "disk_free_mb": disk_free_mb(directory),
            "disk_written_mb": disk_written_mb(),
            "disk_worn_percent": disk_worn_percent(),
        }


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


def _kernel_synchronised() -> bool | None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        timex = _Timex()  # modes 0: only ask
        if libc.adjtimex(ctypes.byref(timex)) < 0:  # a sandbox may refuse even that
            return None
        return not timex.status & _STATUS_UNSYNCHRONISED
    except (OSError, AttributeError):
        return None


class Clock:
    """Wall clock and the machine's own monotonic one; the synchronised flag is looked up at most every 30 s."""

    def __init__(self, boot_file: Path = _BOOT, *, kept: bool = False) -> None:
        self._checked = math.inf if kept else -1e9  # what a host keeps is never asked for
        self._synced: bool | None = kept
        try:
            self.boot = boot_file.read_text().strip().replace("-", "")[:12]
        except OSError:
            self.boot = secrets.token_hex(6)

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def up_ms(self) -> int:
        """Milliseconds since the machine started, sleep included; never set back."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def synced(self, now: float) -> bool:
        """True when the clock can be trusted; `now` is monotonic seconds."""
        if now - self._checked >= 30:
            self._checked, self._synced = now, clock_synchronised()
        return self._synced is True

    def setting(self, now: float) -> dict[str, object] | None:
        """For the gate: {"boot", "set"}; None when nobody knows whether the clock is set."""
        set_now = self.synced(now)
        return None if self._synced is None else {"boot": self.boot, "set": set_now}

    def stamps(self) -> dict[str, object]:
        """ts, synced, boot and up_ms of this moment: with the last two the hub repairs a clock that was not set."""
        synced = self.synced(time.monotonic())
        return {"ts": format_ms(self.now_ms()), "synced": synced, "boot": self.boot, "up_ms": self.up_ms()}
