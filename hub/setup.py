"""One-time work on the database: schema, town facts, first admin. Called by the command line and the demo."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config

from hub import app
from hub.account import api as account
from hub.account.api import demo as personas
from hub.bulletin import api as bulletin
from hub.core import audit, events, i18n, retention
from hub.core.clock import now_ms
from hub.core.db import Database, Session
from hub.core.files import Intake
from hub.core.files.work import vault_of
from hub.fleet import api as fleet
from hub.inbox import api as inbox
from hub.openid import api as openid
from hub.parking import api as parking
from hub.parking.api import cameras, forecasts, permits
from hub.payments import api as payments
from hub.radio import api as radio
from hub.settings import Settings
from hub.till import api as till

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = database_url
    return config


def migrate(settings: Settings) -> None:
    """Brings the schema to the newest revision."""
    Database(settings.database).close()  # makes the directory and checks the address
    command.upgrade(alembic_config(settings.database), "head")


def add_radio_device(
    settings: Settings, facts: Mapping[str, str], thresholds_mm: tuple[int, int] | None, minutes: int | None
) -> None:
    """network, id, node, bay and decoder of another maker's sensor; ValueError in a plain sentence."""
    database = Database(settings.database)
    new = radio.NewDevice(**facts, thresholds_mm=thresholds_mm, repeat_s=minutes * 60 if minutes else None)
    try:
        database.write(partial(radio.add_device, new=new, actor=audit.CLI, now=now_ms()))
    finally:
        database.close()


def add_radio_decoder(settings: Settings, name: str, file: Path) -> None:
    """A table-driven decoder out of a JSON file; ValueError in a plain sentence."""
    spec = json.loads(file.read_text())
    database = Database(settings.database)
    try:
        database.write(partial(radio.add_decoder, name=name, spec=spec, actor=audit.CLI, now=now_ms()))
    finally:
        database.close()


def import_hours(settings: Settings, file: Path) -> int:
    """Takes over measurements of before out of a CSV file; returns how many hours. ValueError in a plain sentence."""
    database = Database(settings.database)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return forecasts.import_hours(database, lines)
    finally:
        database.close()


def import_permits(settings: Settings, file: Path) -> int:
    """Takes over permits out of a CSV file, all or none; returns how many. ValueError in a plain sentence."""
    database, now = Database(settings.database), now_ms()
    try:
        with database.read() as session:
            sites = {site.id for site in parking.sites(session, now)}
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = permits.read(lines, sites, now)
        return database.write(partial(permits.add_all, new=found, actor=audit.CLI, now=now))
    finally:
        database.close()


def add_camera(settings: Settings, site: str, name: str, *, as_json: bool) -> str:
    """Registers a camera at a car park and shows its key once; ValueError for an unknown place or a strange name."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            known = {one.id for one in parking.sites(session, now_ms())}
        if site not in known:
            raise ValueError(f"there is no car park {site}")
        chosen, key = database.write(partial(cameras.add_camera, site=site, name=name, now=now_ms()))
    finally:
        database.close()
    facts = {"name": chosen, "site": site, "key": key}
    return json.dumps(facts) if as_json else ", ".join(f"{key} {value}" for key, value in facts.items())


def end_camera(settings: Settings, name: str) -> str:
    """Ends a camera's key; ValueError for an unknown one."""
    database = Database(settings.database)
    try:
        database.write(partial(cameras.end_camera, name=name, now=now_ms()))
    finally:
        database.close()
    return f"the key of {name} opens nothing any more"


def listed_cameras(settings: Settings) -> str:
    """One line a camera."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = cameras.tallies(session, now_ms() - 86_400_000)
    finally:
        database.close()
    return "\n".join(
        f"{one.id:24} {one.site:20} in a day {one.entries} in, {one.exits} out; last heard "
        f"{i18n.moment_with_date(one.seen_at, 'en') if one.seen_at else 'never'}"
        for one in found
    )


def radio_devices(settings: Settings) -> str:
    """One line a sensor."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = radio.devices(session)
    finally:
        database.close()
    return "\n".join(
        f"{one.network:10} {one.id:24} {one.bay:24} {one.state:9} received {one.received}, twice {one.duplicates}, "
        f"lost {one.missed}"
        for one in found
    )


def seed(settings: Settings) -> None:
    """Writes the town's facts; may be run again after the files changed."""
    database = Database(settings.database)
    try:
        for seed_module in (fleet.seed, parking.seed, bulletin.seed):
            database.write(partial(seed_module, town_dir=settings.town_dir))
    finally:
        database.close()


