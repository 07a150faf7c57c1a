"""What the command line does about the ledger, the bank and machines."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from hub import app
from hub.core import audit, events
from hub.core.clock import now_ms
from hub.core.db import Session, opened
from hub.payments import api as payments
from hub.payments.gateway import camt
from hub.settings import Settings


def check_payments(settings: Settings) -> tuple[str, bool]:
    """(what a look at the whole book found, whether all is well)."""
    with opened(settings.database) as database, database.read() as session:
        found = payments.check(session)
    counted = f"{found.transfers} transfers, {found.accounts} accounts, sum {found.total}"
    if found.is_whole:
        return f"ledger whole: {counted}", True
    wrong = [f"balance of {name} is not the sum of its postings" for name in found.different]
    wrong += [f"{name} is below its limit" for name in found.below]
    wrong += [f"{found.empty} transfers without postings"] if found.empty else []
    return "\n".join([f"ledger broken: {counted}", *wrong]), False


def import_statement(settings: Settings, file: Path) -> str:
    """Takes in an account statement (CAMT.053), each entry once; what came of it. ValueError for a strange file."""
    creditor = payments.providers.bank(settings)
    if creditor is None:
        raise ValueError("HUB_BANK_IBAN is not set, so no statement is expected")
    entries = camt.read(file)
    if any(one.iban != creditor.iban for one in entries):
        raise ValueError(f"{file.name} is not (only) of the town's account")
    events.wire(app.events_of(settings))
    take, now = payments.bank.take, now_ms()
    with opened(settings.database) as database:
        seal = payments.Cashier(settings, database).sealer.seal
        outcomes = [
            database.write(lambda session, one=one: take(session, one, creditor.iban, now, seal))  # type: ignore[misc]
            for one in entries
        ]
    counted = payments.bank.summary(outcomes)
    return f"{len(entries)} entries" + "".join(f", {count} {outcome}" for outcome, count in counted.items())


def unclear_entries(settings: Settings) -> str:
    """A line for each entry of the bank account whose payment nobody knows."""
    with opened(settings.database) as database, database.read() as session:
        found = payments.bank.unclear(session)
    lines = [f"{one.id}  {one.booked_on}  {payments.euro(one.cents, 'en')}  {one.text}" for one in found]
    return "\n".join(lines) or "nothing is unclear"


def assign_entry(settings: Settings, entry: str, reference: str) -> str:
    """Gives an unclear entry to the payment with this reference; ValueError when that cannot be."""
    now = now_ms()
    events.wire(app.events_of(settings))
    with opened(settings.database) as database:
        outcome = database.write(lambda session: payments.bank.assign(session, entry, reference, audit.CLI, now))
    return f"assigned: {outcome}"


def export_debits(settings: Settings, file: Path, collected_on: str) -> str:
    """Writes what waits to be collected into a new file for the bank (pain.008); ValueError when that cannot be."""
    creditor = payments.providers.bank(settings)
    if creditor is None or not creditor.creditor_id:
        raise ValueError("HUB_BANK_IBAN and HUB_SEPA_CREDITOR_ID are needed for direct debits")
    day = date.fromisoformat(collected_on)
    count = _write(
        settings, file, lambda session, unseal: payments.debits.export(session, creditor, unseal, day, now_ms())
    )
    return f"{count} direct debits in {file}" if count else "nothing to collect"


def export_repayments(settings: Settings, file: Path, on: str) -> str:
    """Writes unclear money that goes back into a new file for the bank (pain.001); ValueError when that cannot be."""
    town = payments.providers.bank(settings)
    if town is None:
        raise ValueError("HUB_BANK_IBAN is needed for transfers")
    day, export = date.fromisoformat(on), payments.repayments.export
    count = _write(settings, file, lambda session, unseal: export(session, town, unseal, day, audit.CLI, now_ms()))
    return f"{count} transfers in {file}" if count else "nothing goes back"


def _write(settings: Settings, file: Path, export: Callable[[Session, Callable[[str], str]], tuple[bytes, int]]) -> int:
    """A new file of so many orders to the bank; none when there are no orders."""
    if file.exists():
        raise ValueError(f"{file} exists already")
    with opened(settings.database) as database:
        unseal = payments.Cashier(settings, database).sealer.open

        def work(session: Session) -> int:
            content, count = export(session, unseal)
            if count:
                file.write_bytes(content)  # before the commit: a file that nobody sent is better than money in no file
                file.chmod(0o600)
            return count

        return database.write(work)


def change_machine(settings: Settings, name: str, operation: str, max_cents: int, *, ends: bool) -> str:
    """Makes a machine and shows its key once, or ends it; ValueError for a strange or unknown one."""
    with opened(settings.database) as database:
        if ends:
            database.write(partial(payments.machines.end, name=name, now=now_ms()))
            return f"the key of {name} opens nothing any more"
        add = partial(payments.machines.add, name=name, operation=operation, max_cents=max_cents, now=now_ms())
        return f"name {name}, key {database.write(add)}"
