"""What the provider's endpoints share: issuer, keys, subjects, errors."""

from typing import Any

import flask

from hub.account.api import passkeys
from hub.core import web
from hub.core.clock import now_ms
from hub.core.sealing import Sealer
from hub.openid import rules
from hub.openid.api import Client, Keys


def issuer() -> str:
    """The hub's public address."""
    return web.settings().public_url.rstrip("/")


def sealer(purpose: str) -> Sealer:
    """For what a browser carries between two of our pages."""
    return Sealer(web.settings().secret(), f"openid {purpose}")


def keys() -> Keys:
    """The signing keys of this process."""
    found = flask.current_app.extensions.get("openid_keys")
    if found is None:
        found = flask.current_app.extensions["openid_keys"] = Keys(web.database(), web.settings().secret())
    made: Keys = found
    return made


def subject(session: web.Session, client: Client, person_id: int) -> str:
    """The person's subject at this service."""
    return rules.pairwise(web.settings().secret(), client.sector, passkeys.handle_of(session, person_id))


def session_name(client: Client, session_id: str) -> str:
    """The `sid` of a session at this service: says nothing elsewhere."""
    return rules.pairwise(web.settings().secret(), client.client_id, f"session {session_id}")


def error(code: str, description: str, status: int = 400) -> flask.Response:
    """An OAuth error as JSON."""
    response = flask.jsonify({"error": code, "error_description": description})
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def no_store(body: Any, status: int = 200) -> flask.Response:
    """JSON that no cache keeps."""
    response = flask.jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def now() -> int:
    """Milliseconds."""
    return now_ms()
