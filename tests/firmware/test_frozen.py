"""What is frozen, how large it is, that edge/wire does the same under MicroPython, and how long the battery lasts."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from edge import wire
from firmware import battery, bundle
from tests.firmware.device import Device, byte_code

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "firmware" / "manifest.py"


def _frozen(tmp_path: Path) -> dict[str, str]:
    """What the manifest freezes, by running it as MicroPython's build does."""
    folders: list[str] = []
    names = {"include": lambda _path: None, "freeze": folders.append}
    exec(compile(MANIFEST.read_text(), "manifest.py", "exec"), names)
    assert folders == ["../build/firmware/sources"]
    assert bundle.main(["sources", str(tmp_path)]) == 0
    return {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.py")}


def test_the_manifest_freezes_the_firmware_and_every_file_of_edge_wire(tmp_path: Path) -> None:
    frozen = _frozen(tmp_path)
    wire_files = {f"edge/wire/{path.name}" for path in (ROOT / "edge" / "wire").glob("*.py")}
    own = {"boot.py", "slots.py", "main.py"} | {path.name for path in (ROOT / "firmware" / "lib").glob("*.py")}
    assert set(frozen) == wire_files | own
    for name in own:
        path = ROOT / "firmware" / name
        assert frozen[name] == (path if path.exists() else ROOT / "firmware" / "lib" / name).read_text(), name


@pytest.mark.process
def test_no_module_hides_behind_one_that_micropython_has_built_in() -> None:
    script = "say('names', found=[name for name in NAMES if is_hidden(name)])"
    names = [name for name in bundle.sources() if "/" not in name]
    has = """
def is_hidden(name):
    try:
        return "__file__" not in dir(__import__(name)) or not __import__(name).__file__.startswith("/factory")
    except ImportError:
        return False
"""
    names = [name for name in names if name not in ("boot", "main")]
    event = Device().script(has + script.replace("NAMES", repr(names)))[-1]
    assert event["found"] == []


MESSAGES: list[tuple[str, dict[str, object]]] = [
    ("bay", {"seq": 1, "ts": "2026-11-24T10:15:30.123Z", "bay": "b-1", "state": "free", "distance_m": 1.5}),
    ("bay", {"seq": 0, "ts": "2026-11-24T10:15:30.123Z", "bay": "b-1", "state": "free"}),
    ("bay", {"seq": 1, "ts": "2026-02-29T10:15:30.123Z", "bay": "b-1", "state": "free"}),
    ("bay", {"seq": 1, "ts": "2026-11-24T10:15:30.123Z", "bay": "B 1", "state": "free"}),
    ("bay", {"seq": True, "ts": "2026-11-24T10:15:30.123Z", "bay": "b", "state": "free"}),
    ("bay", {"seq": 1, "ts": "2026-11-24T10:15:30.123Z", "bay": "b", "state": "gone"}),
    ("skip", {"seq": 9, "ts": "2026-11-24T10:15:30.123Z", "from": 1, "to": 8, "reason": "full"}),
    ("skip", {"seq": 9, "ts": "2026-11-24T10:15:30.123Z", "from": 8, "to": 1, "reason": "full"}),
    ("ack", {"outbox": "ab12", "seq": 2**40, "ts": "2026-11-24T10:15:30.123Z"}),
    ("ack", {"outbox": "ab12", "seq": 2**63}),
    ("config", {"v": 3, "ts": "2026-11-24T10:15:30.123Z", "rules": {}}),
    ("config", {"v": 0, "ts": "2026-11-24T10:15:30.123Z"}),
    ("status", {"ts": "2026-11-24T10:15:30.123Z", "state": "online", "battery_mv": 3700}),
    ("alarm", {"seq": 4, "ts": "2026-11-24T10:15:30.123Z", "code": "c"}),
    ("nonsense", {}),
]


def _verdict(kind: str, body: dict[str, object]) -> str:
    try:
        wire.check(kind, body)
    except wire.WireError as error:
        return str(error)
    return "good"


@pytest.mark.process
def test_edge_wire_judges_the_same_messages_in_the_same_way_under_micropython() -> None:
    script = """
import json
from edge import wire
def verdict(kind, body):
    try:
        wire.check(kind, body)
    except wire.WireError as error:
        return str(error)
    return "good"
deep = b"[" * 20000
try:
    wire.parse(deep)
    nested = "parsed"
except wire.WireError as error:
    nested = str(error)
say("judged", verdicts=[verdict(kind, body) for kind, body in json.loads(TEXT)], nested=nested,
    times=[wire.format_ms(ms) for ms in (0, 951782400123, 1795000000000, 4102444799999)],
    topics=[wire.up("n", "bay"), wire.down("n", "ack"), wire.all_down("n")], kinds=list(wire.UP_KINDS))
"""
    event = Device().script(script.replace("TEXT", repr(json.dumps(MESSAGES))))[-1]
    assert event["verdicts"] == [_verdict(kind, body) for kind, body in MESSAGES]
    assert event["nested"] == "not JSON"
    assert event["times"] == [wire.format_ms(ms) for ms in (0, 951782400123, 1795000000000, 4102444799999)]
    assert event["topics"] == [wire.up("n", "bay"), wire.down("n", "ack"), wire.all_down("n")]
    assert event["kinds"] == list(wire.UP_KINDS)


def test_the_byte_code_is_small_enough_for_both_boards() -> None:
    print("\n" + bundle.sizes(byte_code()))
    assert sum(map(len, byte_code().values())) < 32 * 1024


@pytest.mark.process
def test_code_and_a_full_outbox_take_less_than_80_kb_of_heap() -> None:
    measure = ["import gc\ngc.collect()", "import world\nworld.say('heap', bytes=gc.mem_alloc())"]
    fill = """
box = store.Outbox("/full")
for seq in range(90):
    box.put("bay", {"ts": "2026-11-24T10:15:30.123Z", "synced": True, "boot": "0123456789ab", "up_ms": 99999999 + seq,
        "bay": "kurpark-07", "state": "occupied", "distance_m": 0.512}, store.CHANGE)
"""
    steps = [*measure, "import main, store", *measure, fill, *measure]
    before, loaded, full = (int(str(event["bytes"])) for event in Device().script("", steps=steps))
    print(f"heap: {loaded - before:,} bytes of code from a slot, {full - loaded:,} bytes of 90 waiting rows")
    assert full - before < 80 * 1024


def test_main_is_small_and_short() -> None:
    assert len((ROOT / "firmware" / "main.py").read_text().splitlines()) < 90


def test_a_bundle_is_signed_from_the_command_line(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 3072)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(private)
    command = [sys.executable, "-m", "firmware.bundle", "sign", str(tmp_path / "key.pem"), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    offer = json.loads(done.stdout[done.stdout.index("{") :])
    assert offer["update_key"] == bundle.modulus(key)
    assert {name: offer[name] for name in ("sha256", "signature")} == bundle.sign((tmp_path / "out").read_bytes(), key)
    names = [json.loads(line)[0] for line in (tmp_path / "out").read_text().splitlines()[1:]]
    assert "main.mpy" in names and "boot.mpy" not in names and "slots.mpy" not in names


def test_only_rsa_3072_is_taken_as_an_update_key() -> None:
    with pytest.raises(ValueError, match="RSA-3072"):
        bundle.modulus(rsa.generate_private_key(65537, 2048))


@pytest.mark.process
def test_the_example_of_device_json_has_every_setting_and_no_secret() -> None:
    example = json.loads((ROOT / "firmware" / "device.json.example").read_text())
    device = Device({**example, "update_key": "c" * 768})
    event = device.script("import settings\nsay('loaded', name=settings.load()['name'])")[-1]
    assert event["name"] == example["name"]
    assert not re.search(r"[0-9a-f]{64}", json.dumps(example))


def test_battery_life_is_computed_from_the_duty_cycle() -> None:
    duty = battery.Duty(sleep_ma=0.1, awake_ma=20, radio_ma=100.1, sample_every_s=10, awake_s=1, report_s=8.64)
    duty = replace(duty, reports_a_day=100)
    # 90 % asleep at 0.1 mA, 10 % awake at 20 mA, and 864 s a day (1 %) with the radio at 100 mA more.
    assert battery.mean_ma(duty) == pytest.approx(0.09 + 2.0 + 1.0)
    cell = battery.Cell("round", 1000, 0.9, 0.0)
    assert battery.life_days(duty, cell) == pytest.approx(900 / 3.09 / 24)
    leaking = replace(cell, loss_a_year=0.5)
    assert battery.life_days(duty, leaking) == pytest.approx(900 / (3.09 + 500 / 8766) / 24)
    print("\n" + battery.table())
    assert battery.life_days(battery.ESP32, battery.LITHIUM) > 365
