"""Payment providers behind one protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hub.payments.rules.payment import Item, Report


class AwayError(OSError):
    """The provider does not answer, or not sensibly: try again later."""


class DeclinedError(Exception):
    """The provider says no for good."""


class ForgedError(Exception):
    """A notice that the provider did not send, or not now."""


@dataclass(frozen=True)
class Order:
    """What shall be paid. `key` names this try for the provider: the same key never makes a second payment."""

    key: str
    cents: int
    title: str
    items: tuple[Item, ...]
    return_url: str
    notice_url: str
    language: str
    keep: bool = False  # the payer agrees to further payments without them


@dataclass(frozen=True)
class Started:
    """The provider's name for the attempt, and its page (empty when none is needed)."""

    ref: str
    url: str = ""


@dataclass(frozen=True)
class Found:
    """What the provider knows of an attempt; `token` when the payer agreed to further payments."""

    report: Report
    token: str = ""


@dataclass(frozen=True)
class Notice:
    """A provider's own word, checked; `key` is the order's."""

    id: str
    ref: str
    key: str
    found: Found


class Provider(Protocol):
    """A payment provider. Every call but `notice` may raise AwayError or DeclinedError."""

    name: str

    def start(self, order: Order) -> Started:
        """Begins a payment, or finds the one that was begun with this key."""

    def status(self, ref: str) -> Found:
        """Asks how it stands."""

    def notice(self, headers: Mapping[str, str], body: bytes, now: int) -> Notice:
        """Checks signature and time of a notice; ForgedError."""

    def refund(self, ref: str, cents: int, key: str) -> None:
        """Sends money back, once for each key."""

    def cancel(self, ref: str) -> None:
        """Gives up what is not paid."""

    def charge(self, token: str, order: Order) -> Started:
        """Collects by an agreement, without the payer."""
