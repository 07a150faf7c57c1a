"""From the broker to the database: batches, one transaction each, and the acknowledgements only after the commit."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge import wire
from hub.core import broker
from hub.core.clock import now_ms
from hub.core.db import Database, UnavailableErrors
from hub.ingest import api
from hub.radio import api as radio

log = logging.getLogger(__name__)

MAX_BATCH = 500  # messages
BATCH_SECONDS = 0.02
MAX_WAITING = 5_000  # messages in memory; beyond, the broker keeps them
DIRECTORY_SECONDS = 5.0
SESSION_SECONDS = 7 * 24 * 3600
CLIENT_ID = "stadtknoten-ingest"
SHARED = "$share/stadtknoten-ingest/"

Delivery = tuple[api.Incoming, int, int]  # message, packet id, QoS


class Ingest:
    """The loop; `load_directory` says which nodes and bays are known."""

    def __init__(
        self,
        database: Database,
        url: str,
        load_directory: Callable[[], api.Directory],
        certificates: broker.Certificates = broker.NO_CERTIFICATES,
        worker: int = 0,
    ) -> None:
        """`worker` 1, 2 ...: one of several that share the work; 0: the only one."""
        self._worker = worker
        self._database = database
        self._load_directory = load_directory
        self._directory: api.Directory = {}
        self._directory_due = 0.0
        self._waiting: queue.Queue[Delivery] = queue.Queue(MAX_WAITING)
        self._stop = threading.Event()
        self._url = url
        self._alive: Callable[[], None] = lambda: None
        self._client = broker.client(
            url, f"{CLIENT_ID}-{worker}" if worker else CLIENT_ID, certificates, manual_ack=True
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    def run(self, alive: Callable[[], None] = lambda: None) -> None:
        """Works until `stop`; what was taken from the broker is finished first. `alive` is called at every turn."""
        self._alive = alive
        self._connect()
        self._client.loop_start()
        try:
            while not self._stop.is_set():
                alive()
                batch = self._collect()
                if batch:
                    self._store_until_done(batch)
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def stop(self) -> None:
        """Ends `run` after the present batch."""
        self._stop.set()

    def _connect(self) -> None:
        host, port = broker.address(self._url)
        options: dict[str, Any] = {}
        if self._client.protocol == MQTTProtocolVersion.MQTTv5:
            options["properties"] = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            options["properties"].SessionExpiryInterval = SESSION_SECONDS
            options["properties"].ReceiveMaximum = MAX_BATCH * 4
            options["clean_start"] = False
        self._client.connect_async(host, port, keepalive=30, **options)

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:
        if reason.is_failure:
            log.warning("the broker refused the connection: %s", reason)
            return
        self._forget_waiting()
        prefix = SHARED if self._worker else ""
        client.subscribe([(prefix + topic, 1) for topic in (wire.ALL_UP, *radio.TOPICS)])
        log.info("connected to the broker")

    def _on_disconnect(self, *_: object) -> None:
        if not self._stop.is_set():
            log.warning("the broker is gone, trying again")

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        incoming = api.Incoming(message.topic, bytes(message.payload), now_ms(), message.retain)
        delivery = (incoming, message.mid, message.qos)
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(delivery, timeout=0.5)
                return

    def _forget_waiting(self) -> None:
        """After a reconnect the broker sends again what was not acknowledged, under new packet ids."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                return

    def _collect(self) -> list[Delivery]:
        try:
            batch = [self._waiting.get(timeout=0.2)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + BATCH_SECONDS
        while len(batch) < MAX_BATCH:
            try:
                batch.append(self._waiting.get(timeout=max(0.0, deadline - time.monotonic())))
            except (queue.Empty, ValueError):
                break
        return batch

    def _store_until_done(self, batch: Sequence[Delivery]) -> None:
        """Tries until the database takes the batch; until then nothing is acknowledged, so nothing is lost."""
        pause = 0.2
        while not self._stop.is_set():
            try:
                acks = self._store([delivery[0] for delivery in batch])
            except UnavailableErrors as error:
                log.warning("the database does not take the readings, trying again in %.1f s: %s", pause, error)
                self._stop.wait(pause)
                self._alive()  # a database that is away is not mended by starting this process anew
                pause = min(pause * 2, 30.0)
            else:
                self._acknowledge(batch, acks)
                return

    def _store(self, messages: Sequence[api.Incoming]) -> dict[tuple[str, str], int]:
        """Stores the batch; a message that the database cannot hold is kept aside alone."""
        self._refresh_directory()
        batch = api.Batch(messages, self._directory, now_ms(), self._worker)
        try:
            return self._database.write(batch.store)
        except UnavailableErrors:
            raise
        except Exception:
            if len(messages) == 1:
                log.exception("a message on %s cannot be stored", messages[0].topic)
                self._database.write(lambda session: api.refuse_unstorable(session, messages[0]))
                return {}
            acks: dict[tuple[str, str], int] = {}
            for message in messages:
                acks |= self._store([message])
            return acks

    def _acknowledge(self, batch: Sequence[Delivery], acks: dict[tuple[str, str], int]) -> None:
        for _, packet, qos in batch:
            if qos:
                self._client.ack(packet, qos)
        ts = wire.format_ms(now_ms())
        for (node, outbox), seq in acks.items():
            if outbox.startswith(radio.OUTBOX):
                continue  # nobody waits for it
            ack = wire.encode("ack", {"outbox": outbox, "seq": seq, "ts": ts})
            self._client.publish(wire.down(node, "ack"), ack, qos=1)

    def _refresh_directory(self) -> None:
        if time.monotonic() >= self._directory_due:
            self._directory = self._load_directory()
            self._directory_due = time.monotonic() + DIRECTORY_SECONDS
