"""The job that tells a service that a session is over (Back-Channel Logout 1.0)."""

import secrets
from typing import Any
from urllib.parse import urlsplit

import requests

from hub.core import clock, jobs
from hub.core.db import Database
from hub.openid import api, rules
from hub.settings import Settings

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TIMEOUT_S = 10
_LIFE_S = 120


def logging_out(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `connections.LOGOUT_JOB`."""
    keys, secret = api.Keys(database, settings.secret()), settings.secret()

    def tell(arguments: dict[str, Any], context: jobs.Context) -> None:
        with database.read() as session:
            client = api.find_client(session, arguments["client_id"])
            if client is None or not client.backchannel_uri:
                return
            subject = rules.pairwise(secret, client.sector, arguments["handle"])
        now = clock.now_ms()
        claims = {
            "iss": settings.public_url.rstrip("/"),
            "aud": client.client_id,
            "sub": subject,
            "sid": rules.pairwise(secret, client.client_id, f"session {arguments['session_id']}"),
            "iat": now // 1000,
            "exp": now // 1000 + _LIFE_S,
            "jti": secrets.token_urlsafe(16),
            "events": {_EVENT: {}},
        }
        token = keys.sign(claims, now, "logout+jwt")
        answer = requests.post(
            client.backchannel_uri, data={"logout_token": token}, timeout=_TIMEOUT_S, allow_redirects=False
        )
        if answer.status_code not in (200, 204):
            raise jobs.JobError(f"{urlsplit(client.backchannel_uri).hostname} answered {answer.status_code}")

    return tell
