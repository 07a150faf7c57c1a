"""One-time work on the database: schema, town facts, first admin. Called by the command line and the demo."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config

from hub.account import api as account
from hub.account.api import demo as personas
from hub.bulletin.api import seed as seed_bulletin
from hub.core import schema
from hub.core.clock import now_ms
from hub.core.db import Database, opened
from hub.core.files import Intake
from hub.core.files.work import vault_of
from hub.fleet.api import seed as seed_fleet
from hub.inbox import api as inbox
from hub.parking.api import seed as seed_parking
from hub.settings import Settings

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = database_url
    return config


def migrate(settings: Settings) -> str:
    """Brings the schema to the newest revision; what a person should know of it, or ""."""
    database = Database(settings.database)  # makes the directory and checks the address
    try:
        revision = database.revision()
    finally:
        database.close()
    if schema.is_newer(revision):
        return f"the tables ({revision}) are of a newer release, this one knows {schema.head()}: nothing to do"
    command.upgrade(alembic_config(settings.database), "head")
    return ""


def seed(settings: Settings) -> None:
    """Writes the town's facts; may be run again after the files changed."""
    with opened(settings.database) as database:
        for seed_module in (seed_fleet, seed_parking, seed_bulletin):
            database.write(partial(seed_module, town_dir=settings.town_dir))


def set_admin(settings: Settings, name: str, *, create: bool = True, password: str | None = None) -> str:
    """Makes an admin or gives one a new password; returns the password."""
    with opened(settings.database) as database:
        change = account.create_admin if create else account.reset_admin
        return change(database, name, password)


def seed_personas(settings: Settings) -> None:
    """The invented people of the demonstration; ValueError anywhere else."""
    if not settings.demo:
        raise ValueError("invented people belong to the demonstration (HUB_DEMO=1)")
    with opened(settings.database) as database:
        database.write(partial(personas.ensure, now=now_ms()))
        intake = Intake(vault_of(settings), settings.upload_mb * 1024 * 1024)
        inbox.demo.welcome(database, intake, inbox.house_of(settings), now_ms())