def set_admin(settings: Settings, name: str, *, create: bool = True, password: str | None = None) -> str:
    """Makes an admin or gives one a new password; returns the password."""
    database = Database(settings.database)
    try:
        change = account.create_admin if create else account.reset_admin
        return change(database, name, password)
    finally:
        database.close()


def seed_personas(settings: Settings) -> None:
    """The invented people of the demonstration; ValueError anywhere else."""
    if not settings.demo:
        raise ValueError("invented people belong to the demonstration (HUB_DEMO=1)")
    database = Database(settings.database)
    try:
        database.write(partial(personas.ensure, now=now_ms()))
        intake = Intake(vault_of(settings), settings.upload_mb * 1024 * 1024)
        inbox.demo.welcome(database, intake, inbox.house_of(settings), now_ms())
    finally:
        database.close()


def verify_audit(settings: Settings, expected_head: str | None) -> tuple[str, bool]:
    """(one line for the person, whether the log is whole and still has the expected hash)."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = audit.verify(session)
            is_known = expected_head is None or audit.has_hash(session, expected_head)
    finally:
        database.close()
    if found.first_bad is not None:
        return f"audit log broken at entry {found.first_bad}; {found.entries} entries before it fit", False
    if not is_known:
        return f"audit log has {found.entries} entries that fit, but not the expected hash: its end was cut off", False
    return f"audit log whole: {found.entries} entries, newest hash {found.head}", True


def export_audit(settings: Settings, since: str, until: str, out: TextIO) -> None:
    """Entries of some days (2027-01-31, both included, Europe/Berlin) as JSON lines; ValueError for no date."""
    first = datetime.combine(date.fromisoformat(since), time.min, i18n.TIMEZONE)
    last = datetime.combine(date.fromisoformat(until), time.max, i18n.TIMEZONE)
    database = Database(settings.database)
    try:
        with database.read() as session:
            for entry in audit.entries(session, int(first.timestamp() * 1000), int(last.timestamp() * 1000)):
                out.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
    finally:
        database.close()


def run_retention(settings: Settings, *, dry: bool) -> str:
    """Deletes what is over, or only counts it; one line a rule."""
    database = Database(settings.database)
    events.wire(app.events_of(settings))
    try:
        found = retention.run(database, app.retention_rules(settings), now_ms(), dry=dry)
    finally:
        database.close()
    verb = "would go" if dry else "deleted"
    return "\n".join(f"{count:7} {verb}: {rule.what} (kept {rule.keeps})" for rule, count in found)


def add_client(
    settings: Settings, name: str, redirect_uris: list[str], logout_uris: list[str], backchannel: str, *, as_json: bool
) -> str:
    """Registers a service of the OpenID provider; what to print. ValueError for a bad address."""
    database = Database(settings.database)
    try:
        made = database.write(
            lambda session: openid.add_client(session, name, redirect_uris, logout_uris, backchannel, now_ms())
        )
    finally:
        database.close()
    facts = asdict(made) | {"redirect_uris": list(made.redirect_uris), "issuer": settings.public_url.rstrip("/")}
    if as_json:
        return json.dumps(facts)
    return "\n".join(f"{key}: {value}" for key, value in facts.items())


def check_payments(settings: Settings) -> tuple[str, bool]:
    """(what a look at the whole book found, whether all is well)."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = payments.check(session)
    finally:
        database.close()
    counted = f"{found.transfers} transfers, {found.accounts} accounts, sum {found.total}"
    if found.is_whole:
        return f"ledger whole: {counted}", True
    wrong = [f"balance of {name} is not the sum of its postings" for name in found.different]
    wrong += [f"{name} is below its limit" for name in found.below]
    wrong += [f"{found.empty} transfers without postings"] if found.empty else []
    return "\n".join([f"ledger broken: {counted}", *wrong]), False


def import_statement(settings: Settings, file: Path) -> str:
    """Takes in an account statement (CAMT.053), each entry once; what came of it. ValueError for a strange file."""
    from hub.payments.gateway import camt

    creditor = payments.providers.bank(settings)
    if creditor is None:
        raise ValueError("HUB_BANK_IBAN is not set, so no statement is expected")
    entries = camt.read(file)
    if any(one.iban != creditor.iban for one in entries):
        raise ValueError(f"{file.name} is not (only) of the town's account")
    database = Database(settings.database)
    events.wire(app.events_of(settings))
    take, now = payments.bank.take, now_ms()
    seal = payments.Cashier(settings, database).sealer.seal
    try:
        outcomes = [
            database.write(lambda session, one=one: take(session, one, creditor.iban, now, seal))  # type: ignore[misc]
            for one in entries
        ]
    finally:
        database.close()
    counted = payments.bank.summary(outcomes)
    return f"{len(entries)} entries" + "".join(f", {count} {outcome}" for outcome, count in counted.items())


