"""What the command line does about the audit log, what is kept, and services that log in."""

import json
from dataclasses import asdict
from datetime import date, datetime, time
from typing import TextIO

from hub import app
from hub.core import audit, events, i18n, retention
from hub.core.clock import now_ms
from hub.core.db import opened
from hub.openid import api as openid
from hub.settings import Settings


def verify_audit(settings: Settings, expected_head: str | None) -> tuple[str, bool]:
    """(one line for the person, whether the log is whole and still has the expected hash)."""
    with opened(settings.database) as database, database.read() as session:
        found = audit.verify(session)
        is_known = expected_head is None or audit.has_hash(session, expected_head)
    if found.first_bad is not None:
        return f"audit log broken at entry {found.first_bad}; {found.entries} entries before it fit", False
    if not is_known:
        return f"audit log has {found.entries} entries that fit, but not the expected hash: its end was cut off", False
    return f"audit log whole: {found.entries} entries, newest hash {found.head}", True


def export_audit(settings: Settings, since: str, until: str, out: TextIO) -> None:
    """Entries of some days (2027-01-31, both included, Europe/Berlin) as JSON lines; ValueError for no date."""
    first = datetime.combine(date.fromisoformat(since), time.min, i18n.TIMEZONE)
    last = datetime.combine(date.fromisoformat(until), time.max, i18n.TIMEZONE)
    with opened(settings.database) as database, database.read() as session:
        for entry in audit.entries(session, int(first.timestamp() * 1000), int(last.timestamp() * 1000)):
            out.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")


def run_retention(settings: Settings, *, dry: bool) -> str:
    """Deletes what is over, or only counts it; one line a rule."""
    events.wire(app.events_of(settings))
    with opened(settings.database) as database:
        found = retention.run(database, app.retention_rules(settings), now_ms(), dry=dry)
    verb = "would go" if dry else "deleted"
    return "\n".join(f"{count:7} {verb}: {rule.what} (kept {rule.keeps})" for rule, count in found)


def add_client(
    settings: Settings, name: str, redirect_uris: list[str], logout_uris: list[str], backchannel: str, *, as_json: bool
) -> str:
    """Registers a service of the OpenID provider; what to print. ValueError for a bad address."""
    with opened(settings.database) as database:
        made = database.write(
            lambda session: openid.add_client(session, name, redirect_uris, logout_uris, backchannel, now_ms())
        )
    facts = asdict(made) | {"redirect_uris": list(made.redirect_uris), "issuer": settings.public_url.rstrip("/")}
    if as_json:
        return json.dumps(facts)
    return "\n".join(f"{key}: {value}" for key, value in facts.items())
