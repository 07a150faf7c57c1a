"""A service that logs people in with the town's account, and a person with a browser, over Flask's test client."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from hub.account import api as account
from hub.core import clock
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.openid import api
from hub.openid.web import ground
from tests.hub.web.conftest import form_token

MAIL = "rosa@example.org"
CALLBACK, LOGGED_OUT = "https://pool.example/cb", "https://pool.example/bye"


@dataclass
class Service:
    """The pool."""

    client: FlaskClient
    facts: api.NewClient
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    @property
    def basic(self) -> dict[str, str]:
        pair = f"{self.facts.client_id}:{self.facts.client_secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def parameters(self, **more: str | None) -> dict[str, str]:
        values: dict[str, str | None] = {
            "client_id": self.facts.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "st",
            "nonce": "no",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in values.items() if value is not None}

    def authorize(self, **more: str | None) -> TestResponse:
        return self.client.get("/oauth/authorize", query_string=self.parameters(**more))

    def code(self, **more: str | None) -> str:
        """A code, with the consent given on the way."""
        answer = self.authorize(**more)
        if answer.status_code == 200:
            answer = self.agree(answer)
        return sent(answer)["code"]

    def agree(self, page: TestResponse, answer: str = "yes") -> TestResponse:
        ticket = page.text.split('name="ticket" value="')[1].split('"')[0]
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        ticked = re.findall(r'name="scope" value="(\w+)" checked', page.text)
        fields = {"csrf": token, "ticket": ticket, "answer": answer, "scope": ticked}
        return self.client.post("/oauth/consent", data=fields)

    def exchange(self, brought: str, **more: str | None) -> TestResponse:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": brought,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **more,
        }
        data = {name: value for name, value in values.items() if value is not None}
        return self.client.post("/oauth/token", data=data, headers=self.basic)

    def refresh(self, token: str, **more: str) -> TestResponse:
        data = {"grant_type": "refresh_token", "refresh_token": token, **more}
        return self.client.post("/oauth/token", data=data, headers=self.basic)

    def userinfo(self, token: str) -> TestResponse:
        return self.client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})

    def claims(self, id_token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(self.client.get("/oauth/jwks").json)
        found: dict[str, Any] = jwt.decode(id_token, keys, algorithms=["ES256"]).claims
        return found


def sent(answer: TestResponse) -> dict[str, str]:
    """What the service receives at its address."""
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    return {name: found[0] for name, found in parse_qs(location.query).items()}


def connect(database: Database, client: FlaskClient, name: str = "Thermalbad") -> Service:
    """Registers a service."""
    made = database.write(lambda s: api.add_client(s, name, [CALLBACK], [LOGGED_OUT], "", now_ms()))
    return Service(client, made)


def log_in(database: Database, client: FlaskClient, mail: str, methods: tuple[str, ...] = ("swk", "user")) -> str:
    """A session as somebody; returns its token."""
    with database.read() as session:
        person = account.find_by_name(session, mail)
    assert person is not None
    proof = account.Proof(person.id, frozenset(methods), trusted=True)
    token = database.write(lambda s: account.sessions.open_session(s, proof, now_ms()))
    client.set_cookie("sk_session", token)
    return token


__all__ = ["CALLBACK", "LOGGED_OUT", "Service", "connect", "form_token", "log_in", "sent"]


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The provider's clock, that many seconds from now."""
    moment = clock.now_ms() + int(seconds * 1000)
    monkeypatch.setattr(ground, "now", lambda: moment)
