"""Alerts: judged from what the nodes said, kept as alarms, told by mail and webhook after the commit."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.core.db import Database, Session
from hub.fleet import store
from hub.fleet.rules import RADIO
from hub.fleet.rules import alerts as rules

_log = logging.getLogger(__name__)
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
    """Opens and closes alarms of all nodes; `overdue` = node -> messages missing for too long."""
    told: list[Told] = []
    for row in store.nodes(session):
        if row.last_seen is None or row.role == RADIO:
            continue  # not installed yet, or no device that could say anything of itself
        found = rules.figures(json.loads(row.status), row.last_seen, overdue.get(row.id, 0), now)
        open_codes = store.open_codes(session, row.id) & rules.CODES
        for change in rules.judge(found, open_codes):
            if change.opened:
                store.raise_alarm(session, row.id, change.code, change.text, now)
            else:
                store.close_alarm(session, row.id, change.code, now)
            told.append(Told(row.id, change.code, change.opened, change.text, now))
    for one in told:
        _tell(session, one, channels)
    return told


def notify(session: Session, channels: tuple[str, ...], code: str, text: str, now: int) -> None:
    """Tells people of something that is no node's but the hub's own."""
    _tell(session, Told("", code, True, text, now), channels)


def _tell(session: Session, one: Told, channels: tuple[str, ...]) -> None:
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
