"""Commands: services that log in, and the audit log."""

import argparse
import sys
from typing import TYPE_CHECKING

from hub.commands import settings_of_environment

if TYPE_CHECKING:
    from hub.commands import Commands


def add(commands: "Commands") -> None:
    """account, audit."""
    _add_account(commands.add_parser("account", help="connect services that log in with the town's account"))
    _add_audit(commands.add_parser("audit", help="check or export who did what"))


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
    from hub.setup import people

    addresses = (chosen.redirect_uri, chosen.post_logout_uri, chosen.backchannel_logout_uri)
    print(people.add_client(settings_of_environment(), chosen.name, *addresses, as_json=chosen.json))
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
    from hub.setup import people

    if chosen.action == "export":
        people.export_audit(settings_of_environment(), chosen.since, chosen.until, sys.stdout)
        return 0
    sentence, is_whole = people.verify_audit(settings_of_environment(), chosen.expect_head)
    print(sentence)
    return 0 if is_whole else 1
