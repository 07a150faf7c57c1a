"""`hub demo`: everything that make demo promises, from an empty directory to a living town."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.core.supervisor import Program, Supervisor
from hub.demo import ports
from hub.environment import inherited_environment

_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Options:
    """What the command line says; speed 1 = real time."""

    port: int
    portal_port: int | None
    nodes: int
    speed: float
    state_dir: Path


@dataclass(frozen=True)
class Ports:
    """The ports that the demo really took."""

    web: int
    portal: int
    live: int
    broker: int
    cashier: int


def run(options: Options) -> int:
    """Runs the demo until Ctrl-C; returns the exit code."""
    options.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = choose_ports(options)
    environment = make_environment(options, chosen)
    subprocess.run([sys.executable, "-m", "hub.demo.prepare"], env=environment, check=True)
    supervisor = Supervisor(programs(options, chosen, environment))
    supervisor.start()
    if _wait_until_ready(f"http://127.0.0.1:{chosen.web}/readyz"):
        _say_hello(options, chosen)
        past = ("-m", "hub.demo.past", str(_town_dir(environment)))
        supervisor.add(Program("past", past, environment, is_once=True))
    else:
        print("The web server does not answer yet; its messages stand above. Ctrl-C ends the demo.", file=sys.stderr)  # noqa: T201
    supervisor.run()
    return 0


def choose_ports(options: Options) -> Ports:
    """Free ports near the usual ones; says which usual one was busy."""
    taken: set[int] = set()
    web = ports.choose(options.port, taken)
    wanted_portal = options.portal_port or web + 1
    chosen = Ports(
        web=web,
        portal=ports.choose(wanted_portal, taken),
        live=ports.choose(web + 2, taken),
        broker=ports.choose(1883, taken),
        cashier=ports.choose(web + 4, taken),
    )
    for name, wanted, got in (
        ("web", options.port, chosen.web),
        ("portal", wanted_portal, chosen.portal),
        ("broker", 1883, chosen.broker),
    ):
        if wanted != got:
            print(f"Port {wanted} is busy, the {name} takes {got}.", flush=True)  # noqa: T201
    return chosen


def make_environment(options: Options, chosen: Ports) -> dict[str, str]:
    """The environment of the hub's processes: embedded defaults, nothing from outside but what the system needs."""
    return {
        **inherited_environment(),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc's arena per thread would cost tens of megabytes
        "HUB_DEMO": "1",
        "HUB_STATE_DIR": str(options.state_dir.absolute()),
        "HUB_BROKER_URL": f"embedded://127.0.0.1:{chosen.broker}",
        "HUB_PUBLIC_URL": f"http://localhost:{chosen.web}",
        "HUB_PORT": str(chosen.web),
        "HUB_LIVE_PORT": str(chosen.live),
        "HUB_PORTAL_URL": f"http://localhost:{chosen.portal}",
        "HUB_PAYMENT_SANDBOX_URL": f"http://localhost:{chosen.cashier}",
        "HUB_BANK_NAME": "Stadt Bad Rappenau (Demonstration)",
        "HUB_BANK_IBAN": "DE02500105170137075030",  # an invented account with right check digits
        "HUB_BANK_BIC": "INGDDEFF",
        "HUB_SEPA_CREDITOR_ID": "DE98ZZZ09999999999",
    }


def programs(options: Options, chosen: Ports, environment: dict[str, str]) -> list[Program]:
    """The processes of the demo; the simulated nodes reach the hub over the broker alone."""
    town = _town_dir(environment)
    state = options.state_dir.absolute()
    hub = [Program(part, ("-m", "hub", *arguments), environment) for part, arguments in _HUB_PARTS.items()]
    simulation = Program(
        "simulation",
        (
            *("-m", "edge.simulation", "--town", str(town), "--broker", f"mqtt://127.0.0.1:{chosen.broker}"),
            *("--state-dir", str(state), "--nodes", str(options.nodes), "--speed", str(options.speed)),
        ),
        environment,
    )
    place = json.loads((town / "nodes.json").read_text())["nodes"][0]
    portal = Program(
        "portal",
        (
            *("-m", "captive_portal", "preview", "--state-dir", str(state / "nodes" / place["id"])),
            *("--port", str(chosen.portal), "--hub-url", f"http://localhost:{chosen.web}"),
            *("--label", place["name"]["de"], "--near", f"{place['lat']},{place['lon']}"),
        ),
        environment,
    )
    cashier = Program(
        "payment provider",
        (
            *("-m", "hub.demo.sandbox_provider", "--port", str(chosen.cashier)),
            *("--key-file", str(state / "sandbox.key"), "--state-dir", str(state)),
        ),
        environment,
    )
    return [*hub, simulation, portal, cashier]


def _town_dir(environment: Mapping[str, str]) -> Path:
    return Path(__file__).parents[1] / "data" / environment.get("HUB_TOWN", "bad_rappenau")


_HUB_PARTS = {
    "ingest": ("ingest",),
    "web": ("serve", "--only", "web"),
    "live": ("serve", "--only", "live"),
    "worker": ("serve", "--only", "worker"),
}


def _wait_until_ready(url: str) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own loopback address)
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _say_hello(options: Options, chosen: Ports) -> None:
    lines = (
        "",
        f"  Bad Rappenau is running:  http://localhost:{chosen.web}",
        f"  WiFi landing page:        http://localhost:{chosen.portal}",
        f"  Log in as anybody:        http://localhost:{chosen.web}/demo",
        f"  State directory:          {options.state_dir}",
        "  Ctrl-C ends the demo.",
        "",
    )
    print("\n".join(lines), flush=True)  # noqa: T201
