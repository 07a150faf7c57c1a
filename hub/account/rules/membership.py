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


def may_administer(actor: MemberRole, target: MemberRole) -> bool:
    """Owners may change everybody, managers may change members only."""
    return actor == MemberRole.OWNER or (actor == MemberRole.MANAGER and target == MemberRole.MEMBER)


def membership_problem(actor: MemberRole, role: MemberRole, until: int | None, now: int) -> str | None:
    """not_allowed, ended or too_long when `actor` may not give this membership."""
    if not may_administer(actor, role):
        return "not_allowed"
    if until is not None and until <= now:
        return "ended"
    if until is not None and until > now + DELEGATION_MAX_DAYS * _DAY:
        return "too_long"
    return None
