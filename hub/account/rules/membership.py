"""Who may act for an organisation or a child, and until when."""

from enum import StrEnum

_DAY = 86_400_000
DELEGATION_MAX_DAYS = 366


class MemberRole(StrEnum):
    """owner: everything; manager: invites and removes members; member: acts for the organisation."""

    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"


def is_member_now(until: int | None, now: int) -> bool:
    """True while a membership holds; None = without an end."""
    return until is None or now < until


def may_administer(actor: MemberRole, target: MemberRole, actor_until: int | None = None) -> bool:
    """Owners may change everybody, managers may change members only; an owner for a time no owner, not even himself."""
    if actor == MemberRole.OWNER:
        return target != MemberRole.OWNER or actor_until is None
    return actor == MemberRole.MANAGER and target == MemberRole.MEMBER


def membership_problem(
    actor: MemberRole, role: MemberRole, until: int | None, now: int, actor_until: int | None = None
) -> str | None:
    """not_allowed, ended, too_long or beyond (longer than the actor's own) when `actor` may not give this."""
    if not may_administer(actor, role, actor_until):
        return "not_allowed"
    if until is not None and until <= now:
        return "ended"
    if until is not None and until > now + DELEGATION_MAX_DAYS * _DAY:
        return "too_long"
    if actor_until is not None and (until is None or until > actor_until):
        return "beyond"
    return None
