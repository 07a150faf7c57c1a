"""Commands: nodes, sensors and their certificates."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hub.commands import settings_of_environment

if TYPE_CHECKING:
    from hub.commands import Commands


def add(commands: "Commands") -> None:
    """node, rollout, radio, ca, grant-key."""
    _add_node(commands.add_parser("node", help="give nodes their certificates, or take them away"))
    _add_rollout(commands.add_parser("rollout", help="send a signed release to the nodes, ring by ring"))
    _add_radio(commands.add_parser("radio", help="other makers' sensors and their decoders"))
    _add_ca(commands.add_parser("ca", help="certificates for the broker and the hub's own programs"))
    key = commands.add_parser("grant-key", help="print the public key for [roaming] hub_key of every node")
    key.set_defaults(run=_grant_key)


def _add_node(node: argparse.ArgumentParser) -> None:
    actions = node.add_subparsers(required=True, metavar="ACTION", dest="action")
    enrol = actions.add_parser("enrol", help="print a one-time code for `stadtknoten-edge enrol CODE`")
    enrol.add_argument("name", help="the node's name in the town's data")
    enrol.add_argument("--hours", type=int, default=24, help="how long the code holds (default 24)")
    enrol.add_argument("--json", action="store_true", help="print JSON instead of text and QR code")
    revoke = actions.add_parser("revoke", help="end a node's certificates; writes the list that the broker reads")
    revoke.add_argument("name")
    revoke.add_argument("--crl", type=Path, metavar="FILE", help="the broker's crl.pem (default: beside the CA's key)")
    actions.add_parser("list", help="every node, when it was heard and until when its certificate holds")
    node.set_defaults(run=_node)


def _node(chosen: argparse.Namespace) -> int:
    from hub import identities

    settings = settings_of_environment()
    if chosen.action == "enrol":
        print(identities.enrol(settings, chosen.name, chosen.hours, as_json=chosen.json))
    elif chosen.action == "revoke":
        print(identities.revoke(settings, chosen.name, chosen.crl))
    else:
        print(identities.listed(settings))
    return 0


def _add_rollout(rollout: argparse.ArgumentParser) -> None:
    actions = rollout.add_subparsers(required=True, metavar="ACTION", dest="action")
    named = "a release that is kept here, or the directory of a bundle"
    actions.add_parser("add", help="verify a bundle and keep it").add_argument("release", metavar="DIR")
    start = actions.add_parser("start", help="one canary, then 10 %%, then all; stops by itself at failures")
    start.add_argument("release", metavar="RELEASE|DIR", help=named)
    start.add_argument("--canary", default="", metavar="NODE", help="the first node (default: drawn)")
    start.add_argument("--soak-minutes", type=int, default=30, metavar="N", help="how long a ring must be well")
    start.add_argument("--dry-run", action="store_true", help="only say what would change")
    show = actions.add_parser("show", help="how far the newest one is")
    show.add_argument("--json", action="store_true")
    for name, text in (
        ("pause", "tell nobody else"),
        ("resume", "go on; failed nodes are asked again"),
        ("stop", "end"),
    ):
        actions.add_parser(name, help=text)
    skip = actions.add_parser("skip", help="set a node aside that is away or failed, so that the rest goes on")
    skip.add_argument("node", metavar="NODE")
    firmware = actions.add_parser("firmware", help="offer the release's firmware to wireless sensors")
    firmware.add_argument("release", metavar="RELEASE|DIR", help=named)
    firmware.add_argument("sensors", nargs="*", metavar="SENSOR", help="default: every sensor that runs firmware")
    rollout.set_defaults(run=_rollout)


def _rollout(chosen: argparse.Namespace) -> int:
    from hub import distribution

    settings = settings_of_environment()
    if chosen.action == "add":
        print(distribution.add(settings, chosen.release))
    elif chosen.action == "start":
        print(distribution.start(settings, chosen.release, chosen.canary, chosen.soak_minutes, dry_run=chosen.dry_run))
    elif chosen.action == "show":
        print(distribution.show(settings, as_json=chosen.json))
    elif chosen.action == "skip":
        print(distribution.skip(settings, chosen.node))
    elif chosen.action == "firmware":
        print(distribution.offer_firmware(settings, chosen.release, chosen.sensors))
    else:
        print(distribution.change(settings, chosen.action))
    return 0


def _add_radio(radio: argparse.ArgumentParser) -> None:
    actions = radio.add_subparsers(required=True, metavar="ACTION", dest="action")
    device = actions.add_parser("add-device", help="map a device to a bay")
    for name in ("network", "id", "node", "bay", "decoder"):
        device.add_argument(f"--{name}", required=True)
    device.add_argument("--occupied-below-mm", type=int)
    device.add_argument("--free-above-mm", type=int)
    device.add_argument("--repeat-minutes", type=int, help="how often the sensor reports without news")
    decoder = actions.add_parser("add-decoder", help="add a table-driven decoder out of a JSON file")
    decoder.add_argument("name")
    decoder.add_argument("file", type=Path)
    actions.add_parser("list", help="every device and what came of it")
    radio.set_defaults(run=_radio)


def _radio(chosen: argparse.Namespace) -> int:
    from hub.setup import radio

    if chosen.action == "add-device":
        thresholds = (chosen.occupied_below_mm, chosen.free_above_mm)
        radio.add_radio_device(
            settings_of_environment(),
            {name: getattr(chosen, name) for name in ("network", "id", "node", "bay", "decoder")},
            thresholds if None not in thresholds else None,
            chosen.repeat_minutes,
        )
    elif chosen.action == "add-decoder":
        radio.add_radio_decoder(settings_of_environment(), chosen.name, chosen.file)
    else:
        print(radio.radio_devices(settings_of_environment()))
    return 0


def _add_ca(ca: argparse.ArgumentParser) -> None:
    ca.add_argument("out", type=Path, metavar="DIR", help="where ca.crt, crl.pem, broker.* and hub.* are written")
    ca.add_argument("--host", action="append", required=True, help="name or address of the broker; may be repeated")
    ca.add_argument("--days", type=int, default=825, help="how long they hold (default 825)")
    ca.set_defaults(run=_ca)


def _ca(chosen: argparse.Namespace) -> int:
    from hub import identities

    print(identities.write_pairs(settings_of_environment(), chosen.out, chosen.host, chosen.days))
    return 0


def _grant_key(_chosen: argparse.Namespace) -> int:
    from hub.core.signing import Signer

    print(Signer(settings_of_environment().grant_key()).public_key)
    return 0
