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


def consent_of(session: Session, person_id: int, client_id: str) -> rules.Consent:
    """What the person agreed to earlier, and what not."""
    row = store.consent(session, person_id, client_id)
    if row is None:
        return rules.Consent()
    return rules.Consent(frozenset(row.scope.split()), frozenset(row.declined.split()))


def agree(
    session: Session, person: Person, client: Client, asked: frozenset[str], given: frozenset[str], now: int
) -> None:
    """The person lets the service see what is `given` of what it asked for. Tokens that it has shrink with it."""
    made = rules.decide(consent_of(session, person.id, client.client_id), asked, given)
    scope, declined = " ".join(sorted(made.agreed)), " ".join(sorted(made.declined))
    store.set_consent(session, person.id, client.client_id, scope, declined, now)
    subject = f"client:{client.client_id}"
    audit.note(session, "openid.consent", actor=f"person:{person.id}", subject=subject, now=now)


def issue_code(session: Session, person: Person, request: rules.AuthorizationRequest, now: int) -> str:
    """A code for one exchange within a minute, for what the person agreed to."""
    code, grant_id = secrets.token_urlsafe(32), secrets.token_urlsafe(18)
    scopes = request.scopes & consent_of(session, person.id, request.client_id).agreed
    store.add_grant(
        session,
        id=grant_id,
        client_id=request.client_id,
        person_id=person.id,
        session_id=person.session_id,
        scope=" ".join(sorted(scopes)),
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


def find_pushed(session: Session, client_id: str, request_uri: str, now: int) -> dict[str, list[str]] | None:
    """A pushed request's parameters; None when it is unknown, answered, over or another client's."""
    row = store.pushed(session, digest(request_uri.removeprefix(PUSHED)))
    if row is None or row.client_id != client_id or row.expires_at <= now:
        return None
    found: dict[str, list[str]] = json.loads(row.parameters)
    return found


def begin_pushed(session: Session, request_uri: str, now: int) -> None:
    """The person has arrived with it and may take the time that a log-in takes."""
    store.begin_pushed(session, digest(request_uri.removeprefix(PUSHED)), now, now + rules.JOURNEY_MS)


def end_pushed(session: Session, request_uri: str) -> None:
    """The service has its answer; nobody gets a second one (RFC 9126, 7.3)."""
    store.remove_pushed(session, digest(request_uri.removeprefix(PUSHED)))
