"""Codes become tokens once; refresh tokens rotate; whatever is used twice ends everything that came of it."""

from dataclasses import dataclass

from hub.account import api as account
from hub.core import audit
from hub.core.db import Session
from hub.openid import rules, store
from hub.openid.api.flow import consent_of, digest
from hub.openid.api.keys import tidy_keys

_KEEP_MS = 30 * 86_400_000


@dataclass(frozen=True)
class CodeUse:
    """What a code stands for. `auth_time` in s."""

    grant_id: str
    client_id: str
    person_id: int
    session_id: str
    redirect_uri: str
    nonce: str
    challenge: str
    scope: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True)
class Access:
    """What a token stands for."""

    grant_id: str
    client_id: str
    person_id: int
    session_id: str
    scope: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]


def spend_code(session: Session, client_id: str, code: str, now: int) -> CodeUse | None:
    """The code's facts, once. A second use, however late, revokes the tokens of the first (RFC 6749, 4.1.2)."""
    found = store.code(session, digest(code))
    if found is None or found.grant.client_id != client_id:
        return None
    if not store.use_code(session, found.row.digest, now):
        _revoke(session, found.grant, "openid.code-reused", now)
        return None
    if found.row.expires_at <= now or found.grant.revoked_at:
        return None
    grant, row = found.grant, found.row
    access = _access(session, grant, grant.scope)
    return CodeUse(redirect_uri=row.redirect_uri, nonce=row.nonce, challenge=row.challenge, **access.__dict__)


def store_tokens(
    session: Session, grant_id: str, scope: str, access_token: str, refresh_token: str | None, now: int
) -> bool:
    """Keeps new tokens; False when the grant was revoked meanwhile (a code that was used twice at once)."""
    grant = store.grant(session, grant_id)
    if grant is None or grant.revoked_at:
        return False
    until = now + rules.ACCESS_S * 1000
    store.add_token(
        session, digest=digest(access_token), grant_id=grant_id, kind="access", scope=scope, expires_at=until
    )
    if refresh_token:
        store.add_token(
            session,
            digest=digest(refresh_token),
            grant_id=grant_id,
            kind="refresh",
            scope=grant.scope,
            expires_at=now + rules.REFRESH_MS,
        )
    store.touch_grant(session, grant_id, now)
    return True


class ScopeError(Exception):
    """A refresh asks for more than was granted."""


def refresh(session: Session, client_id: str, token: str, wanted: frozenset[str], now: int) -> Access | None:
    """A refresh token's facts, once. A second use revokes everything (RFC 9700, 4.14.2).

    It lasts as long as the session that it came of, unless the person agreed to offline_access.

    ScopeError when `wanted` is more than was granted; the token then stays as it was.
    """
    found = store.token(session, digest(token))
    if found is None or found[0].kind != "refresh" or found[1].client_id != client_id:
        return None
    row, grant = found
    if grant.revoked_at or row.expires_at <= now or not _may_last(session, grant, now):
        return None
    if not row.used_at and not wanted <= frozenset(row.scope.split()):
        raise ScopeError
    if not store.use_refresh(session, row.digest, now):
        _revoke(session, grant, "openid.refresh-reused", now)
        return None
    person = account.find(session, grant.person_id)
    return _access(session, grant, row.scope) if person is not None else None


def who(session: Session, token: str, now: int) -> Access | None:
    """Whom an access token stands for; None when it is unknown, over or revoked."""
    found = store.token(session, digest(token))
    if found is None or found[0].kind != "access":
        return None
    row, grant = found
    if grant.revoked_at or row.expires_at <= now:
        return None
    return _access(session, grant, row.scope)


def revoke(session: Session, client_id: str, token: str, now: int) -> None:
    """Ends the grant of a token (RFC 7009); an unknown or foreign token is no error."""
    found = store.token(session, digest(token))
    if found is not None and found[1].client_id == client_id:
        store.revoke_grant(session, found[1].id, now)


def tidy(session: Session, now: int) -> int:
    """Forgets what is over for a month (until then a second use is noticed) and old keys; returns how many rows."""
    return store.tidy(session, now, _KEEP_MS) + tidy_keys(session, now)


def _may_last(session: Session, grant: store.GrantRow, now: int) -> bool:
    return grant.is_offline or account.sessions.is_running(session, grant.session_id, now)


def _access(session: Session, grant: store.GrantRow, scope: str) -> Access:
    """What a token opens today: no more than its person still agrees to."""
    agreed = consent_of(session, grant.person_id, grant.client_id).agreed
    scope = " ".join(sorted(agreed.intersection(scope.split())))
    return Access(
        grant.id,
        grant.client_id,
        grant.person_id,
        grant.session_id,
        scope,
        grant.auth_time,
        grant.acr,
        tuple(grant.amr.split()),
    )


def _revoke(session: Session, grant: store.GrantRow, action: str, now: int) -> None:
    store.revoke_grant(session, grant.id, now)
    audit.note(session, action, actor=f"client:{grant.client_id}", subject=f"person:{grant.person_id}", now=now)
