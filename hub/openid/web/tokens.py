"""Discovery, key set, token, userinfo, revocation, pushed requests."""

import flask
from authlib.oauth2 import OAuth2Error
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.openid import api, rules
from hub.openid.web import ground, machines, server

blueprint = flask.Blueprint("openid", __name__)
blueprint.register_error_handler(rules.ProtocolError, machines.wrong_request)
blueprint.register_error_handler(machines.ClientError, machines.wrong_client)

# what these paths say of errors that reach no endpoint (too large, wrong method, our own fault)
JSON_PATHS = (
    "/.well-known/openid-configuration",
    "/oauth/jwks",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/oauth/par",
)


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> ResponseReturnValue:
    """OpenID Connect Discovery 1.0; RFC 8414, 9126, 9207."""
    base = ground.issuer()
    methods = ["client_secret_basic", "client_secret_post"]
    response = flask.jsonify(
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
        }
    )
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/oauth/jwks")
def key_set() -> ResponseReturnValue:
    """The public keys."""
    response = flask.jsonify({"keys": ground.keys().public(ground.now())})
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.post("/oauth/token")
def token() -> ResponseReturnValue:
    """A code or a refresh token becomes tokens."""
    sent = machines.form()
    if "grant_type" not in sent:
        raise rules.ProtocolError("invalid_request", "The parameter grant_type is missing.")
    response: flask.Response = server.server().create_token_response(_secure(sent))
    return response


@blueprint.post("/oauth/revoke")
def revoke() -> ResponseReturnValue:
    """Ends a token."""
    response: flask.Response = server.server().create_endpoint_response("revocation", _secure(machines.form()))
    return response


@blueprint.route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo() -> ResponseReturnValue:
    """Claims for an access token (RFC 6750: header, or the body of a form)."""
    scheme, _, value = flask.request.headers.get("Authorization", "").partition(" ")
    sent = flask.request.form.getlist("access_token")
    if len(sent) > 1 or (sent and scheme.lower() == "bearer"):
        raise rules.ProtocolError("invalid_request", "The access token must come once, in one way.")
    token = value.strip() if scheme.lower() == "bearer" else "".join(sent)
    now = ground.now()
    with web.read() as session:
        access = api.who(session, token, now) if token else None
        person = account.find(session, access.person_id) if access is not None else None
        client = api.find_client(session, access.client_id) if access is not None else None
        if access is None or person is None or client is None:
            return _unauthorized(has_token=bool(token))
        found: dict[str, object] = {"sub": ground.subject(session, client, person.id)}
    scopes = frozenset(access.scope.split())
    if rules.REQUIRED_SCOPE not in scopes:
        return _not_enough()
    return ground.no_store(found | rules.claims_for(scopes, server.person_claims(person)))


@blueprint.post("/oauth/par")
def pushed() -> ResponseReturnValue:
    """Takes a request from the service itself (RFC 9126), so that nobody on the way can change it."""
    sent = machines.form()
    client = machines.authenticate(sent)
    if "request_uri" in sent:
        raise rules.ProtocolError("invalid_request", "A pushed request cannot point at another one.")
    values = {name: [value] for name, value in sent.items() if name in rules.PARAMETERS}
    values["client_id"] = [client.client_id]
    rules.parse(values, client.facts)
    now = ground.now()
    uri = web.write(lambda session: api.push(session, client, values, now))
    return ground.no_store({"request_uri": uri, "expires_in": rules.PUSHED_MS // 1000}, 201)


def _secure(sent: machines.Form) -> server.Request:
    """For Authlib; ProtocolError where secrets would travel without TLS."""
    try:
        return server.Request(sent)
    except OAuth2Error:
        raise rules.ProtocolError("invalid_request", "HUB_PUBLIC_URL must begin with https://.") from None


def _unauthorized(*, has_token: bool) -> flask.Response:
    response = ground.error("invalid_token", "The access token is missing, unknown or over.", 401)
    challenge = 'Bearer realm="stadtknoten"'
    response.headers["WWW-Authenticate"] = f'{challenge}, error="invalid_token"' if has_token else challenge
    return response


def _not_enough() -> flask.Response:
    """RFC 6750, 3.1: a refresh may have left the scope openid out."""
    response = ground.error("insufficient_scope", "The scope openid is needed.", 403)
    response.headers["WWW-Authenticate"] = 'Bearer realm="stadtknoten", error="insufficient_scope", scope="openid"'
    return response
