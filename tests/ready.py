"""Databases with every table: the migrations run once in a session of tests, their result is copied."""

import functools
import shutil
import tempfile
from pathlib import Path

from hub import setup
from hub.settings import Settings


def migrate(settings: Settings) -> None:
    """As `setup.migrate`; a new SQLite file is a copy of one that was migrated before."""
    path = Path(settings.database.removeprefix("sqlite:///"))
    if settings.database.startswith("sqlite") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated_file(), path)
    else:
        setup.migrate(settings)


@functools.cache
def _migrated_file() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="stadtknoten-tables-"))
    settings = Settings(state_dir=directory)
    setup.migrate(settings)
    return Path(settings.database.removeprefix("sqlite:///"))
