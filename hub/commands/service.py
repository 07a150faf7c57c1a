"""Commands: the programs and the database."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hub.commands import settings_of_environment
from hub.environment import user_state_dir

if TYPE_CHECKING:
    from hub.commands import Commands

PARTS = ("web", "live", "worker")


def add(commands: "Commands") -> None:
    """demo, serve, ingest, migrate, seed, retention, admin."""
    _add_demo(commands.add_parser("demo", help="run the whole town on this machine, with simulated sensors"))
    serve = commands.add_parser("serve", help="run web, live and worker (and ingest on the embedded broker)")
    serve.add_argument("--only", choices=PARTS, help="run one of them in this process, as a systemd unit does")
    serve.set_defaults(run=_serve)
    ingest = commands.add_parser("ingest", help="store what the nodes send (with embedded://: run the broker, too)")
    ingest.add_argument("--worker", type=int, default=0, metavar="N", help="1, 2 ...: one of several on PostgreSQL")
    ingest.set_defaults(run=_ingest)
    commands.add_parser("migrate", help="bring the database's schema up to date").set_defaults(run=_migrate)
    commands.add_parser("seed", help="write the town's facts into the database").set_defaults(run=_seed)
    keep = commands.add_parser("retention", help="delete what is over, as the worker does every night")
    keep.add_argument("--dry-run", action="store_true", help="only say what it would be")
    keep.set_defaults(run=_retention)
    _add_admin(commands.add_parser("admin", help="make an admin or give one a new password"))


def _add_demo(demo: argparse.ArgumentParser) -> None:
    state = user_state_dir()
    demo.add_argument("--port", type=int, default=8080, help="web server (default 8080; the next free one if busy)")
    demo.add_argument("--portal-port", type=int, help="WiFi landing page (default: the web port + 1)")
    demo.add_argument("--nodes", type=int, default=6, help="WiFi nodes besides the sensor boards (default 6)")
    demo.add_argument("--speed", type=float, default=1.0, help="how much faster than real time cars come and go")
    demo.add_argument("--state-dir", type=Path, default=state, help=f"database and node states (default {state})")
    demo.set_defaults(run=_demo)


def _add_admin(admin: argparse.ArgumentParser) -> None:
    admin.add_argument("action", choices=("create", "reset"))
    admin.add_argument("name")
    admin.add_argument("--password-stdin", action="store_true", help="read the password instead of making one up")
    admin.set_defaults(run=_admin)


def _retention(chosen: argparse.Namespace) -> int:
    from hub.setup import people

    print(people.run_retention(settings_of_environment(), dry=chosen.dry_run))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from hub.demo import run as demo

    return demo.run(demo.Options(chosen.port, chosen.portal_port, chosen.nodes, chosen.speed, chosen.state_dir))


def _serve(chosen: argparse.Namespace) -> int:
    from hub import serve

    settings = settings_of_environment()
    settings.check_keys()
    return serve.everything(settings) if chosen.only is None else serve.PARTS[chosen.only](settings)


def _ingest(chosen: argparse.Namespace) -> int:
    from hub import serve

    return serve.ingest(settings_of_environment(), chosen.worker)


def _migrate(_: argparse.Namespace) -> int:
    from hub import setup

    if said := setup.migrate(settings_of_environment()):
        print(said)
    return 0


def _seed(_: argparse.Namespace) -> int:
    from hub import setup

    setup.seed(settings_of_environment())
    return 0


def _admin(chosen: argparse.Namespace) -> int:
    from hub import setup

    password = sys.stdin.readline().rstrip("\n") if chosen.password_stdin else None
    made = setup.set_admin(settings_of_environment(), chosen.name, create=chosen.action == "create", password=password)
    if password is None:
        print(f"name {chosen.name}, password {made}")
    return 0
