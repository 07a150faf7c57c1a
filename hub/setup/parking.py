"""What the command line does about parking."""

import json
from functools import partial
from pathlib import Path

from hub.core import audit, i18n
from hub.core.clock import now_ms
from hub.core.db import opened
from hub.parking import api as parking
from hub.parking.api import cameras, forecasts, permits
from hub.settings import Settings


def import_hours(settings: Settings, file: Path) -> int:
    """Takes over measurements of before out of a CSV file; returns how many hours. ValueError in a plain sentence."""
    with opened(settings.database) as database, file.open(encoding="utf-8-sig", newline="") as lines:
        return forecasts.import_hours(database, lines)


def import_permits(settings: Settings, file: Path) -> int:
    """Takes over permits out of a CSV file, all or none; returns how many. ValueError in a plain sentence."""
    now = now_ms()
    with opened(settings.database) as database:
        with database.read() as session:
            sites = {site.id for site in parking.sites(session, now)}
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = permits.read(lines, sites, now)
        return database.write(partial(permits.add_all, new=found, actor=audit.CLI, now=now))


def add_camera(settings: Settings, site: str, name: str, *, as_json: bool) -> str:
    """Registers a camera at a car park and shows its key once; ValueError for an unknown place or a strange name."""
    with opened(settings.database) as database:
        with database.read() as session:
            known = {one.id for one in parking.sites(session, now_ms())}
        if site not in known:
            raise ValueError(f"there is no car park {site}")
        chosen, key = database.write(partial(cameras.add_camera, site=site, name=name, now=now_ms()))
    facts = {"name": chosen, "site": site, "key": key}
    return json.dumps(facts) if as_json else ", ".join(f"{key} {value}" for key, value in facts.items())


def end_camera(settings: Settings, name: str) -> str:
    """Ends a camera's key; ValueError for an unknown one."""
    with opened(settings.database) as database:
        database.write(partial(cameras.end_camera, name=name, now=now_ms()))
    return f"the key of {name} opens nothing any more"


def listed_cameras(settings: Settings) -> str:
    """One line a camera."""
    with opened(settings.database) as database, database.read() as session:
        found = cameras.tallies(session, now_ms() - 86_400_000)
    return "\n".join(
        f"{one.id:24} {one.site:20} in a day {one.entries} in, {one.exits} out; last heard "
        f"{i18n.moment_with_date(one.seen_at, 'en') if one.seen_at else 'never'}"
        for one in found
    )
