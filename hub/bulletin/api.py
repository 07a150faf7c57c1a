"""The bulletin's door: what pages, nodes and the landing page say about the town."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge import wire
from hub.bulletin import gateway, rules, store
from hub.bulletin.rules import Opening
from hub.bulletin.store import FeedbackRow
from hub.core.db import Session
from hub.parking.api import SiteNow

__all__ = [
    "MAX_SHORT",
    "Current",
    "Facts",
    "FeedbackRow",
    "OfficeNow",
    "Opening",
    "Publisher",
    "TooMuchFeedbackError",
    "compose",
    "current",
    "feedback",
    "forget_old",
    "leave_feedback",
    "legal_text",
    "offices_now",
    "seed",
    "town",
]

DAY_MS = 24 * 3600 * 1000
OFFICE_DAYS = 8
LEGAL = ("imprint", "privacy", "accessibility", "terms")
MAX_TEXT, MAX_SHORT = 4000, 200  # characters
FEEDBACK_A_DAY = 200
PUBLISH_SECONDS = 30

Facts = Mapping[str, Any]  # an entry of the town's data: texts as {"de", "en"}, marks as in the file


@dataclass(frozen=True)
class Current:
    """What is worth telling now; events in order of their date, news newest first."""

    news: Sequence[Facts]
    events: Sequence[Facts]
    warnings: Sequence[Facts]


@dataclass(frozen=True)
class OfficeNow:
    """An office with what its hours say at the moment; times are local to the town."""

    id: str
    facts: Facts
    opening: Opening


class TooMuchFeedbackError(Exception):
    """More feedback in a day than people write; the form asks to come back tomorrow."""


def seed(session: Session, town_dir: Path) -> None:
    """Writes the town's information; may be run again after the files changed."""

    def read(name: str) -> Any:
        return json.loads((town_dir / f"{name}.json").read_text())

    store.replace(session, "town", [("town", read("town"))])
    for kind, name in (("news", "news"), ("event", "events"), ("warning", "warnings"), ("office", "offices")):
        entries = read(name)[name]
        for facts in entries:
            if facts.get("opening_hours"):
                gateway.check(facts["opening_hours"])
        store.replace(session, kind, [(facts["id"], facts) for facts in entries])
    legal = read("legal")
    store.replace(session, "legal", [(key, legal[key]) for key in LEGAL])


def town(session: Session) -> Facts:
    """The town's own facts: name, address, timezone, bounds."""
    return store.entry(session, "town", "town") or {}


def current(session: Session, now: int) -> Current:
    """News, coming events and warnings of today."""
    today = _local(session, now).date()
    news = [facts for facts in store.entries(session, "news") if rules.is_fresh(_date(facts["date"]), today)]
    events = [
        facts
        for facts in store.entries(session, "event")
        if facts.get("start") and rules.is_coming(_date(facts["start"]), _optional(facts.get("end")), today)
    ]
    warnings = [
        facts
        for facts in store.entries(session, "warning")
        if rules.is_shown(_optional(facts.get("from")), _optional(facts.get("until")), today)
    ]
    return Current(
        news=sorted(news, key=lambda facts: str(facts["date"]), reverse=True)[: rules.MAX_NEWS],
        events=sorted(events, key=lambda facts: str(facts["start"]))[: rules.MAX_EVENTS],
        warnings=warnings,
    )


def offices_now(session: Session, now: int) -> list[OfficeNow]:
    """Every office, in the order of the town's data."""
    moment = _local(session, now)
    return [
        OfficeNow(facts["id"], facts, rules.opening(_spans(facts, moment), moment))
        for facts in store.entries(session, "office")
    ]


def legal_text(session: Session, key: str) -> Facts | None:
    """imprint, privacy, accessibility or terms: {"title", "assumed", "sections": [{"heading", "text"}]}."""
    return store.entry(session, "legal", key)


def leave_feedback(session: Session, *, text: str, page: str, contact: str, now: int) -> None:
    """Keeps what somebody wrote about a barrier; ValueError when there is no text, texts are cut at their limits."""
    if not text.strip():
        raise ValueError("Bitte schreiben Sie, was Sie gestört hat.")
    if store.count_feedback(session, now - DAY_MS) >= FEEDBACK_A_DAY:
        raise TooMuchFeedbackError
    store.add_feedback(session, text.strip()[:MAX_TEXT], page.strip()[:MAX_SHORT], contact.strip()[:MAX_SHORT], now)


