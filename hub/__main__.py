"""The hub's command line."""

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hub.environment import user_state_dir

if TYPE_CHECKING:
    from hub.settings import Settings

PARTS = ("web", "live", "worker")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code. A wrong setting ends it with one clear line."""
    chosen = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        code: int = chosen.run(chosen)
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).debug("start failed", exc_info=True)
        print(*(f"stadtknoten-hub: {line}" for line in _plain(error)), sep="\n", file=sys.stderr)
        return 2
    return code


def _plain(error: Exception) -> list[str]:
    """One line a problem; pydantic's errors name the environment variable."""
    problems = getattr(error, "errors", None)
    if problems is None:
        return [str(error)]
    return [
        f"HUB_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in problems()
    ]


def parser() -> argparse.ArgumentParser:
    """The commands and their help."""
    top = argparse.ArgumentParser(
        prog="stadtknoten-hub",
        description="The town's hub: stores what the nodes report and serves the pages. Settings come from the "
        "environment (HUB_DATABASE_URL, HUB_BROKER_URL, HUB_TIMESERIES_URL, HUB_PUBLIC_URL, HUB_STATE_DIR ...), "
        "see the table in README.md.",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands.add_parser("demo", help="run the whole town on this machine, with simulated sensors"))
    serve = commands.add_parser("serve", help="run web, live and worker (and ingest on the embedded broker)")
    serve.add_argument("--only", choices=PARTS, help="run one of them in this process, as a systemd unit does")
    serve.set_defaults(run=_serve)
    ingest = commands.add_parser("ingest", help="store what the nodes send (with embedded://: run the broker, too)")
    ingest.add_argument("--worker", type=int, default=0, metavar="N", help="1, 2 ...: one of several on PostgreSQL")
    ingest.set_defaults(run=_ingest)
    commands.add_parser("migrate", help="bring the database's schema up to date").set_defaults(run=_migrate)
    commands.add_parser("seed", help="write the town's facts into the database").set_defaults(run=_seed)
    key = commands.add_parser("grant-key", help="print the public key for [roaming] hub_key of every node")
    key.set_defaults(run=_grant_key)
    _add_node(commands.add_parser("node", help="give nodes their certificates, or take them away"))
    _add_rollout(commands.add_parser("rollout", help="send a signed release to the nodes, ring by ring"))
    _add_radio(commands.add_parser("radio", help="other makers' sensors and their decoders"))
    _add_ca(commands.add_parser("ca", help="certificates for the broker and the hub's own programs"))
    _add_account(commands.add_parser("account", help="connect services that log in with the town's account"))
    keep = commands.add_parser("retention", help="delete what is over, as the worker does every night")
    keep.add_argument("--dry-run", action="store_true", help="only say what it would be")
    keep.set_defaults(run=_retention)
    _add_parking(commands.add_parser("parking", help="what a stay costs, and how good the forecast is"))
    _add_payments(commands.add_parser("payments", help="check the ledger, speak to the bank, know machines"))
    _add_till(commands.add_parser("till", help="tills of the pool, the library, the market"))
    _add_audit(commands.add_parser("audit", help="check or export who did what"))
    _add_admin(commands.add_parser("admin", help="make an admin or give one a new password"))
    return top


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
    firmware = actions.add_parser("firmware", help="offer the release's firmware to wireless sensors")
    firmware.add_argument("release", metavar="RELEASE|DIR", help=named)
    firmware.add_argument("sensors", nargs="*", metavar="SENSOR", help="default: every sensor that runs firmware")
    rollout.set_defaults(run=_rollout)


def _rollout(chosen: argparse.Namespace) -> int:
    from hub import distribution

    settings = _settings()
    if chosen.action == "add":
        print(distribution.add(settings, chosen.release))
    elif chosen.action == "start":
        print(distribution.start(settings, chosen.release, chosen.canary, chosen.soak_minutes, dry_run=chosen.dry_run))
    elif chosen.action == "show":
        print(distribution.show(settings, as_json=chosen.json))
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


def _add_ca(ca: argparse.ArgumentParser) -> None:
    ca.add_argument("out", type=Path, metavar="DIR", help="where ca.crt, crl.pem, broker.* and hub.* are written")
    ca.add_argument("--host", action="append", required=True, help="name or address of the broker; may be repeated")
    ca.add_argument("--days", type=int, default=825, help="how long they hold (default 825)")
    ca.set_defaults(run=_ca)


