"""What the hub asked for: an id and an address; a file in <state>/update."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from edge import files

_ID, _URL = re.compile(r"[A-Za-z0-9-]{1,40}"), re.compile(r"https?://[!-~]{1,300}")
FILE = "order.json"


@dataclass(frozen=True)
class Order:
    """`url` is where manifest.json, manifest.sig and the parts lie."""

    id: str
    url: str


def parsed(body: object) -> Order | None:
    """The order out of a message or file; None for anything else."""
    if not isinstance(body, dict):
        return None
    identity, url = body.get("id"), body.get("url")
    if not isinstance(identity, str) or not isinstance(url, str):
        return None
    if not _ID.fullmatch(identity) or not _URL.fullmatch(url):
        return None
    return Order(identity, url.rstrip("/"))


def load(directory: Path, name: str = FILE) -> Order | None:
    """The order that was kept."""
    try:
        return parsed(json.loads((directory / name).read_bytes()[:10_000]))
    except (OSError, ValueError):
        return None


def save(directory: Path, order: Order, name: str = FILE) -> None:
    """Durable before it returns."""
    files.replace(directory / name, json.dumps(asdict(order)).encode())
