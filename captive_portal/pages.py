"""Rendered pages. What is the same for every visitor is rendered once a minute and kept, compressed too."""

import gzip
import hashlib
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from flask import Response, render_template, request

from captive_portal import rules, view
from captive_portal.bulletin import StateFiles, Uplink
from captive_portal.config import Portal
from captive_portal.words import LANGUAGES, Speech

_MOST_KEPT = 64
_POLICY = "default-src 'none';style-src 'sha256-{}';form-action 'self';base-uri 'none';frame-ancestors 'none'"


class Pages:
    """Renders templates with the town's information in the visitor's language."""

    def __init__(self, portal: Portal, files: StateFiles, line: Callable[[], bool], preview: bool) -> None:
        """`line` says whether this node has a way to the internet at all."""
        self._portal, self._files, self._line, self._preview = portal, files, line, preview
        self.css = Path(__file__).with_name("templates").joinpath("portal.css").read_text("utf-8").strip()
        self._policy = _POLICY.format(b64encode(hashlib.sha256(self.css.encode()).digest()).decode())
        self._kept: dict[object, bytes] = {}
        self._lock = threading.Lock()

    @property
    def granted_s(self) -> int:
        """Seconds that an accept grants."""
        return self._portal.session_minutes * 60

    def send(self, template: str, status: int = 200, *, shared: bool = False, **values: object) -> Response:
        """A page; a `shared` one holds nothing about this visitor but the language."""
        speech, packed = self.speech(), request.accept_encodings["gzip"] > 0
        key = (template, packed, speech.language, _chosen(), self._version(), time.time_ns() // 60_000_000_000)
        page = self._kept.get(key) if shared else None
        if page is None:
            # the picture is an ornament: who takes no compressed page gets one round of TCP without it
            page = self._render(template, speech, {**values, "picture": packed}).encode()
            page = gzip.compress(page, 6) if packed else page
            if shared:
                self._keep(key, page)
        response = Response(page, status, content_type="text/html; charset=utf-8")
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding, Accept-Language"
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Cache-Control"] = "no-store"
        return response

    def uplink(self) -> Uplink:
        """What the agent says about the hub; without a line there is no connection either."""
        return self._files.uplink() if self._line() else Uplink(connected=False)

    def speech(self) -> Speech:
        """The visitor's language: chosen by hand, else the browser's."""
        header = request.headers.get("Accept-Language", "")
        return Speech(rules.choose_language(_chosen(), header, tuple(LANGUAGES)))

    def to(self, path: str) -> str:
        """A link that keeps a language chosen by hand; cookies do not live in log-in windows."""
        chosen = _chosen()
        return f"{path}?lang={chosen}" if chosen else path

    def _render(self, template: str, speech: Speech, values: dict[str, object]) -> str:
        bulletin, portal = self._files.bulletin(), self._portal
        town = view.town(bulletin, self.uplink(), portal.near, speech, time.time_ns() // 1_000_000)
        shared = {
            "css": self.css,
            "town": town,
            "label": portal.label,
            "preview": self._preview,
            "services_url": portal.services_url or town.url,
            "languages": LANGUAGES,
            "speech": speech,
            "say": speech.say,
            "to": self.to,
            "granted": speech.duration(self.granted_s),
        }
        return render_template(template, **shared, **values)

    def _version(self) -> tuple[object, ...]:
        bulletin = self._files.bulletin()
        return bulletin.ts_ms if bulletin else None, self.uplink()

    def _keep(self, key: object, page: bytes) -> None:
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = page


def _chosen() -> str | None:
    wanted = request.args.get("lang") or request.args.get("l")
    return wanted if wanted in LANGUAGES else None
