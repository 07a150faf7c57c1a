"""The embedded broker: amqtt in a thread of the ingest process, for one machine and the demo.

It speaks MQTT 3.1.1 and listens on loopback only.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

from amqtt.broker import Broker

_START_SECONDS = 15.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Steady(dict[str, Any]):
    """amqtt 0.12.1 walks over its subscriptions while other clients subscribe; a walk over a copy does not break."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.keys()))


def _in_one_line(record: logging.LogRecord) -> bool:
    """What a slow client made fail is tried again by its outbox: no stack traces in the town's log."""
    if record.exc_info and record.exc_info[1] is not None:
        record.msg, record.args = "a message was not delivered: %s", (record.exc_info[1],)
        record.exc_info = None
    return True


class EmbeddedBroker:
    """Listens on host:port until `stop`; ValueError for an address that others could reach."""

    def __init__(self, host: str, port: int) -> None:
        if host not in _LOOPBACK:
            raise ValueError(
                "the embedded broker listens on 127.0.0.1 alone; use Mosquitto for nodes on other machines"
            )
        self._bind = f"{host}:{port}"
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    def start(self) -> None:
        """Returns when it listens; OSError when the port is taken."""
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("amqtt.broker").addFilter(_in_one_line)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS) or self._error is not None:
            raise OSError(f"the embedded broker cannot listen on {self._bind}: {self._error or 'no answer'}")

    def stop(self) -> None:
        """Ends the broker's thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        broker = Broker(self._config(), self._loop)
        broker._subscriptions = _Steady(broker._subscriptions)
        try:
            self._loop.run_until_complete(broker.start())
        except Exception as error:
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(broker.shutdown())

    def _config(self) -> dict[str, Any]:
        return {
            "listeners": {"default": {"type": "tcp", "bind": self._bind, "max_connections": 500}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
