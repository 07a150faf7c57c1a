"""Asks the programs and servers around: the agent, the gate, hostapd, the hub's broker and web server."""

import email.utils
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from edge import trust
from edge.config import Broker
from edge.connection import tls
from edge.rules.checkup import Trouble

_LOCAL_S, _REMOTE_S = 3.0, 8.0
_REFUSAL_S = 1.0  # in TLS 1.3 a server refuses a certificate after the handshake


def ask_line(path: Path, request: dict[str, object]) -> dict[str, Any]:
    """One JSON line each way over a unix socket; OSError or ValueError without an answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_LOCAL_S)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer = json.loads(lines.readline(1 << 20))
    if not isinstance(answer, dict):
        raise OSError("no object")
    return answer


def hostapd_state(control: Path) -> str | None:
    """hostapd's own word for what it does, such as ENABLED; None when it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_LOCAL_S)
            connection.bind("")
            connection.connect(str(control))
            connection.send(b"STATUS")
            text = connection.recv(64 * 1024).decode(errors="replace")
    except OSError:
        return None
    return next((line.partition("=")[2] for line in text.splitlines() if line.startswith("state=")), None)


def try_broker(broker: Broker) -> Trouble | None:
    """Connects as the agent does, says nothing and leaves; None when the broker took us."""
    try:
        with socket.create_connection((broker.host, broker.port), timeout=_REMOTE_S) as plain:
            if broker.tls:
                with tls(broker).wrap_socket(plain, server_hostname=broker.host) as secure:
                    return None if _is_kept(secure) else Trouble("certificate", "closed at once")
    except OSError as error:
        return trouble_of(error)
    return None


def _is_kept(secure: ssl.SSLSocket) -> bool:
    """Whether the server waits for us to speak."""
    secure.settimeout(_REFUSAL_S)
    try:
        return bool(secure.recv(1))
    except TimeoutError:
        return True


def try_hub(address: str, pinned: Path | None = None) -> tuple[Trouble | None, float | None]:
    """(what is wrong, how many seconds this clock is ahead of the hub's); the second None without an answer."""
    if not address.startswith(("https://", "http://")):
        return Trouble("other", "this address does not begin with https://"), None
    address, believed = address.rstrip("/") + "/healthz", trust.context(pinned)
    try:
        with urllib.request.urlopen(address, timeout=_REMOTE_S, context=believed) as answer:  # noqa: S310 (http only)
            return None, _ahead(answer.headers.get("Date"))
    except urllib.error.HTTPError as error:
        return Trouble("other", f"it answers {error.code}"), _ahead(error.headers.get("Date"))
    except (OSError, ValueError) as error:
        return trouble_of(error), None


def _ahead(date: str | None) -> float | None:
    try:
        return time.time() - email.utils.parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return None


def trouble_of(error: Exception) -> Trouble:
    """The kind of an error of a connection."""
    reason = getattr(error, "reason", error)
    cause = reason if isinstance(reason, Exception) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Trouble("authority", cause.verify_message)
    if isinstance(cause, ssl.SSLError):
        kind = "certificate" if "ALERT" in (cause.reason or "") else "other"
        return Trouble(kind, (cause.reason or str(cause)).lower().replace("_", " "))
    if isinstance(cause, socket.gaierror):
        return Trouble("name")
    if isinstance(cause, ConnectionRefusedError):
        return Trouble("refused")
    if isinstance(cause, TimeoutError):
        return Trouble("silent")
    return Trouble("other", getattr(cause, "strerror", None) or str(cause))


def resolves(name: str) -> bool:
    """Whether a host's name becomes an address."""
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True
