"""What comes of an upstream log-in, and what is asked of its ID token beyond the usual checks."""

import math
from collections.abc import Mapping
from enum import Enum
from typing import TypeGuard

FLOW_MS = 15 * 60_000  # so long a person may take at the provider
WAITING_MS = 30 * 60_000  # so long a proven identity waits for its link
SKEW_S = 60
_TOKEN_AGE_S = 10 * 60
_MAX_SUBJECT = 255  # OpenID Connect Core 1.0, section 2


class Arrival(Enum):
    """What somebody who comes back from the provider gets."""

    ENTER = "a new session"
    RAISE = "the session, raised"
    LINK = "the question whether to link"
    INTRODUCE = "the explanation that nobody here has this identity"
    ANOTHERS = "refused: the identity belongs to another account"
    HAS_OTHER = "refused: the account is linked with another identity"
    CHANGED = "refused: another person is logged in by now"
    UNSURE = "refused: who was identified links only when logged in surely"


def arrival(owner: int | None, visitor: int | None, asked_by: int | None, *, has_other: bool) -> Arrival:
    """Decides by numbers of people: whose the identity is, who is logged in now, who was when the trip began.

    `has_other`: the visitor's account is linked with another identity of this provider.
    """
    if visitor is None:
        if owner is None:
            return Arrival.INTRODUCE
        return Arrival.ENTER if asked_by in (None, owner) else Arrival.ANOTHERS
    if asked_by not in (None, visitor):
        return Arrival.CHANGED
    if owner is None:
        return Arrival.HAS_OTHER if has_other else Arrival.LINK
    return Arrival.RAISE if owner == visitor else Arrival.ANOTHERS


def token_problem(claims: Mapping[str, object], client_id: str, started_at: int, now: int) -> str | None:
    """Why an ID token with a good signature, issuer, audience, nonce and end will not do; times in ms."""
    audience, party = claims.get("aud"), claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and party is None:
        return "several audiences and no azp"
    if party is not None and party != client_id:
        return "azp is somebody else"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT or not subject.isprintable():
        return "sub is no subject"
    issued, asked = claims.get("iat"), claims.get("auth_time")
    if not _is_number(issued) or now / 1000 - issued > _TOKEN_AGE_S + SKEW_S:
        return "iat is too long ago"
    if asked is not None and (not _is_number(asked) or asked < started_at / 1000 - SKEW_S):
        return "the person was not asked again (auth_time)"
    return None


def shown_name(claims: Mapping[str, object]) -> str:
    """What the provider calls the person, for the question whether to link; empty when it does not say."""
    parts = [claims.get("name")] if claims.get("name") else [claims.get("given_name"), claims.get("family_name")]
    text = " ".join(" ".join(part.split()) for part in parts if isinstance(part, str))
    return text[:100] if text.isprintable() else ""


def _is_number(value: object) -> TypeGuard[int | float]:
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))  # NaN would pass every comparison
    )
