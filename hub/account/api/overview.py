"""What a person sees of their own account."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.account.api import people as people_api
from hub.account.api import sessions
from hub.account.api.people import Person
from hub.account.rules import Level
from hub.account.store import keys, people
from hub.core.db import Session

rename_person = people_api.rename


@dataclass(frozen=True)
class Passkey:
    """One passkey; times in ms, used_at 0 = never."""

    id: int
    name: str
    created_at: int
    used_at: int
    backed_up: bool
    trusted: bool


@dataclass(frozen=True)
class Happened:
    """One line of the history; `kind` is a word that the page translates."""

    at: int
    kind: str
    device: str


@dataclass(frozen=True)
class Overview:
    """The account at a glance."""

    identified_until: int
    passkeys: int
    has_password: bool
    has_app: bool
    codes_left: int
    has_identity: bool = False
    app_is_trusted: bool = False


@dataclass(frozen=True)
class LinkedIdentity:
    """Somebody at an upstream provider who may log in; `level` and `used_at` (ms) are of the last time."""

    issuer: str
    level: Level
    used_at: int

    @property
    def host(self) -> str:
        """The provider's host."""
        return urlsplit(self.issuer).hostname or self.issuer


@dataclass(frozen=True)
class Security:
    """Everything on the security page."""

    overview: Overview
    passkeys: tuple[Passkey, ...]
    sessions: tuple[sessions.Listed, ...]
    history: tuple[Happened, ...]
    identities: tuple[LinkedIdentity, ...]


def of(session: Session, person: Person, now: int) -> Overview:
    """The account at a glance; ValueError when it is gone."""
    row = people.person(session, person.id)
    if row is None:
        raise ValueError("there is no such person")
    return Overview(
        row.identified_until if row.identified_until > now else 0,
        len(keys.passkeys_of(session, person.id)),
        bool(row.password_hash),
        bool(row.otp_secret),
        keys.recovery_codes_left(session, person.id),
        bool(people.identities_of(session, person.id)),
        row.otp_trusted,
    )


def security(session: Session, person: Person, now: int) -> Security:
    """Everything on the security page."""
    found = keys.passkeys_of(session, person.id)
    return Security(
        of(session, person, now),
        tuple(Passkey(row.id, row.name, row.created_at, row.used_at, row.backed_up, row.trusted) for row in found),
        tuple(sessions.listed(session, person, now)),
        tuple(Happened(row.at, row.kind, row.device) for row in people.history(session, person.id)),
        tuple(
            LinkedIdentity(row.issuer, Level(row.level), row.used_at)
            for row in people.identities_of(session, person.id)
        ),
    )


def credential_ids(session: Session, person_id: int) -> list[str]:
    """Passkeys that the browser must not make a second time."""
    return [row.credential_id for row in keys.passkeys_of(session, person_id)]


def rename(session: Session, person: Person, display_name: str) -> None:
    """The name that pages show; ValueError when it is too long. Who was identified keeps the name of the document."""
    row = people.person(session, person.id)
    if row is not None and not row.identified_until:
        people_api.rename(session, person.id, display_name)