def feedback(session: Session, limit: int = 20) -> list[FeedbackRow]:
    """The newest feedback, for staff."""
    return store.feedback(session, limit)


def forget_old(session: Session, now: int) -> int:
    """Deletes feedback after its 180 days; returns how many."""
    return store.forget_feedback(session, now - rules.FEEDBACK_DAYS * DAY_MS)


def compose(session: Session, sites: Iterable[SiteNow], public_url: str, now: int, *, demo: bool) -> dict[str, object]:
    """The body of the retained bulletin for all nodes, without `ts`."""
    facts = town(session)
    found = current(session, now)
    return {
        "v": 1,
        "town": {"name": facts["name"], "url": public_url, "timezone": facts["timezone"], "demo": demo},
        "news": [_only(news, "id", "title", "text", "date", "assumed") for news in found.news],
        "events": [_event(event) for event in found.events],
        "warnings": [
            {**_only(warning, "id", "level", "title", "text", "assumed"), "until": _end_of(warning, facts["timezone"])}
            for warning in found.warnings
        ],
        "offices": _offices(session, now),
        "parking": [_parking(site) for site in sites],
        "legal": {key: legal_text(session, key) for key in LEGAL},
    }


class Publisher:
    """Publishes the bulletin retained when its content changed, at most every 30 s."""

    def __init__(self, publish: Callable[[str, bytes, bool], bool]) -> None:
        self._publish = publish
        self._sent = ""
        self._sent_at = 0

    def offer(self, body: dict[str, object], now: int) -> bool:
        """True when the bulletin was handed to the broker now."""
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        if digest == self._sent or now - self._sent_at < PUBLISH_SECONDS * 1000:
            return False
        payload = wire.encode("bulletin", {**body, "ts": wire.format_ms(now)})
        if not self._publish(wire.BULLETIN, payload, True):
            return False
        self._sent, self._sent_at = digest, now
        return True


def _offices(session: Session, now: int) -> list[dict[str, object]]:
    moment = _local(session, now)
    return [
        {
            **_only(facts, "id", "name", "kind", "address", "assumed"),
            "open": [[_wire(span.start), _wire(span.end)] for span in _spans(facts, moment)],
        }
        for facts in store.entries(session, "office")
    ]


def _event(facts: Facts) -> dict[str, object]:
    """An event on the wire; `stream` only where the town's data name an address."""
    found = _only(facts, "id", "title", "place", "start", "end", "time", "kind", "assumed")
    return {**found, "stream": facts["stream"]} if facts.get("stream") else found


def _parking(site: SiteNow) -> dict[str, object]:
    known = site.measured > 0
    return {
        **_only(site.facts, "id", "name", "short", "lat", "lon", "assumed"),
        "tariff": site.facts["tariff_text"],
        "capacity": site.capacity,
        "free": site.free if known else None,
        "updated_at": wire.format_ms(site.updated_at) if site.updated_at is not None else None,
    }


def _only(facts: Facts, *names: str) -> dict[str, object]:
    return {name: facts.get(name) for name in names}


def _spans(facts: Facts, moment: datetime) -> Sequence[rules.Span]:
    return gateway.spans(facts["opening_hours"], moment.date(), OFFICE_DAYS, moment.tzinfo or UTC)


def _local(session: Session, now: int) -> datetime:
    zone = ZoneInfo(town(session).get("timezone", "Europe/Berlin"))
    return datetime.fromtimestamp(now / 1000, zone)


def _wire(moment: datetime) -> str:
    return wire.format_ms(int(moment.astimezone(UTC).timestamp() * 1000))


def _end_of(warning: Facts, timezone: str) -> str | None:
    last = _optional(warning.get("until"))
    if last is None:
        return None
    return _wire(datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=ZoneInfo(timezone)))


def _date(text: str) -> date:
    """A date of the town's files; a month alone ("2025-07") means its first day."""
    return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text}-01")


def _optional(text: str | None) -> date | None:
    return _date(text) if text else None
