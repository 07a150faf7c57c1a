"""Outside the house: pushing the car parks to an aggregator that speaks ParkAPI v3."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.auth import HTTPBasicAuth

_CONNECT_S, _READ_S, _WHOLE_S = 5.0, 15.0, 30.0
_MOST_BYTES = 64 * 1024  # of an answer


class PushFailedError(Exception):
    """The aggregator did not take it, in words without secrets; `again`: whether another try may change that."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again


@dataclass(frozen=True)
class Aggregator:
    """Where to push, and as whom (HTTP Basic)."""

    url: str
    user: str
    password: str

    @classmethod
    def from_address(cls, address: str, password: str | None = None) -> "Aggregator":
        """https://user:password@host/path; a password given beside it counts before one in the address."""
        parts = urlsplit(address)
        place = parts.netloc.rpartition("@")[2]
        known = password if password is not None else unquote(parts.password or "")
        return cls(urlunsplit((parts.scheme, place, parts.path, parts.query, "")), unquote(parts.username or ""), known)

    @property
    def host(self) -> str:
        """The name of the machine, for messages."""
        return urlsplit(self.url).hostname or ""

    def push(self, body: Mapping[str, Any]) -> None:
        """One POST without redirects, at most half a minute; PushFailedError says why it was not taken."""
        end = time.monotonic() + _WHOLE_S
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a .netrc of this machine
            try:
                answer = session.post(
                    self.url,
                    data=json.dumps(body, ensure_ascii=False).encode(),
                    headers={"Content-Type": "application/json"},
                    auth=HTTPBasicAuth(self.user.encode(), self.password.encode()),
                    timeout=(_CONNECT_S, _READ_S),
                    allow_redirects=False,
                    stream=True,
                )
                said = _read(answer, end)
            except requests.Timeout:
                raise PushFailedError(f"{self.host} did not answer in time") from None
            except requests.RequestException as error:
                raise PushFailedError(f"{self.host} could not be reached ({type(error).__name__})") from None
        self._judge(answer.status_code, said)

    def _judge(self, code: int, said: bytes) -> None:
        errors = _errors(said)
        if code in (401, 403):
            raise PushFailedError(f"{self.host} refused user name or password ({code})", again=False)
        if not 200 <= code < 300:
            about = f": {errors[0]}" if errors else ""
            raise PushFailedError(f"{self.host} answered {code}{about}", again=code >= 500 or code in (408, 429))
        if errors:
            raise PushFailedError(f"{self.host} refused {len(errors)} car parks: {errors[0]}", again=False)


def _read(answer: requests.Response, end: float) -> bytes:
    """The beginning of the body; a body that drips is a time-out."""
    found = b""
    for piece in iter(lambda: answer.raw.read1(4096, decode_content=True), b""):
        found += piece
        if time.monotonic() > end:
            raise requests.Timeout
        if len(found) >= _MOST_BYTES:
            break
    return found[:_MOST_BYTES]


def _errors(said: bytes) -> list[str]:
    """What an answer in JSON says under "errors", each in one short line."""
    try:
        found = json.loads(said)
    except ValueError:
        return []
    errors = found.get("errors") if isinstance(found, dict) else None
    entries = errors if isinstance(errors, list) else [errors] if errors else []
    return [_line(entry) for entry in entries]


def _line(entry: object) -> str:
    text = str(entry.get("message", entry)) if isinstance(entry, dict) else str(entry)
    return "".join(character if character.isprintable() else " " for character in text)[:100]
