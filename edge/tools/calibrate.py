"""`stadtknoten-edge calibrate BAY`: guides the technician through empty, car and thresholds, and writes the file."""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import gpiozero
import tomlkit

from edge import files
from edge.bays import Board, MagneticBay, PinError, Sensor, Thermometer, UltrasonicBay, open_bays
from edge.config import BayConfig, Config, load, parse
from edge.rules import CalibrationError, Series, suggest_distance, suggest_field
from edge.section import ConfigError

SAMPLES = 20
PAUSE_S = 0.25
CONFIG = Path("/etc/stadtknoten/node.toml")
Ask = Callable[[str], str]


def main(arguments: list[str], board: Board | None = None, ask: Ask = input, pause_s: float = PAUSE_S) -> int:
    """Runs one calibration; returns the exit code (0 written, 1 not possible, 2 wrong call or file)."""
    options = _parser().parse_args(arguments)
    try:
        config = load(options.config)
        bay = _find(config, options.bay)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gpiozero.DistanceSensorNoEcho)
            found = _calibrated(config, bay, board or Board(), ask, pause_s)
        write(options.config, bay.id, found)
    except (CalibrationError, ConfigError, PinError, OSError) as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nNothing was changed.", file=sys.stderr)
        return 1
    settings = ", ".join(f"{key} = {value}" for key, value in found.items())
    print(f"Written to {options.config}: {settings}\nThe old file is kept as {options.config.name}.old. ", end="")
    print("Start the agent again to use it: sudo systemctl restart stadtknoten-edge")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge calibrate",
        description="Measures one bay empty and with a car, works out its thresholds and writes them into the "
        "configuration. Stop the agent first: sudo systemctl stop stadtknoten-edge",
    )
    parser.add_argument("bay", metavar="BAY", help="the bay's id, such as kurpark_see-002")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE.toml", help=f"default {CONFIG}")
    return parser


def _find(config: Config, name: str) -> BayConfig:
    for bay in config.bays:
        if bay.id == name:
            return bay
    known = ", ".join(bay.id for bay in config.bays) or "none"
    raise ConfigError(f"this node has no bay {name} (it has: {known})")


def _calibrated(config: Config, bay: BayConfig, board: Board, ask: Ask, pause_s: float) -> dict[str, object]:
    (sensor,) = open_bays([bay], board)
    try:
        measure = _measurer(sensor, Thermometer(config.thermometer), pause_s)
        ask(f"{bay.id}: let the bay be EMPTY, step aside, and press Enter. ")
        empty = measure("empty")
        ask(f"{bay.id}: now put a CAR into the bay, step aside, and press Enter. ")
        car = measure("with a car")
    finally:
        sensor.close()
    return _settings(bay, empty, car)


def _measurer(sensor: Sensor, thermometer: Thermometer, pause_s: float) -> Callable[[str], list[object]]:
    def once() -> object:
        if isinstance(sensor, UltrasonicBay):
            return sensor.ping(thermometer.celsius(time.monotonic()))
        if isinstance(sensor, MagneticBay):
            return sensor.field()
        reading = sensor.read(None)
        return reading.level if reading else None

    def measure(what: str) -> list[object]:
        samples = []
        for _ in range(SAMPLES):
            samples.append(once())
            time.sleep(pause_s)
        print(f"  {what}: {_said(samples)}")
        return samples

    return measure


def _said(samples: list[object]) -> str:
    distances = sorted(sample for sample in samples if isinstance(sample, float))
    if distances:
        middle = distances[len(distances) // 2]
        return f"{middle:.2f} m, between {distances[0]:.2f} and {distances[-1]:.2f}, {len(distances)} echoes"
    last = next((sample for sample in reversed(samples) if sample is not None), None)
    if isinstance(last, tuple):
        return "field {:.1f}, {:.1f}, {:.1f} microtesla".format(*last)
    if last is None:
        return "no answer"
    return "something is there" if last else "nothing is there"


def _settings(bay: BayConfig, empty: list[object], car: list[object]) -> dict[str, object]:
    """The keys of the bay's section that follow from the samples; CalibrationError says why there are none."""
    if bay.sensor == "ultrasonic":
        distances = [Series([one if isinstance(one, float) else None for one in many]) for many in (empty, car)]
        thresholds = suggest_distance(*distances)
        return {"occupied_below_m": thresholds.occupied_below_m, "free_above_m": thresholds.free_above_m}
    if bay.sensor == "magnetometer":
        base, field = suggest_field(_fields(empty), _fields(car))
        return {
            "baseline_ut": list(base),
            "occupied_above_ut": field.occupied_above_ut,
            "free_below_ut": field.free_below_ut,
        }
    if len(set(empty)) > 1 or len(set(car)) > 1:
        raise CalibrationError("The contact changes by itself. Check the wires, then try again.")
    if empty[0] == car[0]:
        raise CalibrationError("The sensor says the same for the empty bay and for the car. Check place and wires.")
    turned = empty[0] is True
    return {"active": "low" if bay.active_low != turned else "high"}


def _fields(samples: list[object]) -> list[tuple[float, float, float]]:
    return [sample for sample in samples if isinstance(sample, tuple)]


def write(file: Path, bay: str, settings: dict[str, object]) -> None:
    """Puts the settings into the bay's section; comments and order stay, the old file is kept beside it."""
    old = file.read_bytes()
    document = tomlkit.parse(old.decode())
    for section in document["bays"]:
        if section["id"] == bay:
            section.update(settings)
    text = tomlkit.dumps(document)
    parse(tomlkit.parse(text).unwrap())  # never leave a file behind that the agent refuses
    files.replace(file.with_name(file.name + ".old"), old)
    files.replace(file, text.encode())
