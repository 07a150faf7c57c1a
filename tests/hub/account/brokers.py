"""Brokers as processes of their own, a hub that trusts one, and a person who travels between the two."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.account import api
from hub.account.api.upstream import Identity
from hub.account.store import people
from hub.app import create_app
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.settings import Settings
from tests import ready
from tests.hub.account import hostile
from tests.servers import free_port, wait_for_port

# whom the mock knows, and how surely
PEOPLE = {
    "erika": "STORK-QAA-Level-3",
    "jonas": "STORK-QAA-Level-3",
    "basis": "STORK-QAA-Level-1",
    "hoch": "STORK-QAA-Level-4",
    "kurz": "STORK-QAA-3",
    "eidas": "http://eidas.europa.eu/LoA/substantial",
    "fremd": "urn:somebody:else",
}


@contextmanager
def program(*arguments: str) -> Iterator[str]:
    """A broker's process; its address."""
    port = free_port()
    command = [sys.executable, "-m", *(one.replace("PORT", str(port)) for one in arguments)]
    process = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def mock() -> Any:
    """oidc-provider-mock with the people above."""
    users = [
        word
        for sub, acr in PEOPLE.items()
        for word in ("--user-claims", json.dumps({"sub": sub, "acr": acr, "name": f"{sub.title()} Muster"}))
    ]
    return program("oidc_provider_mock", "-p", "PORT", "--require-nonce", "true", *users)


def hostile_broker() -> Any:
    """The broker with faults."""
    return program("tests.hub.account.hostile", "PORT")


def settings(directory: Path, issuer: str, client_id: str = "stadtknoten") -> Settings:
    """A hub that trusts this broker."""
    secret = directory / "bundid.secret"
    secret.touch(0o600)
    secret.write_text(hostile.SECRET + "\n")
    return Settings(
        state_dir=directory,
        public_url="http://localhost:8080",
        bundid_issuer=issuer,
        bundid_client_id=client_id,
        bundid_client_secret_file=secret,
    )


@contextmanager
def hub(directory: Path, issuer: str, client_id: str = "stadtknoten") -> Iterator[flask.Flask]:
    """The web application."""
    chosen = settings(directory, issuer, client_id)
    ready.migrate(chosen)
    made = create_app(chosen)
    yield made
    made.extensions["database"].close()


@dataclass
class Traveller:
    """A person's browser at the hub; `issuer` is the broker."""

    client: FlaskClient
    issuer: str
    database: Database

    def log_in(self, person_id: int, methods: tuple[str, ...] = ("swk", "user"), now: int | None = None) -> None:
        """A session without any page."""
        proof = api.Proof(person_id, frozenset(methods), trusted=True)
        at = now_ms() if now is None else now
        self.client.set_cookie("sk_session", self.database.write(lambda s: api.sessions.open_session(s, proof, at)))

    def log_out(self) -> None:
        self.client.delete_cookie("sk_session")

    def set_out(self, target: str = "", level: int = 1) -> str:
        """Presses the button; the address at the broker."""
        answer = self.client.get("/anmelden/bundid", query_string={"next": target, "level": level})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def at_the_broker(self, address: str, who: str = "") -> str:
        """Logs in there (the mock asks who one is); the path and query that lead back to the hub."""
        if who:
            answer = requests.post(address, data={"sub": who}, allow_redirects=False, timeout=10)
        else:
            answer = requests.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert (back.netloc, back.path) == ("localhost:8080", "/anmelden/bundid/zurueck")
        return f"{back.path}?{back.query}"

    def trip(self, who: str = "", target: str = "", level: int = 1) -> TestResponse:
        """There and back."""
        return self.client.get(self.at_the_broker(self.set_out(target, level), who))

    def link(self, page: str) -> TestResponse:
        """Opens the page that asks and says yes."""
        shown = self.client.get(page)
        assert shown.status_code == 200, shown.text
        return self.client.post("/anmelden/bundid/verbinden", data=fields(shown.text, "/anmelden/bundid/verbinden"))

    def person(self) -> api.Person | None:
        """Who is logged in."""
        cookie = self.client.get_cookie("sk_session")
        return api.sessions.session_person(self.database, cookie.value, now_ms()) if cookie is not None else None


def fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    form = html.split(f'action="{action}"')[1].split("</form>", maxsplit=1)[0]
    tags = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in tags}


def linked(database: Database, person_id: int, issuer: str, subject: str, level: api.Level) -> None:
    """Links an identity without a trip."""
    now = now_ms()
    identity = Identity(issuer, subject, level, "", now)

    def work(session) -> None:
        person = api.find(session, person_id)
        assert person is not None
        api.upstream.link(session, person, identity, f"ticket of {subject} {now}", now)

    database.write(work)


def owner(database: Database, issuer: str, subject: str) -> int | None:
    """Whose identity it is."""
    with database.read() as session:
        row = people.identity(session, issuer, subject)
        return row.person_id if row is not None else None


def path(answer: TestResponse) -> str:
    """Where an answer leads, without its query."""
    return urlsplit(answer.headers.get("Location", "")).path
