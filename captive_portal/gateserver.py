"""The gate as a process: a unix socket that only root and the portal's user may speak to, one line of JSON each way."""

import contextlib
import grp
import itertools
import json
import logging
import os
import pwd
import secrets
import signal
import socket
import socketserver
import sqlite3
import struct
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from captive_portal import netlink
from captive_portal.air import air_of
from captive_portal.config import ConfigError, Network
from captive_portal.devices import Devices, Grants
from captive_portal.gate import Gate, RefusedError
from captive_portal.kernel import let_forward, shape
from captive_portal.leases import Address, Neighbourhood
from captive_portal.nft import Nft, NftError
from captive_portal.notify import Notifier
from captive_portal.orders import OrderFile
from captive_portal.sessions import Sessions
from captive_portal.verbs import answer

_log = logging.getLogger(__name__)
_LONGEST_LINE = 4096
_LONGEST_SESSION_S = 86_400
_PATIENCE_S = 1.0
_SWITCH_S = 0.0005  # a request does not wait 5 ms for the reading thread
_TIDY_EVERY_S = 1.0
_COUNT_EVERY = 3  # readings
_PORTALS, _WATCHS = frozenset({"open", "close", "show", "count", "load"}), frozenset({"name"})  # who may ask for what

Reading = tuple[dict[str, list[Address]], dict[str, int] | None]


def run(network: Network) -> None:
    """Load the rules, restore the sessions, open the routing, then serve. Leaves the rules in force when it ends."""
    if os.geteuid() != 0:
        raise ConfigError("the gate needs root: it changes the firewall (the landing page does not)")
    try:
        gate = _make(network)
        gate.load()
        restored = gate.restore()
    except (NftError, sqlite3.Error, OSError) as error:
        raise ConfigError(f"the gate cannot start: {error}") from error
    shape(network, network.limits)
    let_forward(network.wan)
    notifier = Notifier.from_environment()
    sys.setswitchinterval(_SWITCH_S)
    with Server(gate, network.gate_socket, network.portal_user, notifier, network.watch_user) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGHUP, lambda *_: server.reload_soon())
        _log.info("gate ready at %s, %d sessions restored", network.gate_socket, restored)
        notifier.ready()
        try:
            server.serve_forever(poll_interval=_TIDY_EVERY_S / 2)
        finally:
            network.gate_socket.unlink(missing_ok=True)
            gate.save()


def _make(network: Network) -> Gate:
    store = Sessions(network.gate_store, network.store_key)
    devices = Devices(network.roaming.key_file, lambda: datetime.now(UTC).date())
    grants = Grants(network.grants, network.node, network.roaming.hub_key)
    orders = OrderFile(
        network.orders, network.gate_socket.with_name("obeyed.json"), network.gate_store.with_name("hours")
    )
    around, air = Neighbourhood(network.lan, network.lease_file), air_of(network.hostapd, network.radio)
    gate = Gate(network, Nft(), store, devices, grants, around, orders, air)
    if air is not None:
        air.start()
    return gate


class Reader:
    """Reads the kernel's tables every second in a thread of its own: among many visitors that takes milliseconds."""

    def __init__(self, around: Neighbourhood) -> None:
        self._around = around
        self._reading: Reading | None = None
        threading.Thread(target=self._run, name="reader", daemon=True).start()

    def take(self) -> "Reading | None":
        """The newest reading, once."""
        reading, self._reading = self._reading, None
        return reading

    def _run(self) -> None:
        for number in itertools.count():
            try:
                used = netlink.counters("portal") if number % _COUNT_EVERY == 0 else None
                self._reading = (self._around.everybody(), used)
            except OSError as error:
                _log.warning("the kernel's tables could not be read: %s", error.strerror)
            time.sleep(_TIDY_EVERY_S)


class Server(socketserver.UnixStreamServer):
    """One request after the other: nftables transactions queue up anyway, and so nothing needs a lock."""

    request_queue_size = 64

    def __init__(self, gate: Gate, path: Path, portal_user: str, notifier: Notifier, watch_user: str = "") -> None:
        self.gate, self._notifier = gate, notifier
        self.allowed: dict[int, frozenset[str]] = {0: _PORTALS | _WATCHS}
        with contextlib.suppress(KeyError):
            self.allowed[pwd.getpwnam(watch_user).pw_uid] = _WATCHS
        self._reader, self._reload = Reader(gate.around), False
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _remove_stale(path)
        before = os.umask(0o177)
        try:
            super().__init__(str(path), Handler)
        finally:
            os.umask(before)
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(portal_user)
            self.allowed[user.pw_uid] = _PORTALS
            os.chown(path, 0, grp.getgrgid(user.pw_gid).gr_gid)
            path.chmod(0o660)

    def service_actions(self) -> None:
        """Between requests: reload, end, learn."""
        self._notifier.alive()
        if self._reload:
            self._reload = False
            self._load()
        reading = self._reader.take()
        if reading is None:
            return
        try:
            self.gate.tidy(*reading)
        except (NftError, sqlite3.Error, OSError):
            _log.exception("tidying failed")

    def reload_soon(self) -> None:
        """Load the rules again at the next opportunity; safe in a signal handler."""
        self._reload = True

    def _load(self) -> None:
        """A broken file changes nothing and is only told."""
        try:
            self.gate.load()
        except (NftError, OSError):
            _log.exception("the rules could not be loaded again, the old ones stay")

    def handle_error(self, _request: object, _client: object) -> None:
        """A caller that went away is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            _log.exception("a request failed")


class Handler(socketserver.StreamRequestHandler):
    """One request of one caller."""

    timeout = _PATIENCE_S
    server: Server

    def handle(self) -> None:
        """Answer one line."""
        verbs = self.server.allowed.get(_uid_of(self.connection))
        if verbs is None:
            said: dict[str, object] = {"ok": False, "error": "this user may not speak to the gate"}
        else:
            said = respond(self.server.gate, self.rfile.readline(_LONGEST_LINE + 1), verbs)
        self.wfile.write(json.dumps(said).encode() + b"\n")


def respond(gate: Gate, line: bytes, verbs: frozenset[str] | None = None) -> dict[str, object]:
    """The answer to one line; what went wrong inside stays inside, under a number."""
    if len(line) > _LONGEST_LINE:
        return {"ok": False, "error": "a request has at most 4096 bytes"}
    try:
        request = json.loads(line)
        if verbs is not None and isinstance(request, dict) and request.get("verb") not in verbs:
            return {"ok": False, "error": "this user may not ask for that"}
        return {"ok": True, **answer(gate, _LONGEST_SESSION_S, request)}
    except RefusedError as error:
        return {"ok": False, "error": str(error), "reason": error.reason}
    except (ValueError, RecursionError):
        return {"ok": False, "error": "not JSON"}
    except (NftError, sqlite3.Error, OSError):
        number = secrets.token_hex(4)
        _log.exception("request %s failed", number)
        return {"ok": False, "error": f"the gate could not do it (number {number})"}


def _uid_of(connection: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel knows it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


def _remove_stale(path: Path) -> None:
    """A socket left by a killed gate goes; a living gate stays and this one does not start."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError:
            return
    raise ConfigError(f"another gate already listens at {path}")
