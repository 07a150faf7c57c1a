"""Logging in through an upstream provider (BundID's broker): the trip there and back, the link to an account.

The trip is a sealed ticket in `state`, so that starting it writes nothing; it is bound to the browser and used up when
it comes back. An identity becomes part of an account only when its person presses the button that says so.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from hub.account import rules
from hub.account.api.guard import require_calm, throttle
from hub.account.api.keyring import Keyring, token_digest
from hub.account.api.people import Person, Proof, record_change
from hub.account.api.throttle import upstream_keys
from hub.account.gateway.upstream import Broker, Client, UpstreamError
from hub.account.rules import Arrival, Level
from hub.account.store import codes, keys, people
from hub.core.db import Session

__all__ = ["Arrival", "Broker", "Client", "Identity", "LinkRefusedError", "Trip", "UpstreamError"]


class LinkRefusedError(Exception):
    """The identity cannot be linked; `arrival` says why: ANOTHERS, HAS_OTHER, or CHANGED (the ticket was used)."""

    def __init__(self, arrival: Arrival) -> None:
        super().__init__(arrival.value)
        self.arrival = arrival


@dataclass(frozen=True)
class Trip:
    """On the way to the provider: where to go afterwards, at which level, who was logged in at the start (ms)."""

    target: str
    wanted: int
    person_id: int | None
    browser: str
    started_at: int
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the provider, and how surely; `name` is shown only, `proved_at` in ms."""

    issuer: str
    subject: str
    level: Level
    name: str
    proved_at: int


def allow(address: str, now: int) -> None:
    """ThrottledError after too many trips from one address that ended badly."""
    require_calm(throttle().wait_ms(upstream_keys(address), now))


def note_failure(address: str, now: int) -> None:
    """Counts such a trip."""
    throttle().note(upstream_keys(address), now)


def new_browser_key() -> str:
    """A secret for the browser's cookie, to which trips and waiting identities are bound."""
    return secrets.token_urlsafe(24)


def set_out(
    broker: Broker,
    ring: Keyring,
    browser_key: str,
    target: str,
    wanted: int,
    person_id: int | None,
    lang: str,
    now: int,
) -> str:
    """The address at the provider. UpstreamError when it is away."""
    trip = Trip(
        target, wanted, person_id, token_digest(browser_key), now, secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    )
    state = ring.sealer("upstream trip").ticket(asdict(trip), now + rules.FLOW_MS)
    return broker.question(state, trip.nonce, trip.verifier, rules.acr_of(Level(wanted)), lang, now)


def come_back(ring: Keyring, state: str, browser_key: str, now: int) -> Trip:
    """The trip that this browser began; ValueError for a false, old or other browser's state."""
    trip = Trip(**ring.sealer("upstream trip").read_ticket(state, now))
    if not browser_key or trip.browser != token_digest(browser_key):
        raise ValueError("another browser began this")
    return trip


def use_up(session: Session, state: str, now: int) -> bool:
    """False when this trip ended before."""
    return codes.use_once(session, token_digest(state), now + rules.FLOW_MS)


def prove(broker: Broker, trip: Trip, code: str, now: int) -> Identity:
    """Who it is; UpstreamError when the broker is away or something is wrong. Call it outside of a transaction."""
    claims = broker.redeem(code, trip.verifier, trip.nonce, trip.started_at, now)
    level = rules.level_of_acr(claims.get("acr"))
    return Identity(broker.issuer, claims["sub"], level, rules.shown_name(claims), now)


def arrive(
    session: Session, identity: Identity, visitor: int | None, asked_by: int | None
) -> tuple[Arrival, Proof | None]:
    """What comes of it, and what the owner of the identity proved; ValueError when their account is closed."""
    row = people.identity(session, identity.issuer, identity.subject)
    owner = people.person(session, row.person_id) if row is not None else None
    if owner is not None and owner.disabled:
        raise ValueError("the account is closed")
    has_other = visitor is not None and has_identity(session, visitor, identity.issuer)
    found = rules.arrival(owner.id if owner else None, visitor, asked_by, has_other=has_other)
    if owner is None:
        return found, None
    # a password at the provider must not get round the app that the person set up here
    needs_code = bool(owner.otp_secret) and identity.level == Level.BASIS
    return found, _proof(owner.id, identity, needs_code=needs_code)


def note_use(session: Session, identity: Identity, now: int) -> None:
    """Remembers when an identity was used last, and how sure it was."""
    people.use_identity(session, identity.issuer, identity.subject, int(identity.level), now)


def keep(ring: Keyring, identity: Identity, browser_key: str, now: int) -> str:
    """A proven identity that waits for its link, sealed for this browser's cookie."""
    facts = {**asdict(identity), "browser": token_digest(browser_key)}
    return ring.sealer("upstream identity").ticket(facts, now + rules.WAITING_MS)


def kept(ring: Keyring, ticket: str, browser_key: str, now: int) -> Identity:
    """ValueError when it is over, not ours or another browser's."""
    facts: dict[str, Any] = ring.sealer("upstream identity").read_ticket(ticket, now)
    if not browser_key or facts.pop("browser") != token_digest(browser_key):
        raise ValueError("another browser proved this")
    return Identity(**{**facts, "level": Level(facts["level"])})


def link(session: Session, person: Person, identity: Identity, ticket: str, now: int) -> Proof:
    """Makes the identity a way into the account; LinkRefusedError. A ticket counts once."""
    if not codes.use_once(session, token_digest(ticket), now + rules.WAITING_MS):
        raise LinkRefusedError(Arrival.CHANGED)
    found, proof = arrive(session, identity, person.id, person.id)
    if found is Arrival.RAISE and proof is not None:
        return proof
    row = people.person(session, person.id)
    if row is not None and row.identified_until > now and not rules.is_trusted(person.level):
        raise LinkRefusedError(Arrival.UNSURE)  # or a stolen password would bring the thief's own identity in
    facts = {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "person_id": person.id,
        "level": int(identity.level),
        "linked_at": now,
        "used_at": now,
    }
    if found is not Arrival.LINK or not people.link_identity(session, facts):
        raise LinkRefusedError(found if found is not Arrival.LINK else Arrival.ANOTHERS)
    record_change(session, person.id, "identity-linked", now)
    return _proof(person.id, identity)


def unlink(session: Session, person: Person, issuer: str, now: int) -> bool:
    """False when there is no such link, or nothing else to log in with."""
    people.lock_person(session, person.id)
    row = people.person(session, person.id)
    if row is None or not (row.password_hash or keys.passkeys_of(session, person.id)):
        return False
    if not people.unlink_identity(session, person.id, issuer):
        return False
    record_change(session, person.id, "identity-unlinked", now)
    return True


def has_identity(session: Session, person_id: int, issuer: str) -> bool:
    """Whether the account is linked with somebody at this provider."""
    return any(row.issuer == issuer for row in people.identities_of(session, person_id))


def _proof(person_id: int, identity: Identity, *, needs_code: bool = False) -> Proof:
    methods = frozenset({"mfa"}) if identity.level >= Level.SUBSTANTIELL else frozenset()  # eIDAS asks for two factors
    return Proof(person_id, methods, needs_code, identity.level, identity.proved_at)
