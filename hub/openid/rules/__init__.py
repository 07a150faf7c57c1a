"""Pure decisions of the OpenID provider: requests, what comes next, claims, keys."""

from hub.openid.rules.claims import ACR, CLAIMS, SCOPES, acr_of, claims_for, level_of_acr, pairwise
from hub.openid.rules.keys import SigningKey, needs_new, published, signing
from hub.openid.rules.requests import (
    AuthorizationRequest,
    ClientFacts,
    ProtocolError,
    Refusal,
    Situation,
    Step,
    next_step,
    parse,
    redirect_problem,
)

CODE_MS = 60_000
ACCESS_S = 15 * 60
REFRESH_MS = 30 * 86_400_000
PUSHED_MS = 90_000
ID_TOKEN_S = 10 * 60

__all__ = [
    "ACCESS_S",
    "ACR",
    "CLAIMS",
    "CODE_MS",
    "ID_TOKEN_S",
    "PUSHED_MS",
    "REFRESH_MS",
    "SCOPES",
    "AuthorizationRequest",
    "ClientFacts",
    "ProtocolError",
    "Refusal",
    "SigningKey",
    "Situation",
    "Step",
    "acr_of",
    "claims_for",
    "level_of_acr",
    "needs_new",
    "next_step",
    "pairwise",
    "parse",
    "published",
    "redirect_problem",
    "signing",
]
