"""Authorization requests: what is wrong with them, and what has to happen before they are answered.

OpenID Connect Core 1.0 (3.1.2), RFC 6749, 7636 (S256 only), 9126, 9207, 9700.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from hub.openid.rules.claims import SCOPES, level_of_acr

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_LONGEST = 2000


class ProtocolError(Exception):
    """An error of OAuth; `error` is its code, `redirectable` whether the client's address is trusted already."""

    def __init__(self, error: str, description: str, *, redirectable: bool = True) -> None:
        super().__init__(description)
        self.error, self.description, self.redirectable = error, description, redirectable


@dataclass(frozen=True)
class ClientFacts:
    """What a request is compared with."""

    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request without fault. `max_age` in seconds; `level` is the lowest level that acr_values asks for (0 = any)."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str
    nonce: str
    challenge: str
    prompts: frozenset[str]
    max_age: int | None
    id_token_hint: str
    level: int


@dataclass(frozen=True)
class Situation:
    """Who is there: nobody (level 0) or somebody; `authenticated_at` in ms; `asked_at` when this request first sent
    them to the log-in (0 = not yet); whether the hint names somebody else.
    """

    level: int = 0
    authenticated_at: int = 0
    asked_at: int = 0
    has_consented: bool = False
    is_other_person: bool = False


class Step(Enum):
    """What comes next."""

    LOG_IN = "log in"
    CONFIRM = "confirm"
    CONSENT = "consent"
    ANSWER = "answer"


@dataclass(frozen=True)
class Refusal:
    """The answer to the client without asking the person."""

    error: str
    description: str


def redirect_problem(uri: str) -> str | None:
    """Why an address cannot be registered: absolute, https (http on this machine alone), no fragment (RFC 9700)."""
    parts = urlsplit(uri)
    if not parts.scheme or not parts.hostname or parts.fragment or "#" in uri or not uri.isprintable() or " " in uri:
        return "an absolute address without a fragment is needed"
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "the address must begin with https:// (http:// on localhost alone)"
    return None


def parse(values: Mapping[str, Sequence[str]], client: ClientFacts | None) -> AuthorizationRequest:
    """The request; ProtocolError says what is wrong. Until the redirect address is checked nothing may go there."""
    one = {name: _single(name, found) for name, found in values.items() if name in ("client_id", "redirect_uri")}
    if client is None:
        raise ProtocolError("invalid_client", "The client is not known here.", redirectable=False)
    redirect_uri = one.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        description = "The redirect_uri is missing or not registered."
        raise ProtocolError("invalid_request", description, redirectable=False)
    one = {name: _single(name, found, redirectable=True) for name, found in values.items()}
    _refuse_unsupported(one)
    _require_code(one)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scopes=_scopes(one.get("scope", "")),
        state=one.get("state", ""),
        nonce=one.get("nonce", ""),
        challenge=one["code_challenge"],
        prompts=_prompts(one.get("prompt", "")),
        max_age=_max_age(one.get("max_age", "")),
        id_token_hint=one.get("id_token_hint", ""),
        level=_wanted_level(one.get("acr_values", "")),
    )


def next_step(request: AuthorizationRequest, situation: Situation, now: int) -> Step | Refusal:
    """What has to happen before the request is answered."""
    quiet = "none" in request.prompts
    if situation.level == 0 or situation.is_other_person:
        return Refusal("login_required", "Nobody suitable is logged in.") if quiet else Step.LOG_IN
    if _is_stale(request, situation, now):
        return Refusal("login_required", "The log-in is too old.") if quiet else Step.CONFIRM
    if request.level > situation.level and not situation.asked_at and not quiet:
        return Step.CONFIRM  # acr_values is a wish: who cannot fulfil it goes on after the question
    if "consent" in request.prompts or "select_account" in request.prompts or not situation.has_consented:
        return Refusal("consent_required", "The person has not agreed yet.") if quiet else Step.CONSENT
    return Step.ANSWER


def _is_stale(request: AuthorizationRequest, situation: Situation, now: int) -> bool:
    if "login" in request.prompts or request.max_age == 0:
        return not situation.asked_at or situation.authenticated_at < situation.asked_at
    return request.max_age is not None and now - situation.authenticated_at > request.max_age * 1000


def _single(name: str, found: Sequence[str], *, redirectable: bool = False) -> str:
    if len(found) > 1:
        raise ProtocolError("invalid_request", f"The parameter {name} came twice.", redirectable=redirectable)
    if len(found[0]) > _LONGEST:
        raise ProtocolError("invalid_request", f"The parameter {name} is too long.", redirectable=redirectable)
    return found[0]


def _refuse_unsupported(one: Mapping[str, str]) -> None:
    if one.get("request"):
        raise ProtocolError("request_not_supported", "Request objects are not supported; use PAR.")
    if one.get("request_uri"):
        raise ProtocolError("request_uri_not_supported", "Only addresses of our own PAR endpoint are accepted.")
    if one.get("registration"):
        raise ProtocolError("registration_not_supported", "Clients are registered by the town.")
    if one.get("response_mode", "query") != "query":
        raise ProtocolError("invalid_request", "Only response_mode=query is supported.")


def _require_code(one: Mapping[str, str]) -> None:
    if not one.get("response_type"):
        raise ProtocolError("invalid_request", "The parameter response_type is missing.")
    if one["response_type"] != "code":
        raise ProtocolError("unsupported_response_type", "Only response_type=code is supported.")
    if not one.get("code_challenge"):
        raise ProtocolError("invalid_request", "PKCE is needed: code_challenge is missing.")
    if one.get("code_challenge_method") != "S256":
        raise ProtocolError("invalid_request", "PKCE is needed with code_challenge_method=S256.")
    if not _CHALLENGE.fullmatch(one["code_challenge"]):
        raise ProtocolError("invalid_request", "The code_challenge is not the SHA-256 of a verifier.")


def _scopes(text: str) -> frozenset[str]:
    wanted = frozenset(text.split())
    if "openid" not in wanted:
        raise ProtocolError("invalid_scope", "The scope must contain openid.")
    return wanted & frozenset(SCOPES)


def _prompts(text: str) -> frozenset[str]:
    prompts = frozenset(text.split())
    if prompts - _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise ProtocolError("invalid_request", "The parameter prompt is not understood.")
    return prompts


def _max_age(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ProtocolError("invalid_request", "The parameter max_age is no number of seconds.")
    return int(text)


def _wanted_level(text: str) -> int:
    levels = [level for level in map(level_of_acr, text.split()) if level is not None]
    return min(levels, default=0)
