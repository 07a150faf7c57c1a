"""Command line of the node agent."""

import argparse
import dataclasses
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.config import Config
    from edge.mock import MockBoard
    from edge.ticker import Ticker

TOOLS = ("calibrate", "configure", "doctor", "enrol", "renew", "update")
_RENEW_S = 6 * 3600.0
_ANSWER_FIRST_S = 1.0  # before a new start that the hub asked for

_ABOUT = """\
Reads the bay sensors at this node's pins, keeps every reading until the hub has stored it, and keeps the one
connection to the hub that the landing page uses too. Runs until Ctrl-C or SIGTERM.

Tools, each with --help:
  stadtknoten-edge enrol CODE [--hub URL]   this node's certificate for a one-time code
  stadtknoten-edge doctor                   what is wrong with this node, and what to do
  stadtknoten-edge update                   which release runs here; --dry-run: what another one would change
  stadtknoten-edge calibrate BAY            thresholds of one bay, measured empty and with a car

The configuration is one TOML file, for example:

  [node]
  name = "kurpark_see"
  label = "Kurpark am See"
  hub = "https://hub.example"           # for a new certificate before the old one ends
  thermometer = "/sys/bus/w1/devices/28-0/temperature"   # optional, for the speed of sound
  led = 12                              # optional, blinks when the hub says "identify"
  host_clock = true                     # only in a virtual machine or container whose host keeps the time
  [broker]
  url = "mqtts://hub.example:8883"      # username, password_file, ca_file, cert_file, key_file
  [state]
  directory = "/var/lib/stadtknoten"    # max_rows, max_bytes, reference_log
  [[bays]]
  id = "kurpark_see-001"
  sensor = "infrared"                   # or loop, reed, digital: a pin that says yes or no
  pin = 17                              # BCM number
  active = "low"                        # the level when a car is there
  [[bays]]
  id = "kurpark_see-002"
  sensor = "ultrasonic"                 # HC-SR04
  trigger = 23
  echo = 24
  occupied_below_m = 0.9
  free_above_m = 1.2                    # at least 0.15 m more
  [[bays]]
  id = "kurpark_see-003"
  sensor = "magnetometer"               # QMC5883L on I2C; `calibrate` writes the three values
  bus = 1
  baseline_ut = [20.1, -3.4, 44.0]
  occupied_above_ut = 8.0
  free_below_ut = 4.0
  [rules]                               # all optional, these are the defaults
  occupied_after_s = 5
  free_after_s = 10
  still_m = 0.05                        # what moves more while it is being believed is no parked car
  repeat_minutes = 15
"""

_MOCK_HELP = """use no hardware: read "pin value" lines on standard input instead. A digital pin takes 0 or 1, an
ultrasonic bay the number of its ECHO pin and the distance in metres, or none for a lost
echo: "17 1", "24 0.5", "24 none". What the light does is printed the same way: "12 1" """


def main(arguments: list[str] | None = None) -> int:
    """Runs the agent or a tool; returns the exit code (0 ended as asked, 2 wrong configuration, 1 cannot start)."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in TOOLS:
        return _tool(words[0], words[1:])
    options = _parser().parse_args(words)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    from edge.config import load
    from edge.section import ConfigError

    try:
        config = load(options.config)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    if options.reference_log:
        config = dataclasses.replace(
            config, state=dataclasses.replace(config.state, reference_log=options.reference_log)
        )
    code, again = _run(config, options)
    if again:  # the same process starts anew, whoever watches over it
        os.execv(sys.executable, [sys.executable, "-m", "edge", *words])  # noqa: S606 (no shell, our own arguments)
    return code


def _tool(name: str, arguments: list[str]) -> int:
    if name == "calibrate":
        from edge.tools.calibrate import main as calibrate

        return calibrate(arguments)
    if name == "configure":
        from edge.tools.configure import main as configure

        return configure(arguments)
    if name == "doctor":
        from edge.tools.doctor import main as doctor

        return doctor(arguments)
    if name == "update":
        from edge.tools.update import main as update

        return update(arguments)
    from edge.tools import enrol

    return enrol.enrol(arguments) if name == "enrol" else enrol.renew(arguments)


def _run(config: "Config", options: argparse.Namespace) -> tuple[int, bool]:
    """(exit code, whether the hub asked for a new start) of the agent's whole life."""
    from edge.agent import Agent, StartError
    from edge.bays import Pinger, Thermometer
    from edge.config import load
    from edge.ticker import Ticker

    ended, again = threading.Event(), threading.Event()

    def start_anew() -> None:
        again.set()
        threading.Timer(_ANSWER_FIRST_S, ended.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ticker, board = Ticker(config.sample_s), _board(config) if options.mock else None
    pinger = Pinger(config.sample_s, Thermometer(config.thermometer))
    try:
        agent = Agent(config, ticker, pinger, board, start_anew, lambda: load(options.config), options.config)
    except StartError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1, False
    agent.start()
    _live(config, options.config, ticker, board, ended)
    pinger.stop()
    agent.stop()
    return 0, again.is_set()


def _board(config: "Config") -> "MockBoard":
    from edge.mock import MockBoard

    return MockBoard(config.bays, config.led, lambda line: print(line, flush=True))


def _live(config: "Config", file: Path, ticker: "Ticker", board: "MockBoard | None", ended: threading.Event) -> None:
    """Everything that the agent needs is kept going until the end is asked for."""
    from edge.enrolment import renew_in_background
    from edge.notify import Notifier

    ticker.add(notifier := Notifier())
    ticker.start()
    notifier.ready()
    if board is not None:
        threading.Thread(target=_obey, args=(board,), daemon=True).start()
    while not ended.is_set():
        renew_in_background(file, config.state.directory, time.time_ns() // 1_000_000)
        ended.wait(_RENEW_S)
    ticker.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.toml", help="the node's configuration")
    parser.add_argument("--mock", action="store_true", help=_MOCK_HELP)
    parser.add_argument(
        "--reference-log",
        type=Path,
        metavar="FILE",
        help="for tests: append each message to FILE before it is stored, one JSON line each, to compare with the hub",
    )
    parser.add_argument("--verbose", action="store_true", help="say more in the log")
    return parser


def _obey(board: "MockBoard") -> None:
    from edge.mock import PinLineError

    for line in sys.stdin:
        if line.strip():
            try:
                board.line(line)
            except PinLineError as error:
                print(f"stadtknoten-edge: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
