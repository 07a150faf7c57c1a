"""Companies and associations: members with roles, invitations, delegations that end by themselves."""

import secrets
from dataclasses import dataclass

from hub.account import rules
from hub.account.api.events import Invited
from hub.account.api.keyring import token_digest
from hub.account.api.people import Person, record
from hub.account.rules import MemberRole
from hub.account.store import circles, people
from hub.account.store import sessions as session_store
from hub.core import events
from hub.core.db import Session

INVITATION_MS = 14 * 86_400_000
MAX_OWNED = 20  # organisations of one person


class RefusedError(Exception):
    """`reason`: not_allowed, ended, too_long, beyond, last_owner, gone, other_address, name, organisation_name,
    too_many.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Membership:
    """One person in one organisation."""

    person_id: int
    name: str
    role: MemberRole
    until: int | None
    is_current: bool


@dataclass(frozen=True)
class Pending:
    """An open invitation."""

    id: str
    mail: str
    role: MemberRole
    until: int | None
    expires_at: int


@dataclass(frozen=True)
class Organisation:
    """An organisation as one of its members sees it."""

    id: int
    name: str
    role: MemberRole
    until: int | None
    is_current: bool


def create(session: Session, person: Person, name: str, now: int) -> int:
    """A new organisation with this person as its owner."""
    name = _clean(name)
    people.lock_person(session, person.id)  # who erases the account meanwhile must see it
    if sum(one.role == MemberRole.OWNER for one in of(session, person.id, now)) >= MAX_OWNED:
        raise RefusedError("too_many")
    organisation = circles.add_organisation(session, name, now)
    circles.set_member(
        session, organisation, person.id, role=MemberRole.OWNER, until=None, given_by=person.id, created_at=now
    )
    record(session, person.id, "organisation-created", now, whom=_key(organisation))
    return organisation


def of(session: Session, person_id: int, now: int) -> list[Organisation]:
    """Where the person is a member."""
    return [
        Organisation(row.id, row.name, MemberRole(member.role), member.until, rules.is_member_now(member.until, now))
        for row, member in circles.organisations_of(session, person_id)
    ]


def get(session: Session, person_id: int, organisation_id: int, now: int) -> Organisation | None:
    """The organisation, when this person is a member now."""
    return next((one for one in of(session, person_id, now) if one.id == organisation_id and one.is_current), None)


def members(session: Session, organisation_id: int, now: int) -> list[Membership]:
    """Everybody who acts for it."""
    return [
        Membership(
            row.id,
            row.display_name or row.name,
            MemberRole(member.role),
            member.until,
            rules.is_member_now(member.until, now),
        )
        for member, row in circles.members(session, organisation_id)
    ]


def invite(
    session: Session, person: Person, organisation_id: int, mail: str, role: MemberRole, until: int | None, now: int
) -> None:
    """Sends an invitation to a mail address; RefusedError when the person may not."""
    organisation = _require(session, person, organisation_id, now)
    if problem := rules.membership_problem(organisation.role, role, until, now, organisation.until):
        raise RefusedError(problem)
    token = secrets.token_urlsafe(32)
    circles.add_invitation(
        session,
        token_hash=token_digest(token),
        organisation_id=organisation_id,
        child_id=None,
        mail=mail,
        role=role,
        until=until,
        invited_by=person.id,
        expires_at=now + INVITATION_MS,
    )
    record(session, person.id, "member-invited", now, whom=_key(organisation_id))
    events.announce(session, Invited(mail, token, organisation.name, person.language, now))


def pending(session: Session, organisation_id: int, now: int) -> list[Pending]:
    """Invitations that nobody took yet."""
    return [
        Pending(row.token_hash[:16], row.mail, MemberRole(row.role), row.until, row.expires_at)
        for row in circles.invitations(session, now, organisation_id=organisation_id)
    ]


def withdraw(session: Session, person: Person, organisation_id: int, pending_id: str, now: int) -> None:
    """Ends an invitation."""
    _require_manager(session, person, organisation_id, now)
    for row in circles.invitations(session, now, organisation_id=organisation_id):
        if row.token_hash.startswith(pending_id) and len(pending_id) == 16:
            circles.withdraw_invitation(session, row.token_hash)
            record(session, person.id, "invitation-withdrawn", now, whom=_key(organisation_id))


def accept(session: Session, person: Person, token: str, now: int) -> int:
    """Joins; returns the organisation's number. The address must be the invited one: links get forwarded."""
    row = circles.invitation(session, token_digest(token))
    if row is None or row.expires_at <= now or row.organisation_id is None:
        raise RefusedError("gone")
    if row.mail != person.name:
        raise RefusedError("other_address")
    circles.lock_organisation(session, row.organisation_id)
    taken = circles.take_invitation(session, token_digest(token))
    if taken is None:
        raise RefusedError("gone")
    inviter = get(session, taken["invited_by"], taken["organisation_id"], now)
    role = MemberRole(taken["role"])
    if inviter is None or rules.membership_problem(inviter.role, role, taken["until"], now, inviter.until):
        raise RefusedError("gone")
    known = circles.member(session, taken["organisation_id"], person.id)
    if known is None or not rules.is_member_now(known.until, now):
        circles.set_member(
            session,
            taken["organisation_id"],
            person.id,
            role=role,
            until=taken["until"],
            given_by=taken["invited_by"],
            created_at=now,
        )
    organisation: int = taken["organisation_id"]
    record(session, person.id, "organisation-joined", now, whom=_key(organisation))
    return organisation


