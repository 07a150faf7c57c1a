"""Start and memory of the demo, memory of a node: `make bench-memory`.

Memory is PSS (proportional set size): a page shared by n processes counts as 1/n in each, so that the sum over
all processes is what the machine really gives away.
"""

import contextlib
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from hub.demo import ports

SETTLE_SECONDS = 60
DEMO_LIMIT_MB = 400
START_LIMIT_SECONDS = 10


def pss_mb(pid: int) -> float:
    """Proportional set size of one process in MB; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def short_name(process: psutil.Process) -> str:
    """The command without the interpreter and its options."""
    words = [word for word in process.cmdline()[1:] if not word.startswith("/")]
    return " ".join(words)[:60] or process.name()


def answers(url: str) -> bool:
    """True when the address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def running(arguments: list[str]) -> Iterator[psutil.Process]:
    """A process with everything below it; ended at the end."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def seconds_to_first_page(state: str, port: int) -> tuple[float, float, list[tuple[str, float]]]:
    """(seconds to the first page, MB in sum, MB per process) of a demo in an empty state directory."""
    started = time.monotonic()
    with running(["-m", "hub", "demo", "--port", str(port), "--state-dir", state]) as demo:
        while not answers(f"http://127.0.0.1:{port}/"):
            if time.monotonic() - started > 60:
                raise SystemExit("the demo gave no page within 60 s")
            time.sleep(0.05)
        first_page = time.monotonic() - started
        time.sleep(SETTLE_SECONDS)
        processes = [demo, *demo.children(recursive=True)]
        parts = [(short_name(process), pss_mb(process.pid)) for process in processes]
    return first_page, sum(size for _, size in parts), parts


def main() -> None:
    """Prints the figures."""
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as state:
        first_page, total, parts = seconds_to_first_page(state, ports.choose(18080, set()))
    print(f"demo: first page after {first_page:.1f} s (at most {START_LIMIT_SECONDS} wanted)")
    for name, size in sorted(parts, key=lambda part: -part[1]):
        print(f"  {size:6.1f} MB  {name}")
    print(
        f"demo: {total:.0f} MB PSS in {len(parts)} processes after {SETTLE_SECONDS} s (at most {DEMO_LIMIT_MB} wanted)"
    )


if __name__ == "__main__":
    main()
