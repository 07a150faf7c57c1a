"""What the command line does about tills."""

import json
from functools import partial

from hub.core import audit, i18n
from hub.core.clock import now_ms
from hub.core.db import opened
from hub.settings import Settings
from hub.till import api as till


def add_till(settings: Settings, name: str, operation: str, *, as_json: bool) -> str:
    """Makes a till and shows its key once; ValueError in a plain sentence."""
    town = till.town_of(settings.town_dir)
    add = partial(till.tills.add, town=town, name=name, operation=operation, actor=audit.CLI, now=now_ms())
    with opened(settings.database) as database:
        key = database.write(add)
    url = f"{settings.public_url.rstrip('/')}/kasse/{name}"
    facts = {"till": name, "operation": operation, "key": key, "url": url}
    return json.dumps(facts) if as_json else "\n".join(f"{name}: {value}" for name, value in facts.items())


def end_till(settings: Settings, name: str) -> str:
    """Blocks a till; ValueError for one that does not work."""
    with opened(settings.database) as database:
        database.write(partial(till.tills.end, name=name, actor=audit.CLI, now=now_ms()))
    return f"the key of {name} opens nothing any more; what it sold before is still taken in"


def listed_tills(settings: Settings) -> str:
    """One line a till."""
    with opened(settings.database) as database, database.read() as session:
        found = till.tills.listed(session)
    now = now_ms()
    return "\n".join(
        f"{one.name:40} {one.operation:12} {'blocked' if one.ended_at else 'works':8} "
        f"{i18n.moment(one.seen_at, 'en', now) if one.seen_at else '-'}"
        for one in found
    )
