"""The round: gathers the facts of each area and lets the rules judge them."""

import json
import ssl
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from edge import status
from edge.config import Config, parse
from edge.doctor import machine, neighbours
from edge.enrolment import AUTHORITY, CERTIFICATE
from edge.rules import checkup
from edge.rules.checkup import Finding, Wanted
from edge.section import ConfigError

_PORTAL = ("stadtknoten-portal", "captive_portal")
_DNSMASQ = ("dnsmasq",)


@dataclass(frozen=True)
class Places:
    """Where to look; another root is for tests."""

    system: Path = Path("/")
    units: bool = True


_HERE = Places()


def examine(file: Path, places: Places = _HERE) -> list[Finding]:
    """Every finding about the node with this configuration; never raises for what is wrong with the node."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        advice = "Run the playbook, or: sudo stadtknoten-edge enrol CODE --hub https://..."
        return [checkup.bad("configuration", f"{file} cannot be read ({error.strerror})", advice)]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [
            checkup.bad("configuration", f"{file} is not valid TOML: {error}", "Mend the line, or run the playbook.")
        ]
    return list(_Round(document, file, places).findings())


class _Round:
    """One visit. Sections are read leniently: a wrong one must not hide what else is wrong."""

    def __init__(self, document: dict[str, Any], file: Path, places: Places) -> None:
        self._document, self._file, self._places = document, file, places
        self._state = Path(self._text("state", "directory", "/var/lib/stadtknoten"))
        self._config: Config | None = None
        self._wrong = ""
        try:
            self._config = parse(document)
        except ConfigError as error:
            self._wrong = str(error)

    def findings(self) -> Iterator[Finding]:
        if self._wrong:
            advice = f"Mend it in {self._file} (or in the playbook's variables, and run it again)."
            yield checkup.bad("configuration", self._wrong, advice)
        else:
            yield checkup.good("configuration", f"{self._file} is right")
        if self._places.units:
            yield from checkup.judge_services(machine.units())
        yield from self._radio()
        yield from self._visitors()
        yield from self._remote()
        yield from self._local()

    def _radio(self) -> Iterator[Finding]:
        radio = self._section("radio")
        if not radio.get("interface"):
            return
        interface = str(radio["interface"])
        exists = machine.carrier(interface, self._places.system) is not None
        control = Path(str(radio.get("control", "/run/hostapd")), interface)
        country = str(radio.get("country", "DE"))
        blocked = machine.blocked_radio(self._places.system)
        state = neighbours.hostapd_state(control)
        closed = self._is_closed()
        yield checkup.judge_radio(interface, exists, country, machine.radio_country(), blocked, state, closed)

    def _is_closed(self) -> bool:
        """Whether the gate says that nobody is let in now."""
        gate = Path(str(self._section("network").get("gate_socket", "/run/stadtknoten/gate.sock")))
        try:
            return json.loads(gate.with_name("obeyed.json").read_text()).get("open") is False
        except (OSError, ValueError, AttributeError):
            return False

    def _visitors(self) -> Iterator[Finding]:
        """Ports, leases and gate of the visitors' network, where there is one."""
        network = self._section("network")
        if not network:
            return
        yield from checkup.judge_ports(self._wanted(), machine.listeners(self._places.system))
        try:
            places = ip_interface(str(network.get("ipv4"))).network.num_addresses - 257
        except ValueError:
            places = 1
        leases = Path(str(network.get("lease_file", "/run/stadtknoten/dnsmasq.leases")))
        yield checkup.judge_lease(_running_leases(leases, int(time.time())), places)
        try:
            gate = Path(str(network.get("gate_socket", "/run/stadtknoten/gate.sock")))
            answer = neighbours.ask_line(gate, {"verb": "count"})
            sessions = int(answer["sessions"]) if answer.get("ok") is True else None
            yield checkup.judge_gate(sessions, str(answer.get("error", "")))
        except (OSError, ValueError, KeyError) as error:
            yield checkup.judge_gate(None, getattr(error, "strerror", None) or str(error))

    def _wanted(self) -> list[Wanted]:
        portal = self._section("portal")
        listen = str(portal.get("listen", "*:8081")).split()[0].rpartition(":")[2]
        ports = (
            [Wanted("tcp", int(listen), _PORTAL, "stadtknoten-portal", "[portal] listen")] if listen.isdecimal() else []
        )
        if portal.get("certificate"):
            port = int(portal.get("tls_port", 8443))
            ports.append(Wanted("tcp", port, _PORTAL, "stadtknoten-portal", "[portal] tls_port"))
        for protocol, port in (("udp", 53), ("udp", 67)):
            ports.append(Wanted(protocol, port, _DNSMASQ, "stadtknoten-dnsmasq", "that program's own settings"))
        return ports

    def _remote(self) -> Iterator[Finding]:
        """Line, clock, hub and broker: what is far away, and whether the way there is open."""
        wan = str(self._section("network").get("wan", ""))
        hub = self._text("node", "hub", "")
        system = self._places.system
        has_line = machine.carrier(wan, system) if wan else machine.leads_out("", system)
        route = machine.leads_out(wan, system)
        named = self._config.broker.host if self._config else ""
        line = bool(has_line) and route
        resolved = neighbours.resolves(named) if line and named else None
        yield checkup.judge_uplink(wan or "the network", has_line, route, resolved)
        trouble, ahead = neighbours.try_hub(hub, self._state / AUTHORITY) if hub else (None, None)
        is_set = status.clock_synchronised() is True or bool(self._config and self._config.host_clock)
        yield checkup.judge_clock(time.time_ns() // 1_000_000, is_set, ahead)
        pair, name = self._state / CERTIFICATE, self._text("node", "name", "")
        holder = certificate_holder(pair)
        yield checkup.judge_certificate(*certificate_days(pair), time.time_ns() // 1_000_000, holder, name)
        if self._config is not None:
            shown = self._agent()
            connected = bool(shown and shown.get("connected"))
            broker = self._config.broker
            failed = None if connected else neighbours.try_broker(broker)
            refused = str(shown.get("refused", "")) if shown else ""
            yield checkup.judge_broker(f"{broker.host}:{broker.port}", connected, failed, line, refused)
        yield checkup.judge_hub(hub, trouble, line)

    def _local(self) -> Iterator[Finding]:
        free, total, writable = room(self._state)
        yield checkup.judge_disk(free, total, writable, str(self._state))
        shown = self._agent()
        states = shown.get("bays") if shown else None
        bays = self._document.get("bays", [])
        configured = [str(bay.get("id")) for bay in bays if isinstance(bay, dict)] if isinstance(bays, list) else []
        yield checkup.judge_sensors(configured, states if isinstance(states, dict) else None)
        power = checkup.judge_power(status.throttled())
        if power is not None:
            yield power

    def _agent(self) -> dict[str, Any] | None:
        try:
            answer = neighbours.ask_line(self._state / "agent.sock", {"kind": "show"})
        except (OSError, ValueError):
            return None
        return answer if answer.get("ok") is True else None

    def _section(self, name: str) -> dict[str, Any]:
        found = self._document.get(name, {})
        return found if isinstance(found, dict) else {}

    def _text(self, section: str, key: str, default: str) -> str:
        value = self._section(section).get(key, default)
        return value if isinstance(value, str) else default


def room(directory: Path) -> tuple[int | None, int, bool]:
    """(MB free, MB in all, whether a file can be written) where the state lies; (None, 0, False) without it."""
    free = status.disk_free_mb(directory)
    if free is None:
        return None, 0, False
    try:
        with tempfile.TemporaryFile(dir=directory) as trial:  # without a name that somebody could have made a link of
            trial.write(b"x" * 4096)
    except PermissionError:
        return free, status.disk_size_mb(directory), True  # somebody without the right to write asks
    except OSError:
        return free, status.disk_size_mb(directory), False
    return free, status.disk_size_mb(directory), True


def certificate_days(file: Path) -> tuple[int | None, int | None]:
    """(from, until) of the certificate itself in ms; (None, None) when it is missing or may not be read."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError, ssl.SSLError):
        return None, None
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def certificate_holder(file: Path) -> str:
    """The name that the hub gave the certificate for; "" without one."""
    from cryptography import x509

    try:
        names = x509.load_pem_x509_certificate(file.read_bytes()).subject.get_attributes_for_oid(
            x509.NameOID.COMMON_NAME
        )
    except (OSError, ValueError, ssl.SSLError):
        return ""
    return str(names[0].value) if names else ""


def _running_leases(file: Path, now_s: int) -> int | None:
    try:
        ends = [line.split()[0] for line in file.read_text(errors="replace").splitlines() if line[:1].isdecimal()]
    except OSError:
        return None
    return sum(1 for end in ends if end.isdecimal() and (int(end) == 0 or int(end) > now_s))
