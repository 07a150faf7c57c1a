"""The access point's own count of stations, through hostapd's control tool."""

import subprocess
from pathlib import Path


def stations(control: Path | None, interface: str) -> int | None:
    """Stations associated with hostapd on `interface`; None where no hostapd is configured or it does not answer."""
    if control is None:
        return None
    command = ["hostapd_cli", "-p", str(control), "-i", interface, "status"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_stations(done.stdout)


def parse_stations(status: str) -> int | None:
    """The sum of num_sta[n] over all of hostapd's networks; None if the answer holds none."""
    counts = [line.partition("=")[2].strip() for line in status.splitlines() if line.startswith("num_sta[")]
    return sum(map(int, counts)) if counts and all(count.isdecimal() for count in counts) else None
