"""What the account announces; `hub.app` says who listens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CodeMade:
    """A code must reach a mail address. Purpose: register, reset, mail (a changed address)."""

    mail: str
    code: str
    purpose: str
    language: str
    now: int


@dataclass(frozen=True)
class AlreadyRegistered:
    """Somebody wants to register with the address of an account that exists; its owner should hear of it."""

    mail: str
    language: str
    now: int


@dataclass(frozen=True)
class Invited:
    """An invitation link must reach a mail address; `to` is the organisation's name or empty for a child."""

    mail: str
    token: str
    to: str
    language: str
    now: int


@dataclass(frozen=True)
class SecurityChanged:
    """Something about an account's keys changed; its owner should hear of it even if it was not them."""

    person_id: int
    kind: str
    now: int


@dataclass(frozen=True)
class MailChanged:
    """An account has another mail address; whoever reads the old one should hear of it."""

    old: str
    language: str
    now: int


@dataclass(frozen=True)
class SessionsEnded:
    """These sessions (public ids) are over: by log-out, by the owner from afar, by recovery, or they `ran_out`.

    `followed_by` is the session that the same person opened in the same browser instead, empty without one.
    """

    person_id: int
    session_ids: tuple[str, ...]
    now: int
    followed_by: str = ""
    ran_out: bool = False


@dataclass(frozen=True)
class AccountEnding:
    """Nobody used this account for two years; it is deleted at `until` (ms) unless its owner logs in."""

    person_id: int
    until: int
    now: int


@dataclass(frozen=True)
class AccountErased:
    """The account of this mail address was deleted; its owner should hear of it."""

    mail: str
    language: str
    now: int
