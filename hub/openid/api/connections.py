"""What a person connected, and telling services that a session is over."""

from dataclasses import dataclass

from hub.account import api as account
from hub.account.api import passkeys
from hub.core import audit, jobs
from hub.core.db import Session
from hub.openid import store

LOGOUT_JOB = "openid logout"
_FRESH_STARTS = ("recovered", "password-set")


@dataclass(frozen=True)
class Connection:
    """A service as its user sees it; times in ms."""

    client_id: str
    name: str
    scopes: frozenset[str]
    declined: frozenset[str]
    given_at: int
    used_at: int


def connections(session: Session, person_id: int) -> list[Connection]:
    """Every service that the person connected, the one used last first."""
    return [
        Connection(
            client.client_id,
            client.name,
            frozenset(row.scope.split()),
            frozenset(row.declined.split()),
            row.given_at,
            row.used_at,
        )
        for row, client in store.consents_of(session, person_id)
    ]


def disconnect(session: Session, person_id: int, client_id: str, now: int) -> bool:
    """Takes the consent back, ends every token and tells the service; False when there was none."""
    if not store.remove_consent(session, person_id, client_id):
        return False
    for grant in store.revoke_grants_of(session, person_id, client_id, now):
        _tell(session, grant, now)
    actor, subject = f"person:{person_id}", f"client:{client_id}"
    audit.note(session, "openid.disconnect", actor=actor, subject=subject, now=now)
    return True


def on_sessions_ended(session: Session, event: account.SessionsEnded) -> None:
    """Services hear of it (back-channel logout); tokens end, except those that were asked for to stay."""
    for grant in store.grants_of_sessions(session, event.session_ids):
        if not grant.is_offline:
            store.revoke_grant(session, grant.id, event.now)
        _tell(session, grant, event.now)


def on_security_changed(session: Session, event: account.SecurityChanged) -> None:
    """After a recovery and with a new password every service logs in anew, also those that may stay otherwise."""
    if event.kind in _FRESH_STARTS:
        for grant in store.revoke_grants_of(session, event.person_id, None, event.now):
            _tell(session, grant, event.now)


def export(session: Session, person_id: int, _now: int) -> dict[str, object]:
    """Connected services and every log-in at one of them as plain values; times in ms."""
    return {
        "connections": [
            {
                "name": one.name,
                "scopes": " ".join(sorted(one.scopes)),
                "declined": " ".join(sorted(one.declined)),
                "given_at": one.given_at,
                "used_at": one.used_at,
            }
            for one in connections(session, person_id)
        ],
        "grants": [
            {
                "name": name,
                "scopes": grant.scope,
                "level": grant.acr,
                "methods": grant.amr,
                "created_at": grant.created_at,
                "used_at": grant.used_at,
                "ended_at": grant.revoked_at,
            }
            for grant, name in store.grants_of(session, person_id)
        ],
    }


def forget(session: Session, person_id: int, now: int) -> None:
    """Disconnects everything; the services hear that the sessions are over."""
    for one in connections(session, person_id):
        disconnect(session, person_id, one.client_id, now)


def _tell(session: Session, grant: store.GrantRow, now: int) -> None:
    client = store.client(session, grant.client_id)
    if client is not None and client.backchannel_uri:
        handle = passkeys.handle_of(session, grant.person_id)  # now, for the account itself may be about to go
        facts = {"client_id": grant.client_id, "handle": handle, "session_id": grant.session_id}
        key = f"logout-{grant.client_id}-{grant.session_id}-{now}"
        jobs.add(session, LOGOUT_JOB, facts, now=now, unique_key=key, max_tries=5)
