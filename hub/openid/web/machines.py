"""What services send to the machine endpoints: forms, how they prove who they are, and what they are told when it is
wrong (RFC 6749, 2.3.1, 3.2 and 5.2).
"""

import base64
import binascii
from urllib.parse import unquote_plus

import flask

from hub.core import web
from hub.openid import api, rules
from hub.openid.web import ground

Form = dict[str, str]

_READ = rules.PARAMETERS | {
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "token",
}
_STATUS_WORDS = {
    404: "There is nothing here.",
    405: "This method is not answered here; Allow names those that are.",
    413: "The request is too large.",
}


class ClientError(Exception):
    """A service could not prove who it is."""


def form() -> Form:
    """The body's parameters that we read, each once; empty ones count as left out. ProtocolError for anything else."""
    if flask.request.mimetype != "application/x-www-form-urlencoded":
        raise rules.ProtocolError("invalid_request", "The body must be application/x-www-form-urlencoded.")
    for secret in ("client_secret", "access_token"):
        if secret in flask.request.args:
            raise rules.ProtocolError("invalid_request", f"The parameter {secret} must not stand in the address.")
    found = {name: rules.single(name, values) for name, values in flask.request.form.lists() if name in _READ}
    return {name: value for name, value in found.items() if value}


def authenticate(sent: Form) -> api.Client:
    """The service that sent this form; ClientError when it did not prove it, ProtocolError for two proofs at once."""
    basic = flask.request.headers.get("Authorization", "")
    if basic and "client_secret" in sent:
        raise rules.ProtocolError("invalid_request", "The client must prove itself in one way, not in two.")
    name, secret = _basic(basic) if basic else (sent.get("client_id", ""), sent.get("client_secret", ""))
    if sent.get("client_id", name) != name:
        raise rules.ProtocolError("invalid_request", "The client_id of the form is not the one that proved itself.")
    with web.read() as session:
        client = api.find_client(session, name)
    if client is None or not client.has_secret(secret):
        raise ClientError
    return client


def failed(code: int) -> flask.Response:
    """What is wrong with a request that reached no endpoint, or with us, as an OAuth error."""
    if code >= 500:
        error = "temporarily_unavailable" if code == 503 else "server_error"
        return ground.error(error, "The fault is ours. Please try again later.", code)
    return ground.error("invalid_request", _STATUS_WORDS.get(code, "The request could not be read."), code)


def wrong_client(_error: Exception | None = None) -> flask.Response:
    """401 with the scheme that would be right."""
    response = ground.error("invalid_client", "The client is unknown or its secret is wrong.", 401)
    response.headers["WWW-Authenticate"] = 'Basic realm="stadtknoten", charset="UTF-8"'
    return response


def wrong_request(error: rules.ProtocolError) -> flask.Response:
    """400 with a sentence."""
    return ground.error(error.error, error.description)


def _basic(header: str) -> tuple[str, str]:
    """(client_id, client_secret) of an Authorization header, both encoded as in a form (RFC 6749, 2.3.1)."""
    scheme, _, value = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ClientError
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise ClientError from None
    name, secret = unquote_plus(name), unquote_plus(secret)
    if "\0" in name:  # which no form could carry either
        raise ClientError
    return name, secret