def unclear_entries(settings: Settings) -> str:
    """A line for each entry of the bank account whose payment nobody knows."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = payments.bank.unclear(session)
    finally:
        database.close()
    lines = [f"{one.id}  {one.booked_on}  {payments.euro(one.cents, 'en')}  {one.text}" for one in found]
    return "\n".join(lines) or "nothing is unclear"


def assign_entry(settings: Settings, entry: str, reference: str) -> str:
    """Gives an unclear entry to the payment with this reference; ValueError when that cannot be."""
    database, now = Database(settings.database), now_ms()
    events.wire(app.events_of(settings))
    try:
        outcome = database.write(lambda session: payments.bank.assign(session, entry, reference, audit.CLI, now))
    finally:
        database.close()
    return f"assigned: {outcome}"


def export_debits(settings: Settings, file: Path, collected_on: str) -> str:
    """Writes what waits to be collected into a new file for the bank (pain.008); ValueError when that cannot be."""
    creditor = payments.providers.bank(settings)
    if creditor is None or not creditor.creditor_id:
        raise ValueError("HUB_BANK_IBAN and HUB_SEPA_CREDITOR_ID are needed for direct debits")
    if file.exists():
        raise ValueError(f"{file} exists already")
    day, database = date.fromisoformat(collected_on), Database(settings.database)
    unseal = payments.Cashier(settings, database).sealer.open

    def work(session: Session) -> int:
        content, count = payments.debits.export(session, creditor, unseal, day, now_ms())
        if count:
            file.write_bytes(content)  # before the commit: a file that nobody sent is better than a debit in no file
            file.chmod(0o600)
        return count

    try:
        count = database.write(work)
    finally:
        database.close()
    return f"{count} direct debits in {file}" if count else "nothing to collect"


def export_repayments(settings: Settings, file: Path, on: str) -> str:
    """Writes unclear money that goes back into a new file for the bank (pain.001); ValueError when that cannot be."""
    town = payments.providers.bank(settings)
    if town is None:
        raise ValueError("HUB_BANK_IBAN is needed for transfers")
    if file.exists():
        raise ValueError(f"{file} exists already")
    day, database = date.fromisoformat(on), Database(settings.database)
    unseal = payments.Cashier(settings, database).sealer.open

    def work(session: Session) -> int:
        content, count = payments.repayments.export(session, town, unseal, day, audit.CLI, now_ms())
        if count:
            file.write_bytes(content)  # before the commit: a file that nobody sent is better than money in no file
            file.chmod(0o600)
        return count

    try:
        count = database.write(work)
    finally:
        database.close()
    return f"{count} transfers in {file}" if count else "nothing goes back"


def add_till(settings: Settings, name: str, operation: str, *, as_json: bool) -> str:
    """Makes a till and shows its key once; ValueError in a plain sentence."""
    database, town = Database(settings.database), till.town_of(settings.town_dir)
    add = partial(till.tills.add, town=town, name=name, operation=operation, actor=audit.CLI, now=now_ms())
    try:
        key = database.write(add)
    finally:
        database.close()
    url = f"{settings.public_url.rstrip('/')}/kasse/{name}"
    facts = {"till": name, "operation": operation, "key": key, "url": url}
    return json.dumps(facts) if as_json else "\n".join(f"{name}: {value}" for name, value in facts.items())


def end_till(settings: Settings, name: str) -> str:
    """Blocks a till; ValueError for one that does not work."""
    database = Database(settings.database)
    try:
        database.write(partial(till.tills.end, name=name, actor=audit.CLI, now=now_ms()))
    finally:
        database.close()
    return f"the key of {name} opens nothing any more; what it sold before is still taken in"


def listed_tills(settings: Settings) -> str:
    """One line a till."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            found = till.tills.listed(session)
    finally:
        database.close()
    now = now_ms()
    return "\n".join(
        f"{one.name:40} {one.operation:12} {'blocked' if one.ended_at else 'works':8} "
        f"{i18n.moment(one.seen_at, 'en', now) if one.seen_at else '-'}"
        for one in found
    )


def change_machine(settings: Settings, name: str, operation: str, max_cents: int, *, ends: bool) -> str:
    """Makes a machine and shows its key once, or ends it; ValueError for a strange or unknown one."""
    database = Database(settings.database)
    try:
        if ends:
            database.write(partial(payments.machines.end, name=name, now=now_ms()))
            return f"the key of {name} opens nothing any more"
        add = partial(payments.machines.add, name=name, operation=operation, max_cents=max_cents, now=now_ms())
        return f"name {name}, key {database.write(add)}"
    finally:
        database.close()