def _add_account(account: argparse.ArgumentParser) -> None:
    actions = account.add_subparsers(required=True, metavar="ACTION", dest="action")
    client = actions.add_parser("add-client", help="register a service (OpenID Connect); prints its secret once")
    client.add_argument("--name", required=True, help="what people read on the page that asks for consent")
    client.add_argument("--redirect-uri", action="append", required=True, help="where codes go; may be repeated")
    client.add_argument("--post-logout-uri", action="append", default=[], help="where log-outs end; may be repeated")
    client.add_argument("--backchannel-logout-uri", default="", help="where the service hears of log-outs")
    client.add_argument("--json", action="store_true", help="print JSON")
    account.set_defaults(run=_account)


def _account(chosen: argparse.Namespace) -> int:
    from hub import setup

    addresses = (chosen.redirect_uri, chosen.post_logout_uri, chosen.backchannel_logout_uri)
    print(setup.add_client(_settings(), chosen.name, *addresses, as_json=chosen.json))
    return 0


def _add_parking(parking: argparse.ArgumentParser) -> None:
    actions = parking.add_subparsers(required=True, metavar="ACTION", dest="action")
    price = actions.add_parser("price", help="the price of a stay in cents, and how it comes about")
    price.add_argument("--tariff", required=True, metavar="NAME|FILE", help="a shipped tariff, or a JSON file")
    price.add_argument("--from", dest="start", required=True, metavar="ISO", help="2026-12-24T14:30 (Europe/Berlin)")
    price.add_argument("--to", dest="end", required=True, metavar="ISO")
    price.add_argument("--exempt", choices=("resident", "disabled", "ev"))
    price.add_argument("--used-free-minutes", type=int, default=0, metavar="N", help="used before on the first day")
    price.add_argument("--language", choices=("de", "en"), default="de", help="of the derivation (default de)")
    price.add_argument("--json", action="store_true", help='print {"cents": n, "lines": [...]}')
    price.set_defaults(run=_parking)
    camera = actions.add_parser("add-camera", help="a camera at an entrance or exit; prints its key once")
    camera.add_argument("--site", required=True, help="the car park, as in the town's data")
    camera.add_argument("--name", default="", help="default: the car park and a number; a known name gets a new key")
    camera.add_argument("--json", action="store_true", help='print {"name": ..., "site": ..., "key": ...}')
    camera.set_defaults(run=_camera)
    over = actions.add_parser("end-camera", help="its key opens nothing any more")
    over.add_argument("name")
    over.set_defaults(run=_camera)
    actions.add_parser("cameras", help="every camera and what it counted in a day").set_defaults(run=_camera)
    _add_permits(actions.add_parser("permits", help="permits of residents and disabled people"))
    _add_forecast(actions.add_parser("forecast", help="how good the forecast of free bays is"))


def _add_permits(permits: argparse.ArgumentParser) -> None:
    actions = permits.add_subparsers(required=True, metavar="ACTION", dest="action")
    taken = actions.add_parser("import", help="take over permits; a known one gets its new end, nothing else changes")
    taken.add_argument("file", type=Path, metavar="FILE.csv", help="columns plate,kind,site,until (2027-12-31)")
    taken.set_defaults(run=_import_permits)


def _import_permits(chosen: argparse.Namespace) -> int:
    from hub import setup

    print(f"{setup.import_permits(_settings(), chosen.file)} permits taken over")
    return 0


def _camera(chosen: argparse.Namespace) -> int:
    from hub import setup

    if hasattr(chosen, "site"):
        print(setup.add_camera(_settings(), chosen.site, chosen.name, as_json=chosen.json))
    elif hasattr(chosen, "name"):
        print(setup.end_camera(_settings(), chosen.name))
    else:
        print(setup.listed_cameras(_settings()))
    return 0


def _add_forecast(forecast: argparse.ArgumentParser) -> None:
    actions = forecast.add_subparsers(required=True, metavar="ACTION", dest="action")
    evaluate = actions.add_parser("evaluate", help="mean absolute error on held-out weeks, beside two simple rules")
    evaluate.add_argument("file", type=Path, metavar="FILE.csv", help="columns site,ts,occupied; ts in ISO 8601")
    evaluate.add_argument("--json", action="store_true", help='print {"sites": {...}, "overall": {...}}')
    evaluate.set_defaults(run=_evaluate_forecast)
    learn = actions.add_parser(
        "import", help="take over hours measured before this hub, for the forecast to learn from"
    )
    learn.add_argument("file", type=Path, metavar="FILE.csv", help="columns site,ts,occupied; ts in ISO 8601")
    learn.set_defaults(run=_import_hours)


