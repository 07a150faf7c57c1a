"""Command line of the node agent."""

import argparse
import dataclasses
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.mock import MockBoard

_ABOUT = """\
Reads the bay sensors at this node's pins, keeps every reading until the hub has stored it, and keeps the one
connection to the hub that the landing page uses too. Runs until Ctrl-C or SIGTERM.

The configuration is one TOML file, for example:

  [node]
  name = "kurpark_see"
  label = "Kurpark am See"
  [broker]
  url = "mqtts://hub.example:8883"      # username, password_file, ca_file, cert_file, key_file
  [state]
  directory = "/var/lib/stadtknoten"    # max_rows, max_bytes, reference_log
  [[bays]]
  id = "kurpark_see-001"
  sensor = "digital"                    # magnetic sensor, light barrier
  pin = 17                              # BCM number
  active = "low"                        # the level when a car is there
  [[bays]]
  id = "kurpark_see-002"
  sensor = "ultrasonic"                 # HC-SR04
  trigger = 23
  echo = 24
  occupied_below_m = 0.9
  free_above_m = 1.2
  [rules]                               # all optional, these are the defaults
  occupied_after_s = 5
  free_after_s = 10
  repeat_minutes = 15
"""

_MOCK_HELP = """use no hardware: read "pin value" lines on standard input instead. A digital pin takes 0 or 1, an
ultrasonic bay the number of its ECHO pin and the distance in metres, or none for a lost
echo: "17 1", "24 0.5", "24 none" """


def main(arguments: list[str] | None = None) -> int:
    """Runs the agent; returns the exit code (0 ended as asked, 2 wrong configuration, 1 cannot start)."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    from edge.config import ConfigError, load

    try:
        config = load(options.config)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    if options.reference_log:
        config = dataclasses.replace(
            config, state=dataclasses.replace(config.state, reference_log=options.reference_log)
        )
    from edge.agent import Agent, StartError
    from edge.bays import Pinger
    from edge.ticker import Ticker

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ticker, pinger, board = Ticker(config.sample_s), Pinger(config.sample_s), None
    if options.mock:
        from edge.mock import MockBoard

        board = MockBoard(config.bays)
    try:
        agent = Agent(config, ticker, pinger, board.factory if board else None)
    except StartError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1
    agent.start()
    ticker.start()
    if board is not None:
        threading.Thread(target=_obey, args=(board,), daemon=True).start()
    ended.wait()
    ticker.stop()
    pinger.stop()
    agent.stop()
    return 0


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
