"""One-time work on the database: schema, town facts, first admin. Called by the command line and the demo."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config

from hub.account import api as account
from hub.bulletin import api as bulletin
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings

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
