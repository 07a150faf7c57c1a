"""What certificates the hub's own servers really show, and those that lie in its files."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from hub.fleet.rules.certificates import Own

_TIMEOUT_S = 2.0  # the worker waits for it
_PORTS = {"https": 443, "mqtts": 8883}


@dataclass(frozen=True)
class Places:
    """Where to look: name -> address of a server (only https:// and mqtts:// have one), name -> file. `pair` is shown
    to servers that ask for it (certificate, key); `authority` is the town's own certificate."""

    servers: Mapping[str, str]
    files: Mapping[str, Path]
    authority: Path
    pair: tuple[Path, Path] | None = None

    @property
    def names(self) -> list[str]:
        """What there is to see, whether it can be reached now or not."""
        files = [name for name, file in self.files.items() if file.is_file()]
        return [name for name, url in self.servers.items() if urlsplit(url).scheme in _PORTS] + files


def look(places: Places) -> list[Own]:
    """What can be seen now; a server that does not answer is left out."""
    authority = _read(places.authority)
    found = {name: _read(file) for name, file in places.files.items()}
    for name, url in places.servers.items():
        if urlsplit(url).scheme in _PORTS:
            found[name] = _shown(url, places.pair)
    return [_own(name, seen, authority) for name, seen in found.items() if seen is not None]


def _own(name: str, seen: x509.Certificate, authority: x509.Certificate | None) -> Own:
    return Own(name, int(seen.not_valid_after_utc.timestamp()) * 1000, _is_ours(seen, authority))


def _is_ours(seen: x509.Certificate, authority: x509.Certificate | None) -> bool:
    try:
        if authority is not None:
            seen.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return authority is not None


def _read(file: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None


def _shown(url: str, pair: tuple[Path, Path] | None) -> x509.Certificate | None:
    """The certificate that a server shows; it need not be good, it is only read. A machine that does not reach itself
    by its public name is asked over loopback."""
    address = urlsplit(url)
    host = address.hostname or "localhost"
    for where in (host, "127.0.0.1"):
        try:
            return _ask(where, address.port or _PORTS[address.scheme], host, pair)
        except (OSError, ValueError):
            continue
    return None


def _ask(where: str, port: int, name: str, pair: tuple[Path, Path] | None) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if pair is not None:
        context.load_cert_chain(*pair)
    with (
        socket.create_connection((where, port), _TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
