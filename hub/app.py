"""The ONLY wiring: which module listens to which event, which pages exist and who may see them."""

import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hub.bulletin import api as bulletin
from hub.core import broker, clock, events, timeseries
from hub.core.db import Base, Database, Session
from hub.core.schedule import Task
from hub.fleet import api as fleet
from hub.fleet import messages as fleet_messages
from hub.ingest import api as ingest
from hub.ingest.api import Directory, MessagesStored, StatusReceived
from hub.parking import api as parking
from hub.parking import messages as parking_messages
from hub.settings import Settings

# event class declared in a module's api -> handlers of the modules above it, run in the announcer's transaction
EVENTS: Mapping[type, Sequence[Callable[[Session, Any], None]]] = {
    MessagesStored: (fleet_messages.on_messages, parking_messages.on_messages),
    StatusReceived: (fleet_messages.on_status,),
}

Publish = Callable[[str, bytes, bool], bool]


def tasks(settings: Settings, publish: Publish) -> list[Task]:
    """What the worker does and how often."""
    database = Database(settings.database)
    series = timeseries.open_timeseries(settings.timeseries_url, database)
    publisher = bulletin.Publisher(publish)

    def publish_bulletin(now: int) -> None:
        with database.read() as session:
            sites = parking.sites(session, now)
            body = bulletin.compose(session, sites, settings.public_url, now, demo=settings.demo)
        publisher.offer(body, now)

    def record_parking(now: int) -> None:
        with database.read() as session:
            sites = parking.sites(session, now)
        parking.record(series, sites, now)

    def tidy(now: int) -> None:
        for work in (ingest.forget_old, fleet.tidy, bulletin.forget_old):
            database.write(partial(work, now=now))

    return [
        Task("bulletin", 5, publish_bulletin),
        Task("parking figures", 60, record_parking),
        Task("tidy", 600, tidy),
    ]


def run_live(settings: Settings) -> None:
    """The live server with parking's snapshot as its source."""
    from hub.live import asgi  # noqa: PLC0415 (granian is loaded in this process alone)

    database = Database(settings.database)

    def snapshot() -> bytes:
        with database.read() as session:
            return parking.snapshot(session, clock.now_ms())

    asgi.run(settings, snapshot)


def run_ingest(settings: Settings) -> None:
    """Ingest until SIGTERM; on the embedded default with the broker in this process."""
    from hub.core.embedded import EmbeddedBroker  # noqa: PLC0415 (amqtt is loaded where it is used)
    from hub.ingest.worker import Ingest  # noqa: PLC0415

    events.wire(EVENTS)
    embedded = None
    if broker.is_embedded(settings.broker_url):
        embedded = EmbeddedBroker(*broker.address(settings.broker_url))
        embedded.start()
    database = Database(settings.database)
    certificates = broker.Certificates(settings.broker_ca_file, settings.broker_cert_file, settings.broker_key_file)
    running = Ingest(database, settings.broker_url, lambda: known_senders(database), certificates)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
    database.close()
    if embedded is not None:
        embedded.stop()


def known_senders(database: Database) -> Directory:
    """Every node of the fleet with the bays that it may report."""
    with database.read() as session:
        bays = parking.directory(session)
        return {node: bays.get(node, frozenset()) for node in fleet.names(session)}


def load_tables() -> Any:
    """The metadata of all tables, for migrations."""
    from hub.account import store  # noqa: F401, PLC0415 (registers its tables)

    return Base.metadata
