"""The jobs that remove bytes: of deleted cases at once, and each night whatever no row names."""

from functools import partial
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database
from hub.core.files import table
from hub.core.files.vault import Vault
from hub.settings import Settings

SWEEP_JOB = "sweep files"
_DAY_S = 24 * 3600


def vault_of(settings: Settings) -> Vault:
    """The vault as the settings have it."""
    return Vault(settings.stored_files_dir, settings.files_key())


def removing(settings: Settings, _database: Database) -> jobs.Handler:
    """The handler of `table.REMOVE_JOB`."""
    vault = vault_of(settings)

    def remove(arguments: dict[str, Any], _context: jobs.Context) -> None:
        for file_id in arguments["ids"]:
            vault.remove(file_id)

    return remove


def sweeping(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `SWEEP_JOB`: forms that were never sent, and bytes without a row, a crash's remains."""
    vault = vault_of(settings)

    def sweep(_arguments: dict[str, Any], _context: jobs.Context) -> None:
        now = clock.now_ms()
        database.write(partial(table.delete_drafts, now=now, before=now - _DAY_S * 1000))
        old = [one for one in vault.older_than(now / 1000 - _DAY_S) if len(one) == 32]
        with database.read() as session:
            orphans = table.unnamed(session, old)
        for file_id in orphans:
            vault.remove(file_id)

    return sweep
