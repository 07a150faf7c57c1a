"""Pure decisions of the OpenID provider: requests, what comes next, claims, keys."""

from hub.openid.rules.claims import (
    ACR,
    CLAIMS,
    REQUIRED_SCOPE,
    SCOPES,
    Consent,
    acr_of,
    claims_for,
    decide,
    level_of_acr,
    pairwise,
)
from hub.openid.rules.keys import SigningKey, needs_new, published, signing
from hub.openid.rules.requests import (
    PARAMETERS,
    AuthorizationRequest,
    ClientFacts,
    ProtocolError,
    Refusal,
    Situation,
    Step,
    next_step,
    parse,
    redirect_problem,
    single,
)

CODE_MS = 60_000
ACCESS_S = 15 * 60
REFRESH_MS = 30 * 86_400_000
PUSHED_MS = 90_000  # until the browser arrives with it
JOURNEY_MS = 30 * 60_000  # from there on: somebody may have to look for a phone, or open an account first
ID_TOKEN_S = 10 * 60

__all__ = [
    "ACCESS_S",
    "ACR",
    "CLAIMS",
    "CODE_MS",
    "ID_TOKEN_S",
    "JOURNEY_MS",
    "PARAMETERS",
    "PUSHED_MS",
    "REFRESH_MS",
    "REQUIRED_SCOPE",
    "SCOPES",
    "AuthorizationRequest",
    "ClientFacts",
    "Consent",
    "ProtocolError",
    "Refusal",
    "SigningKey",
    "Situation",
    "Step",
    "acr_of",
    "claims_for",
    "decide",
    "level_of_acr",
    "needs_new",
    "next_step",
    "pairwise",
    "parse",
    "published",
    "redirect_problem",
    "signing",
    "single",
]
