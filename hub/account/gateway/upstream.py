"""The hub as OpenID relying party: code flow with PKCE at one provider, the broker before BundID.

OpenID Connect Core 1.0 and Discovery 1.0, RFC 7636, RFC 9207. joserfc checks signatures and the usual claims.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from hub.account import rules
from hub.account.gateway.answers import UpstreamError, fetch

__all__ = ["Broker", "Client", "UpstreamError"]

ALGORITHMS = ("ES256", "ES384", "PS256", "RS256", "Ed25519", "EdDSA")  # signatures by a key that only the broker has
SCOPE = "openid profile"  # the name is shown before an identity is linked, and not stored
_KEEP_MS = 10 * rules.MINUTE
_MAX_KEYS = 32
_AT_ONCE = 3  # so many web threads may wait for the broker


@dataclass(frozen=True)
class Client:
    """Who the hub is at the broker."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True)
class _Facts:
    """What matters of the discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_form: bool
    promises_issuer: bool


class Broker:
    """Asks and believes one broker; remembers its addresses and keys for ten minutes. May be used by many threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._facts: tuple[int, _Facts] | None = None
        self._keys: tuple[int, KeySet] | None = None
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    @property
    def issuer(self) -> str:
        """Whose identities these are."""
        return self._client.issuer

    def question(self, state: str, nonce: str, verifier: str, acr: str, language: str, now: int) -> str:
        """Where to send the person. UpstreamError when the broker is away."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        values = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "acr_values": acr,
            "prompt": "login",  # a session that somebody left open at the broker proves nothing
            "ui_locales": language,
        }
        address = self._discovered(now).authorization_endpoint
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(values)}"

    def require_issuer(self, said: str | None, now: int) -> None:
        """UpstreamError when the answer names another issuer (mix-up), or none although the broker promised to."""
        if said is not None and said != self.issuer:
            raise UpstreamError("the answer names another issuer")
        if said is None and self._discovered(now).promises_issuer:
            raise UpstreamError("the answer names no issuer although the broker always does")

    def redeem(self, code: str, verifier: str, nonce: str, started_at: int, now: int) -> dict[str, Any]:
        """The claims of the ID token that the code is worth; UpstreamError when anything about it is wrong."""
        facts, form = self._discovered(now), {"grant_type": "authorization_code", "code": code}
        form |= {"redirect_uri": self._client.redirect_uri, "code_verifier": verifier}
        name, secret = self._client.client_id, self._client.secret
        if facts.secret_in_form:
            form |= {"client_id": name, "client_secret": secret}
            answer = self._ask("POST", facts.token_endpoint, data=form)
        else:  # RFC 6749, 2.3.1: both are form-encoded first
            answer = self._ask("POST", facts.token_endpoint, data=form, auth=(quote_plus(name), quote_plus(secret)))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise UpstreamError("the answer holds no ID token")
        return self._read(token, nonce, started_at, now)

    def _read(self, token: str, nonce: str, started_at: int, now: int) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            now=now // 1000,
            leeway=rules.SKEW_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            claims = self._signed(token, now)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise UpstreamError(f"the ID token is not good: {type(error).__name__} {error}"[:200]) from error
        problem = rules.token_problem(claims, self._client.client_id, started_at, now)
        if problem:
            raise UpstreamError(f"the ID token is not good: {problem}")
        return claims

    def _signed(self, token: str, now: int) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(token, self._key_set(now), algorithms=ALGORITHMS, registry=registry).claims
        except InvalidKeyIdError:  # the broker may have a new key
            return jwt.decode(token, self._key_set(now, anew=True), algorithms=ALGORITHMS, registry=registry).claims

    def _key_set(self, now: int, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew or not 0 <= now - self._keys[0] < _KEEP_MS:
            self._keys = now, _read_keys(self._ask("GET", self._discovered(now).jwks_uri))
        return self._keys[1]

    def _discovered(self, now: int) -> _Facts:
        if self._facts is None or not 0 <= now - self._facts[0] < _KEEP_MS:
            address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._facts = now, _read_facts(self._ask("GET", address), self.issuer)
        return self._facts[1]

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        with self._slot():
            return fetch(method, url, **more)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=1):
            raise UpstreamError("too many wait for the broker")
        try:
            yield
        finally:
            self._slots.release()


def _read_facts(found: dict[str, Any], issuer: str) -> _Facts:
    if found.get("issuer") != issuer:
        raise UpstreamError("the discovery document is another issuer's")
    schemes = ("https",) if issuer.startswith("https:") else ("https", "http")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return _Facts(
        _address(found.get("authorization_endpoint"), schemes),
        _address(found.get("token_endpoint"), schemes),
        _address(found.get("jwks_uri"), schemes),
        secret_in_form="client_secret_basic" not in methods and "client_secret_post" in methods,
        promises_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(found: object, schemes: tuple[str, ...]) -> str:
    text = found if isinstance(found, str) and found.isprintable() else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes or not parts.hostname or parts.fragment:
        raise UpstreamError("the discovery document lacks a safe address")
    return text


def _read_keys(found: dict[str, Any]) -> KeySet:
    """The public keys that sign; a key that we cannot read is passed over (RFC 7517, 5)."""
    keys, listed = [], found.get("keys")
    for one in listed[:_MAX_KEYS] if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("kty") in ("EC", "OKP", "RSA") and one.get("use", "sig") == "sig":
            try:
                keys.append(JWKRegistry.import_key(one))
            except (JoseError, ValueError, TypeError, KeyError, OverflowError):
                continue
    if not keys:
        raise UpstreamError("the broker publishes no key that we can use")
    return KeySet(keys)
