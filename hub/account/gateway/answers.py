"""JSON from a server that may be slow, endless or out of its mind."""

import json
import time
from typing import Any

import requests
from urllib3.exceptions import HTTPError

CONNECT_S = 3.0
READ_S = 5.0  # between two pieces of an answer
TOTAL_S = 10.0
MAX_BYTES = 64 * 1024


class UpstreamError(Exception):
    """The provider is away or its answer is not good; the text is for the log and holds nothing secret."""


def fetch(method: str, url: str, **more: Any) -> dict[str, Any]:
    """The object that the server answers with 200; UpstreamError for anything else. Follows no redirect."""
    stop = time.monotonic() + TOTAL_S
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}  # nothing packed, nothing that swells
    try:
        with requests.request(
            method, url, headers=headers, timeout=(CONNECT_S, READ_S), allow_redirects=False, stream=True, **more
        ) as answer:
            body = _read(answer, stop)
    except (requests.RequestException, HTTPError, OSError) as error:
        raise UpstreamError(f"{url} is away: {type(error).__name__}") from error
    return _object(url, answer.status_code, body)


def _read(answer: requests.Response, stop: float) -> bytes:
    body = bytearray()
    while piece := answer.raw.read1(8192, decode_content=False):
        body += piece
        if len(body) > MAX_BYTES:
            raise UpstreamError(f"{answer.url} answers with more than {MAX_BYTES} bytes")
        if time.monotonic() > stop:
            raise UpstreamError(f"{answer.url} is too slow")
    return bytes(body)


def _object(url: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if status != 200:
        said = found.get("error") if isinstance(found, dict) else None
        raise UpstreamError(f"{url} answers {status} {str(said)[:60]!r}")
    if not isinstance(found, dict):
        raise UpstreamError(f"{url} answers with something that is no JSON object")
    return found
