"""Booking: `transfer` inside a transaction, all or nothing, and looking into the book.

On PostgreSQL all transfers of a transaction belong into one call of `book`: it locks the accounts in a fixed order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.core import i18n
from hub.core.db import Session
from hub.payments.rules import ledger as rules
from hub.payments.rules import wallet as wallet_rules
from hub.payments.rules.ledger import Booked, Check, Line, RefusedError, Transfer
from hub.payments.store import ledger as store

PAGE = 25


@dataclass(frozen=True)
class Movement:
    """A line of a statement: `cents` below 0 went out of the account; `at` in ms."""

    number: int
    key: str
    what: str
    at: int
    cents: int


def transfer(session: Session, key: str, lines: Sequence[Line], now: int, what: str) -> Booked:
    """Books lines in the caller's transaction; RefusedError (funds, day_limit, key, lines) changes nothing.

    The same key with the same content gives the first result again.
    """
    outcome = book(session, [Transfer(key, tuple(lines), what)], now)[0]
    if isinstance(outcome, RefusedError):
        raise outcome
    return outcome


def book(session: Session, transfers: Sequence[Transfer], now: int) -> Sequence[Booked | RefusedError]:
    """Books a group, one after the other; each is booked or refused by itself."""
    names = {name for one in transfers for line in one.lines for name in line[:2]}
    ordered = list(names)
    found = store.accounts(session, ordered, lock=True)
    if len(found) < len(names):
        strange = [name for name in names - found.keys() if not rules.is_name(name)]
        if strange:
            raise RefusedError("lines", f"{strange[0]!r} is no account")
        missing = [(name, rules.floor_of(name), wallet_rules.day_limit_of(name)) for name in names - found.keys()]
        store.add_accounts(session, missing)
        found = store.accounts(session, ordered, lock=True)
    known = store.known(session, [one.key for one in transfers])
    settled = rules.settle(transfers, known, found, store.numbers(session), now, day_of(now))
    store.write(session, settled)
    return settled.outcomes


def balance(session: Session, account: str) -> int:
    """Cents on an account, 0 for one that was never used."""
    found = store.accounts(session, [account]).get(account)
    return found.balance if found is not None else 0


def locked_balance(session: Session, account: str) -> int:
    """The same; nobody else changes it until the transaction ends. A wallet that was never used is opened for that."""
    return locked_balances(session, [account])[account]


def locked_balances(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The same of several accounts, which whoever books on all of them must lock together."""
    store.add_accounts(session, [(name, rules.floor_of(name), wallet_rules.day_limit_of(name)) for name in names])
    return {name: one.balance for name, one in store.accounts(session, list(names), lock=True).items()}


def is_booked(session: Session, key: str) -> bool:
    """Whether there is a transfer with this key."""
    return bool(store.known(session, [key]))


def statement(session: Session, account: str, limit: int = PAGE, before: int | None = None) -> list[Movement]:
    """The newest movements of an account (older than the number `before`)."""
    return [Movement(*row) for row in store.movements(session, account, limit, before)]


def check(session: Session) -> Check:
    """Adds up the whole book: zero together, balances as the postings say, no wallet below its floor."""
    return rules.checked(*store.everything(session))


def day_of(now: int) -> int:
    """The day of a moment in the town's time, counted from 1970."""
    return _day_of(now // 60_000)


@lru_cache(maxsize=256)
def _day_of(minute: int) -> int:
    return i18n.local(minute * 60_000).date().toordinal() - 719_163


revenues = store.totals
