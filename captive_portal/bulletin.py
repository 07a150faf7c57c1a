"""The town's bulletin and the state of the uplink, read from the files that the node's agent replaces atomically.

An entry that cannot be read is left out and counted; an unreadable file leaves the last good one in use.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from captive_portal.rules import LEVELS, Advice, CarPark, Event, News, Office, Text
from edge.wire import MAX_PAYLOAD, parse_ms

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Document:
    """A legal page: its title and (heading, text) sections; `version` names the text that an accept was about."""

    title: Text
    sections: tuple[tuple[Text, Text], ...]
    assumed: bool
    version: str = ""


@dataclass(frozen=True)
class Bulletin:
    """The bulletin as the page uses it; `ts_ms` is when the town wrote it (UTC milliseconds)."""

    ts_ms: int
    town: str
    town_url: str
    timezone: str
    demo: bool
    news: tuple[News, ...] = ()
    events: tuple[Event, ...] = ()
    warnings: tuple[Advice, ...] = ()
    offices: tuple[Office, ...] = ()
    parking: tuple[CarPark, ...] = ()
    legal: dict[str, Document] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True)
class Uplink:
    """Whether the agent reaches the hub, and since when; `connected` is None while nobody knows."""

    connected: bool | None = None
    since_ms: int | None = None


class _Cached(Generic[_Value]):
    """A file parsed once per replacement; what cannot be parsed leaves the last good value."""

    def __init__(self, path: Path, parse: Callable[[dict[str, Any]], _Value], missing: _Value) -> None:
        self._path, self._parse, self._value = path, parse, missing
        self._seen: tuple[int, int, int] | None = None

    def value(self) -> _Value:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._value = self._parse(_read(self._path))
        except (OSError, *_UNREADABLE):
            pass  # the page goes on with what it has and tells how old that is
        return self._value


class StateFiles:
    """Reads bulletin.json and uplink.json of a state directory; parses again only when a file was replaced."""

    def __init__(self, directory: Path) -> None:
        self._bulletin = _Cached[Bulletin | None](directory / "bulletin.json", parse_bulletin, None)
        self._uplink = _Cached(directory / "uplink.json", parse_uplink, Uplink())

    def bulletin(self) -> Bulletin | None:
        """The newest readable bulletin, or None if this node has never had one."""
        return self._bulletin.value()

    def uplink(self) -> Uplink:
        """What the agent last said about its connection."""
        return self._uplink.value()


def parse_uplink(body: dict[str, Any]) -> Uplink:
    """Uplink out of the agent's file; TypeError for another shape."""
    connected, since = body.get("connected"), body.get("since")
    if not isinstance(connected, bool):
        raise TypeError("connected must be true or false")
    return Uplink(connected, parse_ms(since) if isinstance(since, str) else None)


def parse_bulletin(body: dict[str, Any]) -> Bulletin:
    """Bulletin out of the wire payload; TypeError, KeyError or ValueError if town or time are unreadable."""
    town, lists = body["town"], _Entries(body)
    return Bulletin(
        ts_ms=parse_ms(body["ts"]),
        town=_string(town["name"]),
        town_url=_web_address(town.get("url")),
        timezone=_string(town["timezone"]),
        demo=town.get("demo") is not False,
        news=lists.read("news", _news),
        events=lists.read("events", _event),
        warnings=lists.read("warnings", _advice),
        offices=lists.read("offices", _office),
        parking=lists.read("parking", _car_park),
        legal=_legal(body.get("legal")),
        left_out=lists.left_out,
    )


class _Entries:
    """Reads the bulletin's lists entry by entry and counts what it had to leave out."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body, self.left_out = body, 0

    def read(self, name: str, parse: Callable[[dict[str, Any]], _Value]) -> tuple[_Value, ...]:
        entries, found = self._body.get(name), []
        for entry in entries if isinstance(entries, list) else []:
            try:
                found.append(parse(entry))
            except _UNREADABLE:
                self.left_out += 1
        return tuple(found)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        payload = file.read(MAX_PAYLOAD + 1)
    body = json.loads(payload) if len(payload) <= MAX_PAYLOAD else None
    if not isinstance(body, dict):
        raise TypeError("not a JSON object of at most 64 KiB")
    return body


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _web_address(value: object) -> str:
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) else ""


def _secure_address(value: object) -> str:
    return value if isinstance(value, str) and value.startswith("https://") else ""


def _text(value: object) -> Text:
    if not isinstance(value, dict):
        raise TypeError("not a text in languages")
    return Text({_string(language): _string(words) for language, words in value.items()})


def _assumed(entry: dict[str, Any]) -> bool:
    return entry.get("assumed") is True


def _news(entry: dict[str, Any]) -> News:
    return News(_text(entry["title"]), _text(entry["text"]), date.fromisoformat(entry["date"]), _assumed(entry))


def _event(entry: dict[str, Any]) -> Event:
    end, time = entry.get("end"), entry.get("time")
    return Event(
        title=_text(entry["title"]),
        place=_text(entry["place"]),
        start=date.fromisoformat(entry["start"]),
        end=date.fromisoformat(end) if end else None,
        time=_string(time) if time else "",
        kind=_string(entry.get("kind") or ""),
        assumed=_assumed(entry),
        stream=_secure_address(entry.get("stream")),
    )


def _advice(entry: dict[str, Any]) -> Advice:
    until, level = entry.get("until"), entry["level"]
    return Advice(
        level=level if level in LEVELS else "warning",
        title=_text(entry["title"]),
        text=_text(entry["text"]),
        until_ms=parse_ms(until) if until else None,
        assumed=_assumed(entry),
    )


def _office(entry: dict[str, Any]) -> Office:
    intervals = tuple((parse_ms(start), parse_ms(end)) for start, end in entry["open"])
    kind = _string(entry.get("kind") or "")
    return Office(_text(entry["name"]), _string(entry["address"]), intervals, _assumed(entry), kind)


def _car_park(entry: dict[str, Any]) -> CarPark:
    capacity, free = entry["capacity"], entry.get("free")
    if type(capacity) is not int or capacity <= 0 or not (free is None or (type(free) is int and free >= 0)):
        raise ValueError("not a number of bays")
    return CarPark(
        name=_text(entry["name"]),
        tariff=_text(entry.get("tariff") or {}),
        lat=float(entry["lat"]),
        lon=float(entry["lon"]),
        capacity=capacity,
        free=free,
        assumed=_assumed(entry),
    )


def _legal(value: object) -> dict[str, Document]:
    found = {}
    for name, entry in value.items() if isinstance(value, dict) else ():
        try:
            sections = tuple((_text(part["heading"]), _text(part["text"])) for part in entry["sections"])
            version = entry.get("version")
            found[name] = Document(
                _text(entry["title"]), sections, _assumed(entry), version if isinstance(version, str) else ""
            )
        except _UNREADABLE:
            continue
    return found
