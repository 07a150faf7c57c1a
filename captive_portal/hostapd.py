"""hostapd's control socket, spoken directly: a datagram out, a datagram back. `hostapd_cli` is the reference."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 3.0
_LONGEST = 64 * 1024
_MOST_STATIONS = 2048
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_EVENT = re.compile(r"<\d>(\S+)")


class HostapdError(OSError):
    """hostapd is away or refused; the text says which."""


@dataclass(frozen=True)
class Station:
    """An associated device: no address leaves this module. Figures that the driver does not give are None."""

    signal_dbm: int | None
    connected_s: int | None
    received_bytes: int | None
    sent_bytes: int | None


class Control:
    """One interface of a running hostapd, by its socket file such as /run/hostapd/wlan0."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, command: str) -> str:
        """hostapd's answer to one command; HostapdError if there is none or it is FAIL."""
        with self._connected() as connection:
            return _answered(connection, command)

    def status(self) -> dict[str, str]:
        """STATUS as key -> value."""
        return parse_pairs(self.ask("STATUS"))

    def stations(self) -> list[Station]:
        """Every associated device."""
        found, seen = [], set[str]()
        with self._connected() as connection:
            text = _answered(connection, "STA-FIRST")
            while (address := _address_of(text)) and address not in seen and len(seen) < _MOST_STATIONS:
                seen.add(address)
                found.append(parse_station(text))
                text = _answered(connection, f"STA-NEXT {address}")
        return found

    def events(self) -> Iterator[str]:
        """Names of what happens (AP-STA-CONNECTED, AP-DISABLED ...), for ever; attaches again after a restart."""
        while True:
            with contextlib.suppress(OSError), self._connected() as connection:
                _answered(connection, "ATTACH")
                yield "ATTACHED"
                yield from _listen(connection)
            yield "LOST"
            time.sleep(1)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.bind("")  # the kernel gives a name without a file, so nothing is left behind
            try:
                connection.connect(str(self._path))
            except OSError as error:
                raise HostapdError(f"hostapd is not there: {error.strerror}") from None
            yield connection


def _answered(connection: socket.socket, command: str) -> str:
    try:
        connection.send(command.encode())
        while True:
            text = connection.recv(_LONGEST).decode("utf-8", "replace")
            if not _EVENT.match(text):  # an event may come before the answer
                break
    except OSError as error:
        raise HostapdError(f"hostapd does not answer {command.split(maxsplit=1)[0]}: {error}") from None
    if text.strip() in ("FAIL", "UNKNOWN COMMAND"):
        if command.startswith("STA-"):
            return ""  # no (further) station
        raise HostapdError(f"hostapd refused {command.split(maxsplit=1)[0]}")
    return text


def _listen(connection: socket.socket) -> Iterator[str]:
    """Events until hostapd is gone: silence is checked with a PING."""
    while True:
        try:
            text = connection.recv(_LONGEST).decode("utf-8", "replace")
        except TimeoutError:
            connection.send(b"PING")
            continue
        if found := _EVENT.match(text):
            yield found[1]


def parse_pairs(text: str) -> dict[str, str]:
    """key=value lines; other lines are passed over."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def parse_station(text: str) -> Station:
    """One device out of an STA-FIRST or STA-NEXT answer."""
    pairs = parse_pairs(text)
    names = ("signal", "connected_time", "rx_bytes", "tx_bytes")
    signal, connected, received, sent = (_number(pairs.get(name, "")) for name in names)
    return Station(signal, connected, received, sent)


def count_of(status: dict[str, str]) -> int | None:
    """The sum of num_sta[n] over all of hostapd's networks; None if the status holds none."""
    counts = [_number(value) for key, value in status.items() if key.startswith("num_sta[")]
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else None


def stations(directory: Path | None, interface: str) -> int | None:
    """Devices associated on all networks of `interface`; None where no hostapd is configured or it does not answer."""
    if directory is None:
        return None
    try:
        return count_of(Control(directory / interface).status())
    except OSError:
        return None


def _address_of(text: str) -> str | None:
    first = text.split("\n", 1)[0].strip()
    return first if _MAC.fullmatch(first) else None


def _number(text: str) -> int | None:
    found = re.match(r"-?\d{1,18}", text.strip())
    return int(found[0]) if found else None
