"""Everything that the account knows about a person, and forgetting it. Times in the export are ms UTC, 0 = never."""

from dataclasses import dataclass

from hub.account import rules
from hub.account.api import families, organisations, sessions
from hub.account.api.events import AccountEnding, AccountErased
from hub.account.api.people import ADMIN, make_person
from hub.account.rules import MemberRole, Standing
from hub.account.store import circles, codes, keys, people
from hub.account.store import sessions as session_store
from hub.core import audit, events, i18n
from hub.core.db import Session

_DAY = 86_400_000
OTHER_PARENT = "ein anderer Elternteil"
_SOME = 50  # mails a night: more at once looks like spam


@dataclass(frozen=True)
class Obstacle:
    """Why an account cannot be deleted yet; kind: last_owner (name = the organisation), last_admin."""

    kind: str
    name: str = ""


def export(session: Session, person_id: int, now: int) -> dict[str, object]:
    """The account's own data as plain values; ValueError for nobody."""
    row = people.person(session, person_id)
    if row is None:
        raise ValueError("there is no such person")
    person = make_person(session, row)
    return {
        "mail": row.name,
        "display_name": row.display_name,
        "language": row.language,
        "created_at": row.created_at,
        "seen_at": row.seen_at,
        "identified_until": row.identified_until,
        "has_password": bool(row.password_hash),
        "has_app": bool(row.otp_secret),
        "recovery_codes_left": keys.recovery_codes_left(session, person_id),
        "passkeys": [
            {"id": one.credential_id, "name": one.name, "created_at": one.created_at, "used_at": one.used_at}
            for one in keys.passkeys_of(session, person_id)
        ],
        "identities": [
            {
                "issuer": one.issuer,
                "subject": one.subject,
                "level": one.level,
                "linked_at": one.linked_at,
                "used_at": one.used_at,
            }
            for one in people.identities_of(session, person_id)
        ],
        "roles": [{"role": role, "scope": scope} for role, scope in sorted(person.grants)],
        "sessions": [
            {"device": one.device, "level": int(one.level), "created_at": one.created_at, "seen_at": one.last_seen_at}
            for one in sessions.listed(session, person, now)
        ],
        "history": [
            {"at": one.at, "kind": one.kind, "device": one.device} for one in people.history(session, person_id, 10_000)
        ],
        "organisations": [
            {"name": one.name, "role": str(one.role), "until": one.until or 0}
            for one in organisations.of(session, person_id, now)
        ],
        "children": [
            {
                "first_name": one.first_name,
                "last_name": one.last_name,
                "born": one.born.isoformat(),
                "guardians": ", ".join(name or i18n.translate(OTHER_PARENT, row.language) for name in one.guardians),
            }
            for one in families.children(session, person_id, now)
        ],
        "invitations": [
            {"mail": one.mail, "expires_at": one.expires_at} for one in circles.invitations_by(session, person_id, now)
        ],
    }


def obstacles(session: Session, person_id: int, now: int) -> list[Obstacle]:
    """What the person must hand over first: an organisation that others use, the last admin's role."""
    found = [
        Obstacle("last_owner", one.name)
        for one in organisations.of(session, person_id, now)
        if one.role == MemberRole.OWNER and _is_needed(session, one.id, person_id, now)
    ]
    everywhere = (ADMIN, "")
    admins = {row.id for row, *role in people.staff(session) if tuple(role) == everywhere and not row.disabled}
    return [*found, Obstacle("last_admin")] if admins == {person_id} else found


def _is_needed(session: Session, organisation_id: int, person_id: int, now: int) -> bool:
    """Others are members, and none of them owns the organisation without an end."""
    others = [one for one in organisations.members(session, organisation_id, now) if one.person_id != person_id]
    return bool(others) and not any(one.role == MemberRole.OWNER and one.until is None for one in others)


def erase(session: Session, person_id: int, now: int) -> None:
    """Deletes the account for good; its number stays taken. ValueError while there are obstacles, or for nobody.

    Organisations and children for whom nobody else acts are removed with it.
    """
    people.lock_person(session, person_id)
    circles.lock_circles(session, person_id)
    people.lock_role(session, ADMIN)
    row = people.person(session, person_id)
    if row is None or obstacles(session, person_id, now):
        raise ValueError("this account cannot be deleted")
    mail, language = row.name, row.language
    sessions.end_others(session, person_id, now)
    for organisation, _member in circles.organisations_of(session, person_id):
        if len(circles.members(session, organisation.id)) == 1:
            session_store.stop_acting_for(session, f"organisation:{organisation.id}")
            circles.remove_organisation(session, organisation.id)
    for child in circles.children_of(session, person_id):
        circles.remove_guardian(session, child.id, person_id)
    codes.forget_mail(session, mail)
    audit.note(session, "account.erased", actor=f"person:{person_id}", subject=f"person:{person_id}", now=now)
    people.delete_person(session, person_id, now)
    if rules.is_mail(mail):
        events.announce(session, AccountErased(mail, language, now))


def warn_unused(session: Session, now: int) -> int:
    """Tells owners of accounts that nobody used for two years; how many."""
    found = _unused(session, now, Standing.WARN)
    for person_id in found[:_SOME]:
        people.change_person(session, person_id, warned_at=now)
        events.announce(session, AccountEnding(person_id, now + rules.WARNING_DAYS * _DAY, now))
    return len(found[:_SOME])


def unused(session: Session, now: int) -> list[int]:
    """Accounts whose owners were warned in vain; some may have `obstacles`."""
    return _unused(session, now, Standing.OVER)


def _unused(session: Session, now: int, wanted: Standing) -> list[int]:
    before, warned = now - rules.UNUSED_DAYS * _DAY, wanted == Standing.OVER
    return [
        row.id
        for row in people.unseen_citizens(session, before, 1000, warned=warned)
        if rules.standing(max(row.seen_at, row.created_at), row.warned_at, now) == wanted
    ]