def _evaluate_forecast(chosen: argparse.Namespace) -> int:
    import json

    from hub.parking.api import forecasts

    found = forecasts.evaluate(chosen.file)
    print(json.dumps(found) if chosen.json else forecasts.text(found))
    return 0


def _import_hours(chosen: argparse.Namespace) -> int:
    from hub import setup

    print(f"{setup.import_hours(_settings(), chosen.file)} hours taken over")
    return 0


def _parking(chosen: argparse.Namespace) -> int:
    import json

    from hub.parking.api import tariffs

    found = tariffs.quote(
        chosen.tariff,
        chosen.start,
        chosen.end,
        exempt=chosen.exempt,
        used_free_minutes=chosen.used_free_minutes,
        language=chosen.language,
    )
    if chosen.json:
        print(json.dumps({"cents": found.cents, "lines": list(found.lines)}, ensure_ascii=False))
    else:
        print(found.cents, *found.lines, sep="\n")
    return 0


def _add_payments(payments: argparse.ArgumentParser) -> None:
    actions = payments.add_subparsers(required=True, metavar="ACTION", dest="action")
    actions.add_parser("check", help="add up the whole ledger; exit code 1 when it is broken")
    statement = actions.add_parser("import-camt", help="take in an account statement (CAMT.053), each entry once")
    statement.add_argument("file", type=Path)
    actions.add_parser("unclear", help="entries of the bank account whose payment nobody knows")
    given = actions.add_parser("assign", help="give an unclear entry to the payment with a reference")
    given.add_argument("entry", help="its number, as `unclear` prints it")
    given.add_argument("reference", help="RF..., as it stands on the page of the bank transfer")
    debits = actions.add_parser("export-debits", help="write waiting direct debits into a new file (pain.008)")
    debits.add_argument("file", type=Path)
    debits.add_argument("--collect-on", required=True, metavar="DAY", help="2027-01-31")
    back = actions.add_parser("export-repayments", help="write unclear money that goes back into a new file (pain.001)")
    back.add_argument("file", type=Path)
    back.add_argument("--on", required=True, metavar="DAY", help="2027-01-31")
    machine = actions.add_parser("add-machine", help="a machine that takes payments from cards; prints its key once")
    machine.add_argument("name")
    machine.add_argument("--operation", required=True, help="whose income it is: parking, pool ...")
    machine.add_argument("--max-cents", type=int, default=5000, metavar="N", help="most for one payment (default 5000)")
    actions.add_parser("end-machine", help="its key opens nothing any more").add_argument("name")
    payments.set_defaults(run=_payments)


def _payments(chosen: argparse.Namespace) -> int:
    from hub import setup

    settings = _settings()
    if chosen.action == "check":
        sentence, is_whole = setup.check_payments(settings)
        print(sentence)
        return 0 if is_whole else 1
    if chosen.action == "import-camt":
        print(setup.import_statement(settings, chosen.file))
    elif chosen.action == "unclear":
        print(setup.unclear_entries(settings))
    elif chosen.action == "assign":
        print(setup.assign_entry(settings, chosen.entry, chosen.reference))
    elif chosen.action == "export-debits":
        print(setup.export_debits(settings, chosen.file, chosen.collect_on))
    elif chosen.action == "export-repayments":
        print(setup.export_repayments(settings, chosen.file, chosen.on))
    else:
        facts = (getattr(chosen, "operation", ""), getattr(chosen, "max_cents", 0))
        print(setup.change_machine(settings, chosen.name, *facts, ends=chosen.action == "end-machine"))
    return 0


def _add_till(till: argparse.ArgumentParser) -> None:
    actions = till.add_subparsers(required=True, metavar="ACTION", dest="action")
    add = actions.add_parser("add", help="a new till; prints its key once")
    add.add_argument("name", help="small letters, digits and -")
    add.add_argument("--operation", required=True, help="what it sells: pool, library, market ...")
    add.add_argument("--json", action="store_true", help='print {"till", "operation", "key", "url"}')
    actions.add_parser("end", help="block a till; its key opens nothing any more").add_argument("name")
    actions.add_parser("list", help="every till and when it was heard of")
    till.set_defaults(run=_till)


