"""Ingest with the mistake that the spine test must notice: it acknowledges a batch and commits it a moment later."""

import time
from collections.abc import Sequence

from hub import app, intake
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.ingest import api
from hub.ingest.worker import Delivery, Ingest
from hub.settings import Settings


class AckFirst(Ingest):
    """Tells the nodes what it is about to store."""

    def _store_until_done(self, batch: Sequence[Delivery]) -> None:
        messages = [delivery[0] for delivery in batch]
        self._refresh_directory()
        rehearsal = api.Batch(messages, self._directory, now_ms())
        self._acknowledge(batch, self._rehearse(rehearsal))
        time.sleep(0.2)  # the moment in which a kill loses them
        super()._store(messages)

    def _rehearse(self, batch: api.Batch) -> dict[tuple[str, str], int]:
        acks: dict[tuple[str, str], int] = {}

        def take_back(session) -> None:
            acks.update(batch.store(session))
            raise InterruptedError

        try:
            self._database.write(take_back)
        except InterruptedError:
            return acks
        return acks


def main() -> None:
    settings = Settings()
    events.wire(app.EVENTS)
    database = Database(settings.database)
    AckFirst(database, settings.broker_url, lambda: intake.known_senders(database)).run()


if __name__ == "__main__":
    main()
