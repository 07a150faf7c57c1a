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
from tests.lab.lab import Lab, why_impossible
from tests.servers import Mosquitto

SETTLE_SECONDS = 60
DEMO_LIMIT_MB = 400
START_LIMIT_SECONDS = 10
NODE_LIMIT_MB = 104


def pss_mb(pid: int) -> float:
    """Proportional set size of one process in MB; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def short_name(process: psutil.Process) -> str:
    """The command without the interpreter and its options; the name of one that ended meanwhile."""
    try:
        words = [word for word in process.cmdline()[1:] if not word.startswith("/")]
    except psutil.ZombieProcess:
        return f"{process.name()} (ended)"
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


def agent_of_sixteen_bays(directory: Path, port: int) -> Path:
    """The configuration of a node with 16 bays, 8 of them ultrasonic."""
    lines = ["[node]", 'name = "bench"', "[broker]", f'url = "mqtt://127.0.0.1:{port}"', "[state]"]
    lines.append(f'directory = "{directory / "agent"}"')
    for number in range(8):
        lines += ["[[bays]]", f'id = "bench-{number:03d}"', 'sensor = "digital"', f"pin = {number + 2}"]
        lines += ["[[bays]]", f'id = "bench-{number + 8:03d}"', 'sensor = "ultrasonic"']
        lines += [f"trigger = {number + 10}", f"echo = {number + 18}"]
    file = directory / "bench.toml"
    file.write_text("\n".join(lines))
    return file


def node_memory(directory: Path) -> dict[str, float]:
    """MB of edge, portal and gate; portal and gate run in the lab's namespaces and serve a page first."""
    directory.chmod(0o755)
    with Mosquitto(directory / "mosquitto") as broker, Lab(directory) as lab:
        command = [
            sys.executable,
            "-m",
            "edge",
            "--mock",
            "--config",
            str(agent_of_sixteen_bays(directory, broker.port)),
        ]
        agent = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            lab.start_gate()
            lab.start_portal()
            lab.client(1).join().get("http://10.77.0.1/")
            time.sleep(SETTLE_SECONDS / 2)
            times = psutil.Process(agent.pid).cpu_times()
            share = (times.user + times.system) / (time.time() - psutil.Process(agent.pid).create_time())
            print(f"edge: {share:.1%} of a core, start included, with 16 bays, 8 of them ultrasonic")
            return {"edge": pss_mb(agent.pid), "portal": lab.pss_mb("portal"), "gate": lab.pss_mb("gate")}
        finally:
            agent.terminate()
            agent.wait(10)


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

    impossible = why_impossible()
    if impossible:
        print(f"node: not measured, {impossible}")
        return
    with tempfile.TemporaryDirectory() as state:
        sizes = node_memory(Path(state))
    for name, size in sizes.items():
        print(f"  {size:6.1f} MB  {name}")
    print(f"node: {sum(sizes.values()):.0f} MB PSS for edge, portal and gate (at most {NODE_LIMIT_MB} wanted)")


if __name__ == "__main__":
    main()