def _till(chosen: argparse.Namespace) -> int:
    from hub import setup

    settings = _settings()
    if chosen.action == "add":
        print(setup.add_till(settings, chosen.name, chosen.operation, as_json=chosen.json))
    elif chosen.action == "end":
        print(setup.end_till(settings, chosen.name))
    else:
        print(setup.listed_tills(settings))
    return 0


def _add_audit(audit: argparse.ArgumentParser) -> None:
    actions = audit.add_subparsers(required=True, metavar="ACTION", dest="action")
    verify = actions.add_parser("verify", help="follow the chain of hashes; exit code 1 when it is broken")
    verify.add_argument("--expect-head", metavar="HASH", help="a newest hash of before: it must still be in the log")
    export = actions.add_parser("export", help="print entries as JSON lines")
    export.add_argument("--from", dest="since", metavar="DAY", default="1970-01-01", help="first day, 2027-01-31")
    export.add_argument("--to", dest="until", metavar="DAY", default="9999-12-31", help="last day")
    audit.set_defaults(run=_audit)


def _audit(chosen: argparse.Namespace) -> int:
    from hub import setup

    if chosen.action == "export":
        setup.export_audit(_settings(), chosen.since, chosen.until, sys.stdout)
        return 0
    sentence, is_whole = setup.verify_audit(_settings(), chosen.expect_head)
    print(sentence)
    return 0 if is_whole else 1


def _retention(chosen: argparse.Namespace) -> int:
    from hub import setup

    print(setup.run_retention(_settings(), dry=chosen.dry_run))
    return 0


def _node(chosen: argparse.Namespace) -> int:
    from hub import identities

    settings = _settings()
    if chosen.action == "enrol":
        print(identities.enrol(settings, chosen.name, chosen.hours, as_json=chosen.json))
    elif chosen.action == "revoke":
        print(identities.revoke(settings, chosen.name, chosen.crl))
    else:
        print(identities.listed(settings))
    return 0


def _radio(chosen: argparse.Namespace) -> int:
    from hub import setup

    if chosen.action == "add-device":
        thresholds = (chosen.occupied_below_mm, chosen.free_above_mm)
        setup.add_radio_device(
            _settings(),
            {name: getattr(chosen, name) for name in ("network", "id", "node", "bay", "decoder")},
            thresholds if None not in thresholds else None,
            chosen.repeat_minutes,
        )
    elif chosen.action == "add-decoder":
        setup.add_radio_decoder(_settings(), chosen.name, chosen.file)
    else:
        print(setup.radio_devices(_settings()))
    return 0


def _ca(chosen: argparse.Namespace) -> int:
    from hub import identities

    print(identities.write_pairs(_settings(), chosen.out, chosen.host, chosen.days))
    return 0


def _grant_key(_chosen: argparse.Namespace) -> int:
    from hub.core.signing import Signer

    print(Signer(_settings().grant_key()).public_key)
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from hub.demo import run as demo

    return demo.run(demo.Options(chosen.port, chosen.portal_port, chosen.nodes, chosen.speed, chosen.state_dir))


def _serve(chosen: argparse.Namespace) -> int:
    from hub import serve

    settings = _settings()
    settings.check_keys()
    return serve.everything(settings) if chosen.only is None else serve.PARTS[chosen.only](settings)


def _ingest(chosen: argparse.Namespace) -> int:
    from hub import serve

    return serve.ingest(_settings(), chosen.worker)


def _migrate(_: argparse.Namespace) -> int:
    from hub import setup

    setup.migrate(_settings())
    return 0


def _seed(_: argparse.Namespace) -> int:
    from hub import setup

    setup.seed(_settings())
    return 0


def _admin(chosen: argparse.Namespace) -> int:
    from hub import setup

    password = sys.stdin.readline().rstrip("\n") if chosen.password_stdin else None
    made = setup.set_admin(_settings(), chosen.name, create=chosen.action == "create", password=password)
    if password is None:
        print(f"name {chosen.name}, password {made}")
    return 0


def _settings() -> "Settings":
    from hub.settings import Settings

    settings = Settings()
    logging.getLogger().setLevel(settings.log_level)
    return settings


if __name__ == "__main__":
    sys.exit(main())