def change(
    session: Session,
    person: Person,
    organisation_id: int,
    member_id: int,
    role: MemberRole,
    until: int | None,
    now: int,
) -> None:
    """Gives a member another role or end."""
    organisation = _require(session, person, organisation_id, now)
    member = circles.member(session, organisation_id, member_id)
    if member is None or not rules.may_administer(organisation.role, MemberRole(member.role), organisation.until):
        raise RefusedError("not_allowed")
    if problem := rules.membership_problem(organisation.role, role, until, now, organisation.until):
        raise RefusedError(problem)
    if member.role == MemberRole.OWNER and (role != MemberRole.OWNER or until is not None):
        _require_other_owner(session, organisation_id, member_id, now)
    circles.set_member(session, organisation_id, member_id, role=role, until=until, given_by=person.id)
    record(session, member_id, "membership-changed", now, by=person.id, whom=_key(organisation_id))


def remove(session: Session, person: Person, organisation_id: int, member_id: int, now: int) -> None:
    """Ends a membership, one's own too; nobody acts for the organisation in that role any more."""
    organisation = _require(session, person, organisation_id, now)
    member = circles.member(session, organisation_id, member_id)
    allowed = member_id == person.id or (
        member is not None and rules.may_administer(organisation.role, MemberRole(member.role), organisation.until)
    )
    if member is None or not allowed:
        raise RefusedError("not_allowed")
    if member.role == MemberRole.OWNER:
        _require_other_owner(session, organisation_id, member_id, now)
    circles.remove_member(session, organisation_id, member_id)
    session_store.stop_acting_for(session, f"organisation:{organisation_id}", member_id)
    record(session, member_id, "membership-ended", now, by=person.id, whom=_key(organisation_id))


def close(session: Session, person: Person, organisation_id: int, now: int) -> None:
    """Removes the organisation; owners without an end only."""
    organisation = _require(session, person, organisation_id, now)
    if organisation.role != MemberRole.OWNER or organisation.until is not None:
        raise RefusedError("not_allowed")
    session_store.stop_acting_for(session, f"organisation:{organisation_id}")
    circles.remove_organisation(session, organisation_id)
    record(session, person.id, "organisation-closed", now, whom=_key(organisation_id))


def _key(organisation_id: int) -> str:
    """As the audit log names it."""
    return f"organisation:{organisation_id}"


def _require(session: Session, person: Person, organisation_id: int, now: int) -> Organisation:
    circles.lock_organisation(session, organisation_id)
    found = get(session, person.id, organisation_id, now)
    if found is None:
        raise RefusedError("not_allowed")
    return found


def _require_manager(session: Session, person: Person, organisation_id: int, now: int) -> None:
    if _require(session, person, organisation_id, now).role == MemberRole.MEMBER:
        raise RefusedError("not_allowed")


def _require_other_owner(session: Session, organisation_id: int, member_id: int, now: int) -> None:
    others = [
        one
        for one in members(session, organisation_id, now)
        if one.role == MemberRole.OWNER and one.is_current and one.until is None and one.person_id != member_id
    ]
    if not others:
        raise RefusedError("last_owner")


def _clean(name: str) -> str:
    cleaned = " ".join(name.split())
    if not rules.is_organisation_name(cleaned):
        raise RefusedError("organisation_name")
    return cleaned


def member(session: Session, person: Person, organisation_id: int, member_id: int, now: int) -> Membership | None:
    """Somebody whom this person may remove, perhaps themselves."""
    mine = get(session, person.id, organisation_id, now)
    found = next((one for one in members(session, organisation_id, now) if one.person_id == member_id), None)
    if mine is None or found is None:
        return None
    return found if member_id == person.id or rules.may_administer(mine.role, found.role) else None


def describe_invitation(session: Session, token: str, now: int) -> tuple[str, str] | None:
    """(name of the organisation or empty for a child, name of who invites), for the page that asks."""
    row = circles.invitation(session, token_digest(token))
    if row is None or row.expires_at <= now:
        return None
    inviter = people.person(session, row.invited_by)
    organisation = circles.organisation(session, row.organisation_id) if row.organisation_id else None
    return (organisation.name if organisation else ""), (inviter.display_name or inviter.name if inviter else "")
