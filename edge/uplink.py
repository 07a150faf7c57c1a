"""The node's ONE connection to the hub: sends waiting rows, hears acks and bulletins. MQTT v5, else 3.1.1.

A PUBACK proves nothing: a row leaves the outbox only with the hub's own ack on hub/v1/<node>/ack.
"""

import contextlib
import logging
import random
import socket
import threading
from collections.abc import Callable, Mapping

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge import wire
from edge.config import Broker
from edge.connection import password, session_options, tls
from edge.outbox import Outbox, Row
from edge.window import Window, pause_s

_log = logging.getLogger(__name__)
_NAMES = {MQTTProtocolVersion.MQTTv5: "MQTT 5", MQTTProtocolVersion.MQTTv311: "MQTT 3.1.1"}
_CONNECT_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 3.0  # for version 5; then 3.1.1 is tried, and 5 again at the next connection
_UNSUPPORTED = "Unsupported protocol version"

Status = Callable[[str, str], dict[str, object]]  # (state, protocol) -> body of a status message


class Uplink:
    """Keeps the connection up in a thread of its own. `pump` sends, and is called by the agent's tick.

    `on_message` says who takes which kind of message from the hub: bulletin, grant, config, command.
    """

    def __init__(
        self,
        node: str,
        broker: Broker,
        outbox: Outbox,
        status: Status,
        on_message: Mapping[str, Callable[[bytes], None]],
        on_change: Callable[[bool], None],
        wake: Callable[[], None],
    ) -> None:
        self._node, self._broker, self._outbox, self._status = node, broker, outbox, status
        self._on_message = on_message
        self._on_change, self._wake = on_change, wake
        self._window = Window(broker.window, broker.replay_per_s)
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._client: mqtt.Client | None = None
        self._acked: tuple[str, int] = ("", 0)
        self._refused = 0
        self._refusal = ""
        self._lock = threading.Lock()
        self._ready = False  # connected and subscribed
        self._answered = False  # the broker took the connection during this attempt
        self._too_new = False  # the broker does not speak MQTT 5
        self._ended = threading.Event()
        self._heard = threading.Event()  # the broker said something, or the connection is over
        self._stopping = threading.Event()
        self._away = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"uplink-{node}", daemon=True)

    @property
    def connected(self) -> bool:
        """True while connected and subscribed."""
        return self._ready

    @property
    def refusal(self) -> str:
        """Why the broker refused the newest message, such as "Not authorized"; "" when it took it."""
        return self._refusal

    @property
    def protocol(self) -> str:
        """ "MQTT 5" or "MQTT 3.1.1": what the broker speaks."""
        return _NAMES[self._protocol]

    def start(self) -> None:
        """Begins to connect, and to reconnect for ever."""
        self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """Says goodbye (status offline) and ends within about `seconds`."""
        self._stopping.set()
        client = self._client
        if client is not None:
            if self._ready:
                farewell = self._publish_status(client, "offline")
                with contextlib.suppress(RuntimeError, ValueError):
                    farewell.wait_for_publish(seconds / 2)
            client.disconnect()
        self._thread.join(seconds / 2)

    def cut(self, away: bool) -> None:
        """True tears the connection, as a dug-up cable does, and stays away until False (simulated outages)."""
        if not away:
            self._away.clear()
            return
        self._away.set()
        client = self._client
        sock = client.socket() if client is not None else None
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def report_status(self) -> None:
        """Sends the present status, if connected."""
        client = self._client
        if client is not None and self._ready:
            self._publish_status(client, "online")

    def say(self, kind: str, body: dict[str, object]) -> None:
        """Sends a message that nobody keeps, if connected."""
        client = self._client
        if client is not None and self._answered:  # a kept command comes before the subscription is confirmed
            client.publish(wire.up(self._node, kind), wire.encode(kind, body), qos=1)

    def pump(self, now: float) -> None:
        """Forgets what the hub acked, sends what waits as far as the window allows; `now` is monotonic."""
        with self._lock:
            (outbox, seq), self._acked = self._acked, ("", 0)
        if seq:
            self._outbox.forget(outbox, seq)
        client = self._client
        if client is None or not self._ready:
            return
        with self._lock:
            if outbox == self._outbox.id:
                self._window.acked(seq, now)
            if self._window.expire(now, self._outbox.last):
                _log.warning("%s: no ack from the hub, sending again", self._node)
            self._send(client, now)

    def _send(self, client: mqtt.Client, now: float) -> None:
        window = self._window
        if window.live < self._outbox.last and (room := window.live_room()) > 0:
            self._hand_over(client, self._outbox.rows(window.live, room), now)
        if (room := window.replay_room(now)) > 0:
            backlog = self._outbox.rows(window.replayed, room, window.mark)
            self._hand_over(client, backlog, now)
            if not backlog:
                window.replayed = window.mark

    def _hand_over(self, client: mqtt.Client, rows: list[Row], now: float) -> None:
        for row in rows:
            payload = wire.encode(row.kind, row.body(self._outbox.id))
            sent = client.publish(wire.up(self._node, row.kind), payload, qos=1)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            self._window.add(row.seq, now)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._answered = False
            if not self._away.is_set():
                # Version 5 is tried every time: a broker may have been replaced, or was only starting.
                self._connect_once(MQTTProtocolVersion.MQTTv5)
                if self._too_new and not self._stopping.is_set():
                    self._connect_once(MQTTProtocolVersion.MQTTv311)
            failures = 0 if self._answered else failures + 1
            self._stopping.wait(pause_s(failures, random.random()))  # noqa: S311 (jitter, no secret)

    def _connect_once(self, protocol: MQTTProtocolVersion) -> None:
        """One connection from its beginning to its end."""
        self._protocol, self._too_new = protocol, False
        self._ended.clear()
        self._heard.clear()
        try:
            client = self._make_client()
            client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, **session_options(protocol))
        except (OSError, ValueError) as error:  # refused, no route, unknown host, broken certificate
            _log.info("%s: no connection to %s:%d (%s)", self._node, self._broker.host, self._broker.port, error)
            return
        self._client = client
        client.loop_start()
        if protocol == MQTTProtocolVersion.MQTTv5 and not self._heard.wait(_ANSWER_TIMEOUT_S):
            self._too_new = True  # amqtt waits for more bytes instead of refusing a version 5 connection with a will
            client.disconnect()
        else:
            self._ended.wait()
        self._client = None
        with contextlib.suppress(AttributeError):  # paho's thread may end between its own question and its join
            client.loop_stop()
        self._lost()

    def _make_client(self) -> mqtt.Client:
        v5 = self._protocol == MQTTProtocolVersion.MQTTv5
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{self._node}-{self._outbox.id}",  # the town's Mosquitto makes it the name alone
            clean_session=None if v5 else True,
            protocol=self._protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_subscribe, client.on_publish, client.on_message = self._subscribed, self._published, self._message
        client.will_set(wire.up(self._node, "status"), self._encoded_status("offline"), qos=1, retain=True)
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, password(self._broker))
        if self._broker.tls:
            client.tls_set_context(tls(self._broker))
        return client

    def _encoded_status(self, state: str) -> bytes:
        return wire.encode("status", self._status(state, self.protocol))

    def _publish_status(self, client: mqtt.Client, state: str) -> mqtt.MQTTMessageInfo:
        return client.publish(wire.up(self._node, "status"), self._encoded_status(state), qos=1, retain=True)

    def _connected(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: object
    ) -> None:
        self._heard.set()
        if reason.is_failure:
            self._too_new = str(reason) == _UNSUPPORTED
            if not self._too_new:
                _log.warning("%s: the broker refused the connection: %s", self._node, reason)
            client.disconnect()
            self._ended.set()  # a broker may leave a refused connection open for its whole keep-alive
            return
        self._answered = True
        topics = [(wire.all_down(self._node), 1)]
        if "bulletin" in self._on_message:
            topics.append((wire.BULLETIN, 1))
        client.subscribe(topics)

    def _subscribed(
        self, client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: object
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                _log.error("%s: the broker refused the subscription: %s", self._node, reason)
        with self._lock:
            self._window.restart(self._outbox.last)
            self._ready = True
        _log.info("%s: connected to %s:%d, %s", self._node, self._broker.host, self._broker.port, self.protocol)
        self._publish_status(client, "online")
        self._on_change(True)

    def _disconnected(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        if self._ready:
            _log.info("%s: connection lost: %s", self._node, reason)
        elif not self._answered and self._protocol == MQTTProtocolVersion.MQTTv5:
            self._too_new = True  # closed instead of answering: as brokers do that speak 3.1.1 only
        self._heard.set()
        self._ended.set()

    def _lost(self) -> None:
        was_ready, self._ready, self._refusal = self._ready, False, ""
        if was_ready:
            self._on_change(False)

    def _published(self, _client: mqtt.Client, _data: object, _mid: int, reason: ReasonCode, _more: object) -> None:
        # 16: nobody listens; from 128: refused. The row stays and is sent again when the hub's ack does not come.
        self._refusal = str(reason) if reason.value >= 128 else ""
        if reason.value == 16 or reason.value >= 128:
            self._refused += 1
            if self._refused == 1:
                _log.warning("%s: the broker took a message but did not deliver it: %s", self._node, reason)
        else:
            self._refused = 0

    def _message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            kind = "bulletin" if message.topic == wire.BULLETIN else message.topic.rpartition("/")[2]
            if kind == "ack":
                self._heard_ack(wire.decode("ack", bytes(message.payload)))
            elif kind in self._on_message:
                self._on_message[kind](bytes(message.payload))
        except wire.WireError as error:
            _log.warning("%s: ignored a message on %s: %s", self._node, message.topic, error)

    def _heard_ack(self, body: dict[str, object]) -> None:
        outbox, seq = body["outbox"], body["seq"]
        if outbox == self._outbox.id and isinstance(outbox, str) and isinstance(seq, int):
            with self._lock:
                self._acked = (outbox, max(seq, self._acked[1]))
            if self._window.replayed < self._window.mark:
                self._wake()  # a backlog goes out as fast as the hub takes it, not at the pace of the tick
