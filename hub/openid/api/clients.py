"""Services that the town connected."""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.core import audit
from hub.core.db import Session
from hub.openid import rules, store

_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Client:
    """A connected service."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]
    backchannel_uri: str
    secret_hash: str

    @property
    def facts(self) -> rules.ClientFacts:
        """For the rules."""
        return rules.ClientFacts(self.client_id, self.redirect_uris)

    @property
    def sector(self) -> str:
        """The host that subjects belong to (Core 8.1)."""
        return urlsplit(self.redirect_uris[0]).hostname or self.client_id

    def has_secret(self, secret: str) -> bool:
        """Whether this is the client's secret."""
        return hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), self.secret_hash)


@dataclass(frozen=True)
class NewClient:
    """What the service's operator must be told; the secret is shown once."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]


def add_client(
    session: Session, name: str, redirect_uris: list[str], logout_uris: list[str], backchannel_uri: str, now: int
) -> NewClient:
    """Registers a service; ValueError for a bad name or address."""
    if not name.strip() or len(name) > 100 or not redirect_uris:
        raise ValueError("a client needs a name of at most 100 characters and a redirect address")
    for uri in (*redirect_uris, *logout_uris, *([backchannel_uri] if backchannel_uri else [])):
        if problem := rules.redirect_problem(uri):
            raise ValueError(f"{uri}: {problem}")
    made = NewClient(secrets.token_urlsafe(12), secrets.token_urlsafe(32), tuple(redirect_uris))
    store.add_client(
        session,
        client_id=made.client_id,
        name=name.strip(),
        secret_hash=hashlib.sha256(made.client_secret.encode()).hexdigest(),
        redirect_uris=redirect_uris,
        logout_uris=logout_uris,
        backchannel_uri=backchannel_uri,
        created_at=now,
    )
    audit.note(session, "openid.client-added", actor=audit.CLI, subject=f"client:{made.client_id}", now=now)
    return made


def find_client(session: Session, client_id: str) -> Client | None:
    """The client with this id."""
    row = store.client(session, client_id) if _ID.fullmatch(client_id) else None  # PostgreSQL takes no NUL
    if row is None:
        return None
    redirects, logouts = tuple(json.loads(row.redirect_uris)), tuple(json.loads(row.logout_uris))
    return Client(row.client_id, row.name, redirects, logouts, row.backchannel_uri, row.secret_hash)
