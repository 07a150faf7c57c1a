"""Machines of the town (ticket machines, charging points) that take payments from cards of a wallet."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.payments.api import wallet
from hub.payments.api.wallet import Order, Paid
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules.ledger import RefusedError
from hub.payments.rules.payment import Item
from hub.payments.store import wallets as store

MAX_CARDS = 10


@dataclass(frozen=True)
class Machine:
    """A machine; it takes at most `max_cents` at once, for its own operation alone."""

    name: str
    operation: str
    max_cents: int


@dataclass(frozen=True)
class Card:
    """A card; `id` is no secret, the number is."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True)
class Charge:
    """What a machine asks for; `key` is its own name for it."""

    machine: Machine
    key: str
    card: str
    text: str
    cents: int
    tax: str
    lines: tuple[str, ...] = ()


def add(session: Session, name: str, operation: str, max_cents: int, now: int) -> str:
    """A new machine's key, which is shown once; ValueError for a strange name."""
    if not ledger_rules.is_name(f"machine:{name}") or not ledger_rules.is_name(f"revenue:{operation}"):
        raise ValueError("names of machines and operations have small letters, digits and -")
    key = secrets.token_urlsafe(32)
    store.add_machine(session, name, digest(key), operation, max_cents, now)
    return key


def end(session: Session, name: str, now: int) -> None:
    """Its key opens nothing any more; ValueError for an unknown machine."""
    if not store.end_machine(session, name, now):
        raise ValueError(f"there is no machine {name}")


def find(session: Session, key: str) -> Machine | None:
    """The machine with this key."""
    row = store.machine(session, digest(key))
    return None if row is None else Machine(row.name, row.operation, row.max_cents)


def add_card(session: Session, owner: str, name: str, now: int) -> str:
    """A new card's number, which is shown once; ValueError when there are too many or the name is strange."""
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= 40 or not cleaned.isprintable() or len(store.cards_of(session, owner)) >= MAX_CARDS:
        raise ValueError("at most ten cards, each with a name of at most 40 signs")
    number = secrets.token_hex(10).upper()
    store.add_card(session, owner, digest(number), cleaned, now)
    return number


def cards(session: Session, owner: str) -> list[Card]:
    """The owner's cards."""
    return [Card(row.number_hash, row.name, row.created_at) for row in store.cards_of(session, owner)]


end_card = store.end_card


def charge_many(session: Session, charges: Sequence[Charge], now: int) -> Sequence[Paid | RefusedError]:
    """Takes charges out of the cards' wallets, each by itself; RefusedError: card, amount, funds, day_limit, key."""
    hashes = [digest(one.card) for one in charges]
    owners = store.owners_of_cards(session, hashes)
    orders = [_order(one, owners.get(number, "")) for one, number in zip(charges, hashes, strict=True)]
    results = iter(wallet.pay_many(session, [one for one in orders if isinstance(one, Order)], now))
    return [next(results) if isinstance(one, Order) else one for one in orders]


def _order(charge: Charge, owner: str) -> Order | RefusedError:
    machine = charge.machine
    if not owner:
        return RefusedError("card")
    if not 0 < charge.cents <= machine.max_cents:
        return RefusedError("amount")
    item = Item(charge.text, charge.cents, machine.operation, charge.tax, charge.lines)
    key = f"machine:{machine.name}:{charge.key}"
    return Order(key, owner, machine.operation, charge.key, charge.text, (item,))


def digest(secret: str) -> str:
    """What is kept of a key or a number."""
    return hashlib.sha256(secret.strip().upper().encode() if len(secret) < 32 else secret.encode()).hexdigest()
