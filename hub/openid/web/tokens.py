"""Discovery, key set, token, userinfo, revocation, pushed requests."""

import base64
import binascii
from urllib.parse import unquote_plus

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.openid import api, rules
from hub.openid.web import ground, server

blueprint = flask.Blueprint("openid", __name__)


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> ResponseReturnValue:
    """OpenID Connect Discovery 1.0; RFC 8414, 9126, 9207."""
    base = ground.issuer()
    methods = ["client_secret_basic", "client_secret_post"]
    return flask.jsonify(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "userinfo_endpoint": f"{base}/oauth/userinfo",
            "jwks_uri": f"{base}/oauth/jwks",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "end_session_endpoint": f"{base}/oauth/logout",
            "pushed_authorization_request_endpoint": f"{base}/oauth/par",
            "require_pushed_authorization_requests": False,
            "scopes_supported": list(rules.SCOPES),
            "claims_supported": [
                "sub",
                "acr",
                "amr",
                "auth_time",
                "sid",
                *(n for c in rules.CLAIMS.values() for n in c),
            ],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": list(rules.ACR.values()),
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "ui_locales_supported": ["de", "en"],
        }
    )


@blueprint.get("/oauth/jwks")
def key_set() -> ResponseReturnValue:
    """The public keys."""
    response = flask.jsonify({"keys": ground.keys().public(ground.now())})
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.post("/oauth/token")
def token() -> ResponseReturnValue:
    """A code or a refresh token becomes tokens."""
    response: flask.Response = server.server().create_token_response()
    return response


@blueprint.post("/oauth/revoke")
def revoke() -> ResponseReturnValue:
    """Ends a token."""
    response: flask.Response = server.server().create_endpoint_response("revocation")
    return response


@blueprint.route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo() -> ResponseReturnValue:
    """Claims for an access token (RFC 6750: header, or the body of a form)."""
    scheme, _, value = flask.request.headers.get("Authorization", "").partition(" ")
    token = value.strip() if scheme.lower() == "bearer" else flask.request.form.get("access_token", "")
    now = ground.now()
    with web.read() as session:
        access = api.who(session, token, now) if token else None
        person = account.find(session, access.person_id) if access is not None else None
        client = api.find_client(session, access.client_id) if access is not None else None
        if access is None or person is None or client is None:
            return _unauthorized(has_token=bool(token))
        found: dict[str, object] = {"sub": ground.subject(session, client, person.id)}
    return ground.no_store(found | rules.claims_for(frozenset(access.scope.split()), server.person_claims(person)))


@blueprint.post("/oauth/par")
def pushed() -> ResponseReturnValue:
    """Takes a request from the service itself (RFC 9126), so that nobody on the way can change it."""
    client = _authenticated()
    if client is None:
        refused = ground.error("invalid_client", "The client could not be authenticated.", 401)
        refused.headers["WWW-Authenticate"] = 'Basic realm="par"'
        return refused
    values = {name: found for name, found in flask.request.form.lists() if name != "client_secret"}
    values.setdefault("client_id", [client.client_id])
    if values["client_id"] != [client.client_id] or "request_uri" in values:
        return ground.error("invalid_request", "client_id or request_uri do not fit here.")
    try:
        rules.parse(values, client.facts)
    except rules.ProtocolError as error:
        return ground.error(error.error, error.description)
    now = ground.now()
    uri = web.write(lambda session: api.push(session, client, values, now))
    return ground.no_store({"request_uri": uri, "expires_in": rules.PUSHED_MS // 1000}, 201)


def _authenticated() -> api.Client | None:
    scheme, _, value = flask.request.headers.get("Authorization", "").partition(" ")
    name, secret = flask.request.form.get("client_id", ""), flask.request.form.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeError):
            return None
        name, secret = unquote_plus(name), unquote_plus(secret)
    with web.read() as session:
        client = api.find_client(session, name)
    return client if client is not None and client.has_secret(secret) else None


def _unauthorized(*, has_token: bool) -> flask.Response:
    response = ground.error("invalid_token", "The access token is missing, unknown or over.", 401)
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if has_token else "Bearer"
    return response
