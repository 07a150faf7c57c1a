"""The wiring of the ingest process: it knows the fleet's and parking's readings and nothing else, which saves 25 MB."""

import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.core import broker, events
from hub.core.db import Database, Session
from hub.core.notify import Notifier
from hub.fleet import api as fleet
from hub.fleet import messages as fleet_messages
from hub.ingest.api import AnswerReceived, BackupReceived, Directory, MessagesStored, SessionReceived, StatusReceived
from hub.ingest.worker import Ingest
from hub.parking import api as parking
from hub.parking.messages import readings
from hub.settings import Settings

# as in hub.app, of which this is a part
EVENTS: Mapping[type, Sequence[Callable[[Session, Any], None]]] = {
    MessagesStored: (fleet_messages.on_messages, readings.on_messages),
    StatusReceived: (fleet_messages.on_status,),
    SessionReceived: (fleet_messages.on_session,),
    AnswerReceived: (fleet_messages.on_answer,),
    BackupReceived: (fleet_messages.on_backup,),
}


def run(settings: Settings, worker: int = 0) -> None:
    """Ingest until SIGTERM; on the embedded default with the broker in this process.

    `worker` 1, 2 ... is one of several that share the work; ValueError unless they can: PostgreSQL and a real broker.
    """
    from hub.core.embedded import EmbeddedBroker

    if worker and (broker.is_embedded(settings.broker_url) or settings.database.startswith("sqlite")):
        raise ValueError(
            "several ingest workers need HUB_DATABASE_URL=postgresql+psycopg://... and a broker of its own"
        )
    events.wire(EVENTS)
    embedded = None
    if broker.is_embedded(settings.broker_url):
        embedded = EmbeddedBroker(*broker.address(settings.broker_url))
        embedded.start()
    database = Database(settings.database)
    certificates = broker.Certificates(settings.broker_ca_file, settings.broker_cert_file, settings.broker_key_file)
    running = Ingest(database, settings.broker_url, lambda: known_senders(database), certificates, worker)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    notifier = Notifier()
    notifier.ready()
    running.run(notifier.alive)
    database.close()
    if embedded is not None:
        embedded.stop()


def known_senders(database: Database) -> Directory:
    """Every node of the fleet with the bays that it may report."""
    with database.read() as session:
        bays = parking.directory(session)
        return {node: bays.get(node, frozenset()) for node in fleet.names(session)}
