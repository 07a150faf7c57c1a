"""What payments hold about a person, and what the tax code makes the town keep."""

import contextlib
from datetime import datetime

from hub.account import api as account
from hub.core import i18n
from hub.core.db import Session
from hub.payments.api import ledger, wallet
from hub.payments.rules import keeping
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules.wallet import WalletError
from hub.payments.store import payments as store
from hub.payments.store import wallets

_MANY = 100_000


def export(session: Session, person_id: int, now: int) -> dict[str, object]:
    """Wallet, movements and payments as plain values."""
    owner = f"person:{person_id}"
    found = wallet.get(session, owner, now)
    return {
        "balance_cents": found.balance,
        "day_limit_cents": found.day_limit,
        "movements": [
            {"at": one.at, "cents": one.cents, "what": one.what} for one in wallet.statement(session, owner, _MANY)
        ],
        "payments": [
            {"created_at": one.created_at, "title": one.title, "cents": one.payment.cents, "state": one.payment.state}
            for one in wallet.paid(session, owner, _MANY)
        ],
        "mandates": [
            {"reference": one.reference, "holder": one.holder, "account": one.iban_end}
            for one in wallets.mandates_of(session, owner)
        ],
        "cards": [{"name": one.name, "created_at": one.created_at} for one in wallets.cards_of(session, owner)],
    }


def forget(session: Session, person_id: int, now: int) -> None:
    """Agreements, cards and names go, bookings stay without a payer; money goes back to where it came from, and what
    came from nowhere that pays back is kept as unclear money under this number.
    """
    owner = f"person:{person_id}"
    with contextlib.suppress(WalletError):
        wallet.pay_out(session, owner, "erased", now)
    rest = ledger.balance(session, ledger_rules.wallet(owner))
    if rest > 0:
        line = ledger_rules.Line(ledger_rules.wallet(owner), ledger_rules.UNCLEAR, rest)
        ledger.transfer(session, f"erased:{owner}", [line], now, "rest of a deleted account")
    wallets.forget(session, owner, now)
    store.clear_owner(session, owner)


def collect(session: Session, now: int) -> int:
    """Takes money out of wallets whose owner is gone (a child without parents, a refund that came too late): it waits
    under their number for somebody who looks for the owner. How many.
    """
    full = {name: cents for name, cents in ledger.revenues(session, ledger_rules.WALLET).items() if cents > 0}
    owners = [name.removeprefix(ledger_rules.WALLET) for name in full]
    gone = [ledger_rules.wallet(one) for one in sorted(set(owners) - account.acting.existing(session, owners))]
    lines = [ledger_rules.Line(name, ledger_rules.UNCLEAR, full[name]) for name in gone]
    named = [(f"nobody:{line.source}:{now}", (line,), "wallet of nobody") for line in lines]
    ledger.book(session, [ledger_rules.Transfer(*one) for one in named], now)
    return len(lines)


def kept_until(session: Session, person_id: int, now: int) -> int:
    """Until when (ms) bookings of this person must be kept (section 147 of the fiscal code), 0 when there are none."""
    newest = store.of_owner(session, f"person:{person_id}", 1)
    moved = wallet.statement(session, f"person:{person_id}", 1)
    last = max([row.created_at for row in newest] + [one.at for one in moved], default=0)
    return _end_of_year(last or now, keeping.YEARS) if last else 0


def _end_of_year(moment: int, years: int) -> int:
    year = i18n.local(moment).year + years
    return int(datetime(year + 1, 1, 1, tzinfo=i18n.TIMEZONE).timestamp() * 1000)
