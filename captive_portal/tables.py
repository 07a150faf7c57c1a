"""Reading single values out of a TOML table; what is wrong with one is said in one sentence."""

import ipaddress
import re
from pathlib import Path

_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
_HOST = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?")


class ConfigError(ValueError):
    """The file cannot be used; the text is one sentence for the technician."""


class Section:
    """One table of the file; every reader gives a checked value or raises ConfigError with the key's name."""

    def __init__(self, document: dict[str, object], name: str) -> None:
        found = document.get(name, {})
        if not isinstance(found, dict):
            raise ConfigError(f"[{name}] must be a table")
        self.name, self.values = name, found

    def fail(self, key: str, sentence: str) -> ConfigError:
        """The error for `key`."""
        return ConfigError(f"[{self.name}] {key} {sentence}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there and not empty."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.fail(key, "must be a text")
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds, both included."""
        value = self.values.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.fail(key, f"must be a whole number from {low} to {high}")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number within bounds, both included."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fail(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, key: str) -> bool:
        """true or false; false when it is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def path(self, key: str, default: Path | None = None) -> Path | None:
        """A file or folder; None when it is missing and there is no default."""
        value = self.text(key, str(default) if default else "")
        return Path(value) if value else None

    def interface(self, key: str) -> str:
        """The name of a network interface."""
        value = self.text(key)
        if not _INTERFACE.fullmatch(value):
            raise self.fail(key, "must be the name of a network interface")
        return value

    def host(self, key: str) -> str:
        """A host name; "" when it is missing."""
        value = self.text(key, "")
        if value and not _HOST.fullmatch(value):
            raise self.fail(key, "is not a host name")
        return value

    def hosts(self, key: str) -> tuple[str, ...]:
        """A list of host names in lower case; empty when it is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) and _HOST.fullmatch(name) for name in value):
            raise self.fail(key, "must be a list of host names")
        return tuple(name.lower() for name in value)

    def url(self, key: str) -> str:
        """A web address; "" when it is missing."""
        value = self.text(key, "")
        if value and not value.startswith(("http://", "https://")):
            raise self.fail(key, "must begin with http:// or https://")
        return value

    def address4(self, key: str) -> ipaddress.IPv4Interface:
        """An IPv4 address with its prefix."""
        try:
            return ipaddress.IPv4Interface(self.text(key))
        except ValueError:
            raise self.fail(key, "must be an address with its prefix, such as 10.77.0.1/16") from None

    def address6(self, key: str) -> ipaddress.IPv6Interface | None:
        """An IPv6 address with its prefix; None when it is missing."""
        value = self.text(key, "")
        try:
            return ipaddress.IPv6Interface(value) if value else None
        except ValueError:
            raise self.fail(key, "must be an address with its prefix, such as fd77:1::1/64") from None

    def listen_port(self, key: str, default: str) -> int:
        """The port of the first of waitress's listen addresses."""
        words = self.text(key, default).split()
        port = words[0].rpartition(":")[2] if words else ""
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise self.fail(key, "must be address:port, such as *:8081")
        return int(port)

    def ports(self, key: str) -> tuple[int, ...]:
        """A list of port numbers; empty when it is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or any(type(port) is not int or not 0 < port < 65536 for port in value):
            raise self.fail(key, "must be a list of port numbers")
        return tuple(value)
