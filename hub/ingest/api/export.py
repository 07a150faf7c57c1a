"""Stored messages on their way to the series server: from a kept cursor on, one batch after the other.

The cursor moves only when the server has answered, so an outage loses nothing; after a crash between the two a batch
is sent twice, which is the same point at the same moment.
"""

import json
import logging
from collections.abc import Callable

from hub.core.db import Database
from hub.ingest import rules, store
from hub.ingest.gateway import SeriesServer

_log = logging.getLogger(__name__)
_NAME = "series"
BATCH = 5_000  # messages
BATCHES_A_RUN = 20  # the worker has other things to do


class Exporter:
    """Called every few seconds; waits ever longer while the server is away. `write` sends points or raises OSError."""

    def __init__(self, database: Database, write: Callable[[list[rules.series.Sample]], None]) -> None:
        self._database, self._write = database, write
        self._pause_ms, self._not_before = 0, 0

    def run(self, now: int) -> int:
        """Sends what is new; returns how many messages were dealt with."""
        if now < self._not_before:
            return 0
        upto = self._database.write(store.complete_upto)
        done = 0
        for _ in range(BATCHES_A_RUN):
            try:
                count = self._send(upto)
            except OSError as error:
                self._pause_ms = min(max(5_000, self._pause_ms * 2), 300_000)
                self._not_before = now + self._pause_ms
                _log.warning("%s; trying again in %d s", error, self._pause_ms // 1000)
                break
            self._pause_ms = 0
            done += count
            if count < BATCH:
                break
        return done

    def _send(self, upto: int) -> int:
        with self._database.read() as session:
            last = store.cursor(session, _NAME)
            if last > upto:  # every message was deleted in between: the database counts anew
                last = 0
            rows = store.messages_after(session, last, upto, BATCH)
        if not rows:
            return 0
        found = [rules.series.sample(node, kind, json.loads(body), ts) for _, node, kind, ts, body in rows]
        points = [point for point in found if point is not None]
        if points:
            self._write(points)
        self._database.write(lambda session: store.save_cursor(session, _NAME, rows[-1][0]))
        return len(rows)


def open_exporter(database: Database, url: str) -> Exporter | None:
    """The exporter to the server at `url`, None for sql:// (nothing is exported); ValueError for another address."""
    return None if url.startswith("sql:") else Exporter(database, SeriesServer(url).write)
