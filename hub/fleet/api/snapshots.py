"""The whole fleet as it was a moment ago: made once a tick and not for every page, because it takes every node.

A reader gets what is there; who finds it old has the next one made behind them. A small town is read anew each time.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from hub.core.db import Database
from hub.fleet.api.certificates import own_certificates
from hub.fleet.api.lines import OutageNow, lines, outages_now
from hub.fleet.rules import overview
from hub.fleet.rules.certificates import Own
from hub.fleet.rules.overview import Line

_log = logging.getLogger(__name__)
TICK_MS = 2_000  # a younger one is given out as it is
OLDEST_MS = 10_000  # an older one to nobody: who asks waits for the next
FEW = 200  # so few nodes are read faster than anybody notices
T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """Every node at a moment (ms), worst first, and how many there are of what; `problems` counts what is wrong.
    `certificates` are the hub's own."""

    at: int
    lines: Sequence[Line]
    outages: Sequence[OutageNow]
    certificates: Sequence[Own]
    states: Mapping[str, int]
    rings: Mapping[str, int]
    versions: Mapping[str, int]
    problems: Mapping[str, int]
    _kept: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once for this moment."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]  # what the same key's `make` gave


class _Shelf:
    """The newest snapshot of one database in one language."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.newest: Snapshot | None = None
        self.changes = 0  # how often somebody here changed a node


_shelves: WeakKeyDictionary[Database, dict[str, _Shelf]] = WeakKeyDictionary()
_shelves_lock = threading.Lock()


def snapshot(database: Database, now: int, language: str) -> Snapshot:
    """The fleet, at most OLDEST_MS old."""
    shelf = _shelf(database, language)
    newest = shelf.newest
    if newest is None or not 0 <= now - newest.at < OLDEST_MS:
        with shelf.lock:
            newest = shelf.newest
            if newest is None or not 0 <= now - newest.at < TICK_MS:  # nobody made one while this waited
                newest = _renew(shelf, database, now, language)
        return newest
    if now - newest.at >= TICK_MS and shelf.lock.acquire(blocking=False):
        threading.Thread(target=_renew_behind, args=(shelf, database, now, language), daemon=True).start()
    return newest


def forget_snapshots(database: Database) -> None:
    """Somebody here changed a node: the next page shows it."""
    for shelf in list(_shelves.get(database, {}).values()):
        shelf.changes += 1
        shelf.newest = None


def _shelf(database: Database, language: str) -> _Shelf:
    with _shelves_lock:
        return _shelves.setdefault(database, {}).setdefault(language, _Shelf())


def _renew_behind(shelf: _Shelf, database: Database, now: int, language: str) -> None:
    """In a thread of its own, which holds the lock; a database that is away leaves the old one, which soon ends."""
    try:
        _renew(shelf, database, now, language)
    except Exception:
        _log.exception("the fleet's snapshot could not be renewed")
    finally:
        shelf.lock.release()


def _renew(shelf: _Shelf, database: Database, now: int, language: str) -> Snapshot:
    changes = shelf.changes
    with database.read() as session:
        every, outages, own = lines(session, now, language), outages_now(session), own_certificates(session)
    made = Snapshot(
        at=now,
        lines=overview.matching(every, overview.Wanted(), now),
        outages=outages,
        certificates=own,
        states=Counter(line.state for line in every),
        rings=Counter(line.ring for line in every),
        versions=Counter(line.software for line in every if line.software),
        problems=Counter(one for line in every for one in overview.problems(line, now)),
    )
    if changes == shelf.changes:  # else it may be from before a change, and the next one is made at once
        shelf.newest = made if len(every) > FEW else None
    return made
