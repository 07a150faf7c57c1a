"""Scopes, claims, levels, and an own subject for each connected service."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

REQUIRED_SCOPE = "openid"  # the subject alone: without it nobody is logged in
SCOPES = ("openid", "profile", "email", "offline_access")
CLAIMS = {"profile": ("name", "locale"), "email": ("email", "email_verified")}
ACR = {
    1: "http://eidas.europa.eu/LoA/low",
    2: "http://eidas.europa.eu/LoA/substantial",
    3: "http://eidas.europa.eu/LoA/high",
}


@dataclass(frozen=True)
class Consent:
    """What a person decided about a service's scopes."""

    agreed: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()

    @property
    def decided(self) -> frozenset[str]:
        """Nobody is asked twice for these."""
        return self.agreed | self.declined


def decide(before: Consent, asked: frozenset[str], given: frozenset[str]) -> Consent:
    """The new decision: of what was asked only what was given, the rest as it was."""
    given = (given & asked) | {REQUIRED_SCOPE}
    agreed = (before.agreed - asked) | given
    return Consent(agreed, (before.declined | asked) - agreed)


def acr_of(level: int) -> str:
    """The level as eIDAS names it."""
    return ACR[level]


def level_of_acr(acr: str) -> int | None:
    """1 to 3; None for a value that we do not know."""
    return next((level for level, name in ACR.items() if name == acr), None)


def claims_for(scopes: frozenset[str], facts: Mapping[str, object]) -> dict[str, object]:
    """The claims that these scopes open; empty ones are left out (OpenID Connect Core 5.4)."""
    names = {name for scope in scopes for name in CLAIMS.get(scope, ())}
    return {name: facts[name] for name in sorted(names) if facts.get(name) not in (None, "")}


def pairwise(secret: bytes, sector: str, handle: str) -> str:
    """A person's subject at one service (Core 8.1): two services cannot put their lists together."""
    digest = hmac.new(secret, f"openid subject\0{sector}\0{handle}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
