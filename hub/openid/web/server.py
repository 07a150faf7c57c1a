"""Authlib's server with our storage: the exchange of codes, PKCE, refreshing, id tokens, revoking."""

from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.code import OpenIDToken

from hub.account import api as account
from hub.core import web
from hub.openid import api, rules
from hub.openid.web import ground, machines


class ServiceClient:
    """A connected service as Authlib asks for it."""

    def __init__(self, client: api.Client) -> None:
        self.client, self.client_id = client, client.client_id

    def get_client_id(self) -> str:
        """The id."""
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        """What the person agreed to was settled before."""
        return scope

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes and refresh tokens."""
        return grant_type in ("authorization_code", "refresh_token")


class _Code:
    """A code that was spent by this request, as Authlib asks for it."""

    code_challenge_method = "S256"

    def __init__(self, use: api.CodeUse) -> None:
        self.use, self.code_challenge = use, use.challenge

    def get_redirect_uri(self) -> str:
        """The address that the code was sent to."""
        return self.use.redirect_uri

    def get_scope(self) -> str:
        """What it opens."""
        return self.use.scope


class _Refresh:
    """A refresh token that was spent by this request."""

    def __init__(self, access: api.Access) -> None:
        self.access = access

    def check_client(self, client: ServiceClient) -> bool:
        """Whether it belongs to this client."""
        return self.access.client_id == client.client_id

    def get_scope(self) -> str:
        """What it opens."""
        return self.access.scope


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """A code is spent in one transaction before anything else is looked at: nobody gets a second try with it."""

    def query_authorization_code(self, code: str, client: ServiceClient) -> _Code | None:
        """The code's facts, once."""
        now = ground.now()
        use = web.write(lambda session: api.spend_code(session, client.client_id, code, now))
        if use is None:
            return None
        self.request.openid = use
        return _Code(use)

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """It was spent already and is kept so that a second use is noticed."""

    def authenticate_user(self, authorization_code: _Code) -> account.Person | None:
        """Whose code it is."""
        with web.read() as session:
            return account.find(session, authorization_code.use.person_id)


class Refreshing(RefreshTokenGrant):  # type: ignore[misc]
    """Each refresh token works once and is answered with a new one."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> _Refresh | None:
        """The token's facts, once."""
        now, client = ground.now(), self.request.client
        wanted = _wanted(self.request)
        try:
            access = web.write(lambda session: api.refresh(session, client.client_id, refresh_token, wanted, now))
        except api.ScopeError:
            raise InvalidScopeError from None
        if access is None:
            return None
        self.request.openid = access
        return _Refresh(access)

    def _validate_token_scope(self, token: _Refresh) -> None:
        """Done before the token was spent."""

    def issue_token(self, user: account.Person, refresh_token: _Refresh) -> dict[str, Any]:
        """What was asked for, as far as the person still agrees."""
        wanted, granted = _wanted(self.request), refresh_token.get_scope().split()
        scope = " ".join(one for one in granted if not wanted or one in wanted)
        token: dict[str, Any] = self.generate_token(user=user, scope=scope, include_refresh_token=True)
        return token

    def authenticate_user(self, refresh_token: _Refresh) -> account.Person | None:
        """Whose token it is."""
        with web.read() as session:
            return account.find(session, refresh_token.access.person_id)

    def revoke_old_credential(self, refresh_token: _Refresh) -> None:
        """It was marked as used when it was read."""


