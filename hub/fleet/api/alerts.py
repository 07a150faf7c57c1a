"""Alerts: judged from what the nodes said, kept as alarms, told by mail and webhook after the commit."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.core.db import Database, Session
from hub.fleet import store
from hub.fleet.rules import RADIO, outages
from hub.fleet.rules import alerts as rules

_log = logging.getLogger(__name__)
SILENT = "silent"
_TRIES = 12
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 30_000, 3_600_000
_AT_ONCE = 20

Send = Callable[[str], None]  # body as JSON; OSError when it could not be handed over


@dataclass(frozen=True)
class Told:
    """An alert that began or ended, as it goes to people and machines; `at` in ms, `node` empty = the hub itself."""

    node: str
    code: str
    opened: bool
    text: str
    at: int


def judge_nodes(session: Session, overdue: Mapping[str, int], channels: tuple[str, ...], now: int) -> list[Told]:
    """Opens and closes alarms of all nodes; `overdue` = node -> messages missing for too long.

    Nodes that fell silent together are one outage and one message, not one for each of them.
    """
    rows = [row for row in store.standing(session) if row.last_seen is not None and row.role != RADIO]
    open_codes = store.open_codes(session)
    known = store.open_outages(session)
    judged = outages.judge(
        [outages.Seen(row.id, row.site, row.last_seen or 0) for row in rows],
        [outages.Outage(one.site, one.since, one.last, one.nodes) for one in known],
        frozenset(node for node, codes in open_codes.items() if SILENT in codes),
        now,
    )
    told = _settle_outages(session, known, judged, now)
    versions = store.config_versions(session)
    for row in rows:
        found = rules.figures(
            json.loads(row.status), row.last_seen, overdue.get(row.id, 0), now, versions.get(row.id, 0)
        )
        own = open_codes.get(row.id, frozenset()) & rules.CODES
        if SILENT not in own and row.id not in judged.alone:
            found.pop("silent_min", None)
        told += [_settle(session, row.id, change, now) for change in rules.judge(found, own)]
    for one in told:
        tell(session, one, channels)
    return told


def _settle(session: Session, node: str, change: rules.Change, now: int) -> Told:
    if change.opened:
        store.raise_alarm(session, node, change.code, change.text, now)
    else:
        store.close_alarm(session, node, change.code, now)
    return Told(node, change.code, change.opened, change.text, now)


def _settle_outages(
    session: Session, known: Sequence[store.OutageRow], judged: outages.Judgement, now: int
) -> list[Told]:
    told = []
    for row, after in zip(known, judged.known, strict=True):
        if after is None:
            store.close_outage(session, row.id, now)
            told.append(Told("", _code(row.site), False, row.text, now))
        elif after.nodes != row.nodes:
            store.grow_outage(session, row.id, after, _sentence(after))
    for outage in judged.new:
        store.add_outage(session, outage, _sentence(outage), now)
        told.append(Told("", _code(outage.site), True, _sentence(outage), now))
    return told


def _code(site: str) -> str:
    return "site_silent" if site else "many_silent"


def _sentence(outage: outages.Outage) -> str:
    if outage.site:
        return f"{outage.site}: {outage.nodes} Knoten ohne Verbindung. Strom und Leitung des Standorts prüfen."
    return f"{outage.nodes} Knoten zugleich ohne Verbindung. Zuerst Broker und Leitung der Stadt prüfen."


def notify(session: Session, channels: tuple[str, ...], code: str, text: str, now: int) -> None:
    """Tells people of something that is no node's but the hub's own."""
    tell(session, Told("", code, True, text, now), channels)


def tell(session: Session, one: Told, channels: tuple[str, ...]) -> None:
    """Has it sent by every channel."""
    body = json.dumps({"node": one.node, "code": one.code, "open": one.opened, "text": one.text, "at": one.at})
    for channel in channels:
        store.add_notice(session, channel, body, one.at)


def send_notices(database: Database, senders: Mapping[str, Send], now: int) -> int:
    """Hands waiting notices over; a failed one is tried again ever more slowly. Returns how many are done with."""
    with database.read() as session:
        waiting = [(row.id, row.channel, row.body, row.tries) for row in store.notices(session, now, _AT_ONCE)]
    sent = 0
    for identity, channel, body, tries in waiting:
        send = senders.get(channel)
        try:
            if send is not None:
                send(body)
        except OSError as error:
            pause = min(_FIRST_PAUSE_MS * 2**tries, _LONGEST_PAUSE_MS)
            _log.warning("an alert could not be sent by %s, trying again in %d s: %s", channel, pause // 1000, error)
            if tries + 1 < _TRIES:
                database.write(_failed(identity, tries + 1, now + pause))
                continue
            _log.error("an alert was given up after %d tries by %s", _TRIES, channel)
        database.write(_sent(identity))
        sent += 1
    return sent


def _failed(identity: int, tries: int, not_before: int) -> Callable[[Session], None]:
    return lambda session: store.notice_failed(session, identity, tries, not_before)


def _sent(identity: int) -> Callable[[Session], None]:
    return lambda session: store.notice_sent(session, identity)
