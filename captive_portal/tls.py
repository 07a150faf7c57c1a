"""HTTPS in front of the portal's own server: one thread ends TLS and hands plain bytes on over the loopback.

waitress speaks no TLS. This front changes nothing in the bytes, so nothing in a request can lie about the client: which
client stands behind a loopback connection is looked up by that connection's own port.
"""

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)
_MOST_CONNECTIONS = 200
_HANDSHAKE_S, _SILENCE_S = 5, 20
_LOOK_EVERY_S = 5.0
_CHUNK = 16 * 1024


class Certificate:
    """A certificate and its key, loaded again when either file changes; a broken pair leaves the old one in use."""

    def __init__(self, chain: Path, key: Path) -> None:
        """OSError (ssl.SSLError is one) if they cannot be used."""
        self._files = (chain, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._stamps()
        self.context.load_cert_chain(chain, key)

    def refresh(self) -> bool:
        """Look at the files; True when a changed pair was loaded. Running connections keep theirs."""
        try:
            stamps = self._stamps()
            if stamps == self._seen:
                return False
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)  # tried on another one first
            self.context.load_cert_chain(*self._files)
        except OSError as error:  # between two renamed files the pair does not fit: looked at again later
            _log.warning("the changed certificate cannot be used, the old one stays: %s", error)
            return False
        self._seen = stamps
        _log.info("a new certificate is in use")
        return True

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        return tuple((stat.st_mtime_ns, stat.st_ino) for stat in (path.stat() for path in self._files))


class TlsFront:
    """Listens for HTTPS on `port` of every address and passes on to the server on the loopback."""

    def __init__(self, certificate: Certificate, port: int) -> None:
        self._certificate, self._port, self._backend = certificate, port, 0
        self._clients: dict[int, tuple[str, int]] = {}
        self._open = 0
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tls", daemon=True)

    def start(self, backend: int) -> None:
        """Begin to listen and to pass on to 127.0.0.1:`backend`; OSError if the port is taken."""
        self._backend = backend
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure

    def unwrap(self, app: "WSGIApplication") -> "WSGIApplication":
        """The application, told who really asks and that it was asked over HTTPS."""

        def asked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            client = self._clients.get(_number(environ.get("REMOTE_PORT")))
            if client and environ.get("REMOTE_ADDR") == "127.0.0.1":
                environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
                environ["wsgi.url_scheme"] = "https"
            return app(environ, start_response)

        return asked

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_server(
                self._pass_on, None, self._port, ssl=self._certificate.context, ssl_handshake_timeout=_HANDSHAKE_S
            )
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        async with server:
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                await asyncio.to_thread(self._certificate.refresh)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            await self._join(reader, writer)
        except (OSError, TimeoutError, ssl.SSLError):
            pass  # the client or the server went away
        finally:
            self._open -= 1
            with contextlib.suppress(AttributeError):  # Python 3.11.2's TLS transport, closed twice, cannot abort
                writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # nothing is sent before the port is written down, so the application always finds its client
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._backend)
        port = int(inner_writer.get_extra_info("sockname")[1])
        peer: Any = writer.get_extra_info("peername")
        self._clients[port] = (str(peer[0]), int(peer[1]))
        try:
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        finally:
            inner_writer.close()
            with contextlib.suppress(OSError):
                await inner_writer.wait_closed()
            del self._clients[port]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await asyncio.wait_for(reader.read(_CHUNK), _SILENCE_S):
        writer.write(chunk)
        await asyncio.wait_for(writer.drain(), _SILENCE_S)
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else -1
