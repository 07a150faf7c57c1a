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
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_LONGEST, _LONGEST_HINT = 2000, 8000
# What we read. Anything else is ignored, however often it comes (RFC 6749, 3.1).
PARAMETERS = frozenset(
    [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "id_token_hint",
        "acr_values",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "registration",
    ]
)


class ProtocolError(Exception):
    """An error of OAuth; `error` is its code. `redirect_uri` is filled once the client's address is known to be right:
    then the answer goes there, with `state`.
    """

    def __init__(self, error: str, description: str, redirect_uri: str = "", state: str = "") -> None:
        super().__init__(description)
        self.error, self.description, self.redirect_uri, self.state = error, description, redirect_uri, state

    @property
    def redirectable(self) -> bool:
        """Whether the service itself may be told."""
        return bool(self.redirect_uri)


@dataclass(frozen=True)
class ClientFacts:
    """What a request is compared with."""

    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request without fault. `max_age` in seconds; `level` is the lowest level that acr_values asks for (0 = any);
    `pushed` is the request_uri that it came by.
    """

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
    pushed: str = ""


@dataclass(frozen=True)
class Situation:
    """Who is there: nobody (level 0) or somebody; `authenticated_at` in ms; `asked_at` when this request first sent
    them to the log-in (0 = not yet); whether the hint names somebody else, or nobody that we know of.
    """

    level: int = 0
    authenticated_at: int = 0
    asked_at: int = 0
    has_consented: bool = False
    is_other_person: bool = False
    is_strange_hint: bool = False


class Step(Enum):
    """What comes next."""

    LOG_IN = "log in"
    CONFIRM = "confirm"
    SWITCH = "another account"
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
    if not parts.scheme or not parts.hostname or "#" in uri or "\\" in uri or not uri.isprintable() or " " in uri:
        return "an absolute address without a fragment is needed"
    if parts.username is not None or parts.password is not None:
        return "the address must not hold a name or password"
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "the address must begin with https:// (http:// on localhost alone)"
    return None


def parse(values: Mapping[str, Sequence[str]], client: ClientFacts | None) -> AuthorizationRequest:
    """The request; ProtocolError says what is wrong. Until the redirect address is checked nothing may go there."""
    known = {name: found for name, found in values.items() if name in PARAMETERS and found}
    if client is None or single("client_id", known.get("client_id", [""])) != client.client_id:
        raise ProtocolError("invalid_client", "The client is not known here.")
    redirect_uri = single("redirect_uri", known.get("redirect_uri", [""]))
    if redirect_uri not in client.redirect_uris:
        raise ProtocolError("invalid_request", "The redirect_uri is missing or not registered.")
    states = known.get("state", [""])
    try:
        return _parse_trusted({name: single(name, found) for name, found in known.items()}, client, redirect_uri)
    except ProtocolError as error:
        state = states[0] if len(states) == 1 else ""
        raise ProtocolError(error.error, error.description, redirect_uri, state) from None


def _parse_trusted(one: Mapping[str, str], client: ClientFacts, redirect_uri: str) -> AuthorizationRequest:
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
    if situation.level == 0 or (quiet and (situation.is_other_person or situation.is_strange_hint)):
        return Refusal("login_required", "Nobody suitable is logged in.") if quiet else Step.LOG_IN
    if situation.is_other_person:
        return Step.SWITCH
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


def single(name: str, found: Sequence[str]) -> str:
    """The one value of a parameter; ProtocolError when it came twice, is too long or holds control characters."""
    if len(found) > 1:
        raise ProtocolError("invalid_request", f"The parameter {name} came twice.")
    if len(found[0]) > (_LONGEST_HINT if name == "id_token_hint" else _LONGEST):
        raise ProtocolError("invalid_request", f"The parameter {name} is too long.")
    if _CONTROL.search(found[0]):
        raise ProtocolError("invalid_request", f"The parameter {name} holds control characters.")
    return found[0]


def _refuse_unsupported(one: Mapping[str, str]) -> None:
    if one.get("request"):
        raise ProtocolError("request_not_supported", "Request objects are not supported; use PAR.")
    if one.get("request_uri"):
        raise ProtocolError("request_uri_not_supported", "Only addresses of our own PAR endpoint are accepted.")
    if one.get("registration"):
        raise ProtocolError("registration_not_supported", "Clients are registered by the town.")
    if (one.get("response_mode") or "query") != "query":
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
