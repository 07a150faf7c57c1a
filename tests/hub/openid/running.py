"""A hub that runs, services that are registered with it by command, and people with browsers, all over HTTP."""

import base64
import hashlib
import html
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import psutil
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from hub import setup
from hub.account import api as account
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.openid import api as openid
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import PASSWORD, register
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

ROSA, OTTO = "rosa@example.org", "otto@example.org"
CALLBACK, LOGGED_OUT = "https://pool.example/cb", "https://pool.example/bye"
_TIMEOUT_S = 30


class Provider:
    """Web and worker of a hub on SQLite; Rosa has a password, Otto has none."""

    def __init__(self, directory: Path) -> None:
        self.settings = Settings(state_dir=directory, port=free_port(), live_port=free_port())
        self.url = f"http://localhost:{self.settings.port}"
        ready.migrate(self.settings)
        setup.seed(self.settings)
        self.database = Database(self.settings.database)
        register(self.database, ROSA, now=now_ms())
        register(self.database, OTTO, password=None, now=now_ms())
        self.environment = {
            "HUB_STATE_DIR": str(directory),
            "HUB_PORT": str(self.settings.port),
            "HUB_LIVE_PORT": str(self.settings.live_port),
            "HUB_PUBLIC_URL": self.url,
            "HUB_BROKER_URL": f"mqtt://127.0.0.1:{free_port()}",
        }
        self.parts = [Process(["-m", "hub", "serve", "--only", part], self.environment) for part in ("web", "worker")]
        assert wait_for_port(self.settings.port)

    def kill_and_restart(self) -> None:
        """The web server dies without a farewell and starts again: what it only remembered is gone."""
        workers = psutil.Process(self.parts[0].process.pid).children(recursive=True)  # they outlive their parent
        self.parts[0].kill()
        for worker in workers:
            worker.kill()
            worker.wait(10)
        self.parts[0].start()
        assert wait_for_port(self.settings.port)

    def stop(self) -> None:
        """Ends everything."""
        for part in self.parts:
            part.stop()
        self.database.close()

    def change(self, statement: str, **values: object) -> None:
        """One statement on the hub's database: time that passes, seen from the rows."""
        self.database.write(lambda session: session.execute(text(statement), values) and None)

    def add_client(self, name: str = "Thermalbad") -> "Service":
        """Registers a service, without the command's second."""
        made = self.database.write(lambda s: openid.add_client(s, name, [CALLBACK], [LOGGED_OUT], "", now_ms()))
        return Service(self.url, made.client_id, made.client_secret)

    def command_client(self, *more: str, name: str = "Thermalbad", redirect: str = CALLBACK) -> "Service":
        """Registers a service as an operator does."""
        command = [sys.executable, "-m", "hub", "account", "add-client", "--json", "--name", name]
        done = subprocess.run(
            [*command, "--redirect-uri", redirect, "--post-logout-uri", LOGGED_OUT, *more],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        facts = json.loads(done.stdout)
        return Service(self.url, facts["client_id"], facts["client_secret"], redirect)


@contextmanager
def running(directory: Path) -> Iterator[Provider]:
    """A provider that ends with the block."""
    provider = Provider(directory)
    try:
        yield provider
    finally:
        provider.stop()


@dataclass
class Service:
    """A connected service; it speaks to the hub's machine endpoints."""

    url: str
    client_id: str
    client_secret: str
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def basic(self) -> tuple[str, str]:
        return self.client_id, self.client_secret

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def parameters(self, **more: str | None) -> dict[str, str]:
        """An authorization request; None leaves a parameter out."""
        values: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "st",
            "nonce": "no",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in values.items() if value is not None}

    def post(self, path: str, data: Any, **more: Any) -> requests.Response:
        """A form to a machine endpoint, with the client's secret unless `auth` says otherwise."""
        options = {"auth": self.basic, "timeout": _TIMEOUT_S, "allow_redirects": False, **more}
        return requests.post(f"{self.url}{path}", data=data, **options)

    def exchange(self, code: str, /, *, options: dict[str, Any] | None = None, **more: str | None) -> requests.Response:
        """A code for tokens."""
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **more,
        }
        data = {name: value for name, value in values.items() if value is not None}
        return self.post("/oauth/token", data, **(options or {}))

    def refresh(self, token: str, **more: str) -> requests.Response:
        """A refresh token for new tokens."""
        return self.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token, **more})

    def userinfo(self, token: str) -> requests.Response:
        """Claims for an access token."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}/oauth/userinfo", headers=headers, timeout=_TIMEOUT_S)

    def published(self) -> list[dict[str, str]]:
        """The key set as it is published."""
        found: list[dict[str, str]] = requests.get(f"{self.url}/oauth/jwks", timeout=_TIMEOUT_S).json()["keys"]
        return found

    def claims(self, id_token: str) -> dict[str, Any]:
        """What a token says, its signature checked against the published keys."""
        checked = jwt.decode(id_token, KeySet.import_key_set({"keys": self.published()}), algorithms=["ES256"])
        assert checked.header["alg"] == "ES256"
        claims: dict[str, Any] = checked.claims
        return claims


class Visitor:
    """A person's browser: cookies, forms, no redirect followed unless asked."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.url = provider, provider.url
        self.web = requests.Session()

    def get(self, path: str, query: Any = None) -> requests.Response:
        """A page of the hub."""
        return self.web.get(urljoin(self.url, path), params=query, allow_redirects=False, timeout=_TIMEOUT_S)

    def send(self, page: requests.Response, action: str, **fields: Any) -> requests.Response:
        """Sends the form of a page that goes to `action`, its hidden and ticked fields included."""
        form = next(one for one in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'action="{action}"' in one)
        values: dict[str, Any] = {}
        for tag in re.findall(r"<input[^>]*>", form):
            facts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if facts.get("type") == "hidden" or (facts.get("type") == "checkbox" and " checked" in tag):
                values.setdefault(facts["name"], []).append(html.unescape(facts.get("value", "")))
        values |= {name: value for name, value in fields.items() if value is not None}
        values = {name: value for name, value in values.items() if fields.get(name, "") is not None}
        return self.web.post(urljoin(self.url, action), data=values, allow_redirects=False, timeout=_TIMEOUT_S)

    def log_in(self, mail: str = ROSA, methods: tuple[str, ...] = ("pwd",)) -> "Visitor":
        """A session without the forms."""
        with self.provider.database.read() as session:
            person = account.find_by_name(session, mail)
        assert person is not None
        proof = account.Proof(person.id, frozenset(methods), trusted=True)
        token = self.provider.database.write(lambda s: account.sessions.open_session(s, proof, now_ms()))
        self.web.cookies.set("sk_session", token, domain="localhost.local")
        return self

    def log_out(self) -> None:
        """Forgets the cookie."""
        self.web.cookies.clear()

    def type_password(self, page: requests.Response, mail: str = ROSA) -> requests.Response:
        """Fills in the form of the log-in, or of the page that asks once more."""
        return self.send(page, "/anmelden", name=mail, password=PASSWORD)

    def authorize(self, service: Service, **more: str | None) -> requests.Response:
        """Arrives with a service's request."""
        return self.get("/oauth/authorize", service.parameters(**more))

    def agree(self, page: requests.Response, **fields: Any) -> requests.Response:
        """Presses the button under the question."""
        return self.send(page, "/oauth/consent", **{"answer": "yes", **fields})

    def code(self, service: Service, **more: str | None) -> str:
        """A code, with the consent given on the way."""
        answer = self.authorize(service, **more)
        return sent(self.agree(answer) if answer.status_code == 200 else answer)["code"]

    def tokens(self, service: Service, **more: str | None) -> dict[str, Any]:
        """The whole way to tokens."""
        answer = service.exchange(self.code(service, **more))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def sent(answer: requests.Response, to: str = CALLBACK) -> dict[str, str]:
    """What the service receives at its address, each value once."""
    assert answer.status_code in (302, 303), (answer.status_code, answer.text[-800:])
    location = urlsplit(answer.headers["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == to, answer.headers["Location"]
    found = parse_qs(location.query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def where(answer: requests.Response) -> str:
    """The path that a redirect inside the hub leads to."""
    assert answer.status_code == 303, (answer.status_code, answer.text[-800:])
    return urlsplit(answer.headers["Location"]).path