class StrictChallenge(CodeChallenge):  # type: ignore[misc]
    """S256 and nothing else; Authlib alone would take plain, and take it for granted when none is named."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": CodeChallenge.CODE_CHALLENGE_METHODS["S256"]}  # noqa: RUF012 (Authlib's own)


class IdTokens(OpenIDToken):  # type: ignore[misc]
    """Adds an id token to every answer."""

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        """Signed with the key of the day; at a refresh without the nonce (Core 12.2)."""
        facts, now = request.openid, ground.now()
        client, scopes = request.client.client, frozenset(token["scope"].split())
        with web.read() as session:
            claims: dict[str, Any] = {"sub": ground.subject(session, client, facts.person_id)}
        claims |= {
            "iss": ground.issuer(),
            "aud": client.client_id,
            "iat": now // 1000,
            "exp": now // 1000 + rules.ID_TOKEN_S,
            "auth_time": facts.auth_time,
            "acr": facts.acr,
            "amr": list(facts.amr),
            "sid": ground.session_name(client, facts.session_id),
        }
        if getattr(facts, "nonce", ""):
            claims["nonce"] = facts.nonce
        claims |= rules.claims_for(scopes, person_claims(request.user))
        return ground.keys().sign(claims, now)


class Revoking(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: a token ends with everything that came of the same log-in."""

    def authenticate_token(self, request: OAuth2Request, client: ServiceClient) -> None:
        """An unknown token is no error and somebody else's stays."""
        token, now = request.form.get("token"), ground.now()  # token_type_hint helps nobody here
        if not token:
            raise InvalidRequestError("Missing 'token' in request.")
        web.write(lambda session: api.revoke(session, client.client_id, token, now))


def person_claims(person: account.Person) -> dict[str, object]:
    """Everything that a scope may open."""
    is_mail = "@" in person.name
    return {
        "name": person.display_name,
        "locale": person.language,
        "email": person.name if is_mail else "",
        "email_verified": True if is_mail else None,
    }


class Request(OAuth2Request):  # type: ignore[misc]
    """A request whose form was checked; its address is the public one, which says whether TLS is there."""

    def __init__(self, sent: machines.Form) -> None:
        super().__init__(flask.request.method, ground.issuer() + flask.request.path, headers=flask.request.headers)
        self._sent, self.payload = sent, BasicOAuth2Payload(sent)

    @property
    def form(self) -> machines.Form:
        """The body's parameters."""
        return self._sent


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib reads requests through our eyes: each parameter once, one proof of the client, nothing of the address."""

    def create_oauth2_request(self, request: object) -> OAuth2Request:
        """Authlib's view of the request at hand."""
        return request if isinstance(request, OAuth2Request) else Request(machines.form())

    def authenticate_client(self, request: Request, methods: object, endpoint: str = "token") -> ServiceClient:
        """By secret; machines.ClientError otherwise."""
        request.auth_method = "client_secret_basic"
        return ServiceClient(machines.authenticate(request.form))


def _wanted(request: OAuth2Request) -> frozenset[str]:
    """The scopes that a refresh asks for; empty = as before."""
    return frozenset((request.payload.scope or "").split())


def _query_client(client_id: str) -> ServiceClient | None:
    with web.read() as session:
        found = api.find_client(session, client_id)
    return ServiceClient(found) if found is not None else None


def _save_token(token: dict[str, Any], request: OAuth2Request) -> None:
    facts, now = request.openid, ground.now()
    access, refresh = token["access_token"], token.get("refresh_token")
    if not web.write(lambda session: api.store_tokens(session, facts.grant_id, token["scope"], access, refresh, now)):
        raise InvalidGrantError("The code was used a second time.")


def server() -> Server:
    """Authlib's server of this application."""
    made = flask.current_app.extensions.get("openid_server")
    if made is None:
        made = flask.current_app.extensions["openid_server"] = _make()
    return made


def _make() -> Server:
    app = flask.current_app
    expires = dict.fromkeys(("authorization_code", "refresh_token"), rules.ACCESS_S)
    app.config.update(OAUTH2_REFRESH_TOKEN_GENERATOR=True, OAUTH2_TOKEN_EXPIRES_IN=expires)
    made = Server(app, _query_client, _save_token)
    made.register_grant(CodeGrant, [StrictChallenge(required=True), IdTokens()])
    made.register_grant(Refreshing, [IdTokens()])
    made.register_endpoint(Revoking)
    return made
