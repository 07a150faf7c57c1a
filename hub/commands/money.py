"""Commands: ledger, bank and tills."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hub.commands import settings_of_environment

if TYPE_CHECKING:
    from hub.commands import Commands


def add(commands: "Commands") -> None:
    """payments, till."""
    _add_payments(commands.add_parser("payments", help="check the ledger, speak to the bank, know machines"))
    _add_till(commands.add_parser("till", help="tills of the pool, the library, the market"))


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
    from hub.setup import money

    settings = settings_of_environment()
    if chosen.action == "check":
        sentence, is_whole = money.check_payments(settings)
        print(sentence)
        return 0 if is_whole else 1
    if chosen.action == "import-camt":
        print(money.import_statement(settings, chosen.file))
    elif chosen.action == "unclear":
        print(money.unclear_entries(settings))
    elif chosen.action == "assign":
        print(money.assign_entry(settings, chosen.entry, chosen.reference))
    elif chosen.action == "export-debits":
        print(money.export_debits(settings, chosen.file, chosen.collect_on))
    elif chosen.action == "export-repayments":
        print(money.export_repayments(settings, chosen.file, chosen.on))
    else:
        facts = (getattr(chosen, "operation", ""), getattr(chosen, "max_cents", 0))
        print(money.change_machine(settings, chosen.name, *facts, ends=chosen.action == "end-machine"))
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
    from hub.setup import tills

    settings = settings_of_environment()
    if chosen.action == "add":
        print(tills.add_till(settings, chosen.name, chosen.operation, as_json=chosen.json))
    elif chosen.action == "end":
        print(tills.end_till(settings, chosen.name))
    else:
        print(tills.listed_tills(settings))
    return 0
