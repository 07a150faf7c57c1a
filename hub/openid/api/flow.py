"""From the person's yes to a code; pushed requests."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence

from hub.account.api import Person
from hub.core import audit
from hub.core.db import Session
from hub.openid import rules, store
from hub.openid.api.clients import Client

PUSHED = "urn:ietf:params:oauth:request_uri:"


def digest(secret: str) -> str:
    """SHA-256 of a code or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def allowed_scopes(session: Session, person_id: int, client_id: str) -> frozenset[str]:
    """What the person agreed to earlier."""
    row = store.consent(session, person_id, client_id)
    return frozenset(row.scope.split()) if row is not None else frozenset()


def agree(session: Session, person: Person, client: Client, scopes: frozenset[str], now: int) -> None:
    """The person lets the service see these."""
    known = allowed_scopes(session, person.id, client.client_id)
    store.set_consent(session, person.id, client.client_id, " ".join(sorted(known | scopes)), now)
    subject = f"client:{client.client_id}"
    audit.note(session, "openid.consent", actor=f"person:{person.id}", subject=subject, now=now)


def issue_code(session: Session, person: Person, request: rules.AuthorizationRequest, now: int) -> str:
    """A code for one exchange within a minute."""
    code, grant_id = secrets.token_urlsafe(32), secrets.token_urlsafe(18)
    store.add_grant(
        session,
        id=grant_id,
        client_id=request.client_id,
        person_id=person.id,
        session_id=person.session_id,
        scope=" ".join(sorted(request.scopes)),
        auth_time=person.authenticated_at // 1000,
        acr=rules.acr_of(person.level),
        amr=" ".join(sorted(person.methods)),
        created_at=now,
        used_at=now,
    )
    store.add_code(
        session,
        digest=digest(code),
        grant_id=grant_id,
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        challenge=request.challenge,
        expires_at=now + rules.CODE_MS,
    )
    return code


def push(session: Session, client: Client, parameters: Mapping[str, Sequence[str]], now: int) -> str:
    """Keeps a request (RFC 9126); returns its request_uri."""
    name = secrets.token_urlsafe(24)
    store.add_pushed(
        session,
        digest=digest(name),
        client_id=client.client_id,
        parameters=json.dumps({key: list(found) for key, found in parameters.items()}),
        expires_at=now + rules.PUSHED_MS,
    )
    return PUSHED + name


def take_pushed(session: Session, client_id: str, request_uri: str, now: int) -> dict[str, list[str]] | None:
    """A pushed request's parameters; None when it is unknown, over or another client's."""
    row = store.pushed(session, digest(request_uri.removeprefix(PUSHED)))
    if row is None or row.client_id != client_id or row.expires_at <= now:
        return None
    found: dict[str, list[str]] = json.loads(row.parameters)
    return found
