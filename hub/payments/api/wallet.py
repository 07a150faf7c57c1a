"""Wallets of persons, organisations and children: paying, topping up, giving, limits, automatic top-ups."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.account import api as account
from hub.core import events
from hub.core.db import Session
from hub.payments.api import ledger, payments, refunds
from hub.payments.api.events import PaymentCompleted
from hub.payments.api.payments import Listed
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import payment as payment_rules
from hub.payments.rules import wallet as rules
from hub.payments.rules.ledger import Booked, Line, RefusedError, Transfer
from hub.payments.rules.payment import Item, State
from hub.payments.rules.wallet import Automatic, WalletError
from hub.payments.store import ledger as ledger_store
from hub.payments.store import payments as payment_store
from hub.payments.store import wallets as store
from hub.payments.store.payment_tables import PaymentRow

_UNDER_WAY_MS, _SHOWN_UNDER_WAY = 14 * 86_400_000, 30  # a bank transfer may take so long; how many are looked through


@dataclass(frozen=True)
class Wallet:
    """A wallet now: cents, what may be spent a day, what was spent today, room for top-ups."""

    owner: str
    balance: int
    day_limit: int
    spent_today: int
    room: int


@dataclass(frozen=True)
class Order:
    """A payment out of a wallet at once; `key` is the caller's own name for it."""

    key: str
    owner: str
    purpose: str
    reference: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Paid:
    """A payment that is made; `is_new` False when it was made before under this key."""

    payment_id: str
    is_new: bool


@dataclass(frozen=True)
class Agreement:
    """What was agreed with a provider; `automatic` None = not switched on."""

    method: str
    automatic: Automatic | None


def principals(session: Session, person: account.Person, now: int) -> list[tuple[str, str]]:
    """(owner, name) of every wallet that this person may use, their own first."""
    others = [(one.key, one.name) for one in account.acting.choices(session, person.id, now)]
    return [(f"person:{person.id}", person.shown), *others]


def may_use(session: Session, person: account.Person, owner: str, now: int) -> bool:
    """Whether this person may look into the owner's wallet and pay out of it."""
    return owner in {one for one, _name in principals(session, person, now)}


def get(session: Session, owner: str, now: int) -> Wallet:
    """A wallet; an empty one for somebody who never had any."""
    name = ledger_rules.wallet(owner)
    found = ledger_store.accounts(session, [name]).get(name) or ledger_rules.Account(0, name)
    limit = found.day_limit if found.day_limit is not None else rules.day_limit_of(name)
    spent = found.spent if found.spent_day == ledger.day_of(now) else 0
    waiting = payment_store.waiting_top_ups(session, owner, now - payments.WAITING_MS)
    return Wallet(owner, found.balance, limit or 0, spent, rules.room(found.balance, waiting))


def pay(session: Session, order: Order, now: int) -> Paid:
    """Pays at once; RefusedError: funds, day_limit, key (used for something else). ValueError for no amount."""
    outcome = pay_many(session, [order], now)[0]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def pay_many(session: Session, orders: Sequence[Order], now: int) -> Sequence[Paid | RefusedError]:
    """The same for many at once, for `Desk`: each is paid or refused by itself."""
    outcomes = ledger.book(session, [_transfer(one) for one in orders], now)
    new = {
        one.key: (one, secrets.token_urlsafe(16))
        for one, outcome in zip(orders, outcomes, strict=True)
        if isinstance(outcome, Booked) and outcome.is_new
    }
    store.add_paid(session, [_row(one, payment_id, now) for one, payment_id in new.values()])
    known = [one.key for one, outcome in zip(orders, outcomes, strict=True) if _is_repeated(outcome)]
    ids = store.paid_by_keys(session, known) if known else {}
    seen: set[str] = set()
    results: list[Paid | RefusedError] = []
    for one, outcome in zip(orders, outcomes, strict=True):
        if isinstance(outcome, RefusedError):
            results.append(outcome)
        else:
            payment_id = new[one.key][1] if one.key in new else ids[one.key]
            results.append(Paid(payment_id, one.key in new and one.key not in seen))
            seen.add(one.key)
    _tell(session, list(new.values()), now)
    return results


def ask(session: Session, order: Order, return_to: str, now: int) -> Listed:
    """Asks for what a wallet could not pay; it waits at /bezahlen/<id> like anything else."""
    names = ("key", "owner", "purpose", "reference", "title", "items")
    facts = {name: getattr(order, name) for name in names}
    return payments.request(session, **facts, now=now, return_to=return_to)


def note_paid(session: Session, order: Order, now: int) -> None:
    """Stores and tells a payment whose money was booked already."""
    payment_id = secrets.token_urlsafe(16)
    store.add_paid(session, [_row(order, payment_id, now)])
    _tell(session, [(order, payment_id)], now)


def fill_low(session: Session, owner: str, now: int) -> None:
    """Begins the automatic top-up of a wallet that fell below its threshold."""
    for one in store.low(session, [owner]):
        _fill(session, one, now)


def _transfer(order: Order) -> Transfer:
    payment_rules.check_items(order.items)
    source = ledger_rules.wallet(order.owner)
    lines = [Line(source, target, cents) for target, cents in payment_rules.incomes(order.items).items()]
    return Transfer(f"pay:{order.key}", tuple(lines), f"{order.purpose} {order.reference}"[:60])


def _row(order: Order, payment_id: str, now: int) -> tuple[object, ...]:
    items, cents = payment_rules.pack(order.items), sum(one.cents for one in order.items)
    facts = (order.owner, order.purpose, order.reference, order.title)
    return (payment_id, order.key, *facts, items, cents, now)


def _is_repeated(outcome: Booked | RefusedError) -> bool:
    return isinstance(outcome, Booked) and not outcome.is_new


def _tell(session: Session, paid: Sequence[tuple[Order, str]], now: int) -> None:
    for one, payment_id in paid:
        cents = sum(item.cents for item in one.items)
        events.announce(session, PaymentCompleted(payment_id, one.owner, one.purpose, one.reference, cents, now))
    for owner in store.low(session, sorted({one.owner for one, _ in paid})):
        _fill(session, owner, now)
    session.flush()  # the desk's jobs have no savepoint that would do it


def pay_request(session: Session, payment_id: str, now: int) -> Listed:
    """Pays what somebody was asked for out of the payer's wallet; RefusedError: funds, day_limit, paid.

    What a provider still captures afterwards goes into the wallet.
    """
    row = payment_store.get(session, payment_id, lock=True)
    if row is None or not row.owner or row.purpose == payment_rules.TOP_UP:
        raise RefusedError("lines")
    payment = payment_store.payment(row)
    if payment.state == State.COMPLETED:
        return payments.listed(row)
    source, key, what = ledger_rules.wallet(row.owner), f"pay:{row.key}", row.reference
    done = {"completed_at": now}
    if payment.state == State.RETURNED:  # it was booked before, so the payer owes it
        key, what, done = f"again:{row.id}:{payment.returned}", row.id, {}
        lines = [Line(source, ledger_rules.receivable(row.owner), payment.left)]
    elif payment.paid:
        raise RefusedError("partial")
    else:
        lines = [Line(source, target, cents) for target, cents in payment_rules.incomes(payment.items).items()]
    ledger.transfer(session, key, lines, now, f"{row.purpose[:30]} {what}"[:60])
    paid = payment.from_wallet + payment.left
    payment_store.change(session, payment_id, state=State.COMPLETED, from_wallet=paid, **done)
    payments.announce(session, payment, row.reference, State.COMPLETED, "", now)
    for owner in store.low(session, [row.owner]):
        _fill(session, owner, now)
    return payments.listed(payment_store.get(session, payment_id) or row)


def under_way(session: Session, owner: str, now: int) -> list[Listed]:
    """Top-ups whose money has not arrived yet, the newest first."""
    rows = payment_store.of_owner(session, owner, _SHOWN_UNDER_WAY)
    is_new = [row for row in rows if row.purpose == payment_rules.TOP_UP and row.created_at > now - _UNDER_WAY_MS]
    return [payments.listed(row) for row in is_new if row.state == State.STARTED]


def top_up(session: Session, owner: str, cents: int, key: str, now: int) -> Listed:
    """Begins a top-up, which is paid like any other payment; WalletError: amount, too_much."""
    waiting = payment_store.waiting_top_ups(session, owner, now - payments.WAITING_MS)
    rules.check_top_up(cents, ledger.balance(session, ledger_rules.wallet(owner)), waiting)
    return _request_top_up(session, owner, cents, key, now)


def _request_top_up(session: Session, owner: str, cents: int, key: str, now: int) -> Listed:
    item = Item("Guthaben", cents, payment_rules.TOP_UP, text_en="Credit")
    return payments.request(
        session,
        key=key,
        owner=owner,
        purpose=payment_rules.TOP_UP,
        reference=owner,
        title="Guthaben",
        items=[item],
        return_to="/konto/geldboerse",
        now=now,
    )


def pay_out(session: Session, owner: str, key: str, now: int) -> int:
    """Sends the balance back to where it came from, the newest top-ups first; how many cents go.

    The same key gives the first result again. WalletError nothing: no top-up is left that a provider can pay back.
    """
    payment_store.lock_top_ups(session, owner)
    before = paid_out(session, owner, key)
    if before:
        return before
    left, sent = ledger.balance(session, ledger_rules.wallet(owner)), 0
    for row in payment_store.of_owner(session, owner, 200):
        payment = payment_store.payment(row)
        share = min(left, payment.refundable) if payment.purpose == payment_rules.TOP_UP else 0
        if share > 0 and _is_by_provider(session, row.id):
            refunds.refund(session, row.id, share, key, "payout", now)
            left, sent = left - share, sent + share
    if not sent:
        raise WalletError("nothing")
    return sent


def paid_out(session: Session, owner: str, key: str) -> int:
    """Cents that a payout of this key sent; 0 when there was none."""
    return payment_store.refunded_by(session, owner, key)


def _is_by_provider(session: Session, payment_id: str) -> bool:
    found = [one for one in payment_store.attempts_of(session, payment_id) if one.captured > one.returned]
    return bool(found) and all(one.method not in refunds.BY_HAND for one in found)


def give(session: Session, source: str, child: str, cents: int, key: str, now: int) -> Booked:
    """A parent fills a child's wallet; RefusedError funds, WalletError: amount, too_much, not_allowed."""
    if not child.startswith(rules.CHILD) or source == child:
        raise WalletError("not_allowed")
    if cents < 1:
        raise WalletError("amount")
    line = Line(ledger_rules.wallet(source), ledger_rules.wallet(child), cents)
    held = ledger.locked_balances(session, line[:2])[line.target]
    if held + cents > rules.MAX_BALANCE and not ledger.is_booked(session, f"give:{key}"):
        raise WalletError("too_much")
    return ledger.transfer(session, f"give:{key}", [line], now, f"to {child}")


def take_back(session: Session, child: str, target: str, cents: int, key: str, now: int) -> Booked:
    """A parent takes money out of a child's wallet; RefusedError funds, WalletError: amount, not_allowed."""
    if not child.startswith(rules.CHILD) or target == child:
        raise WalletError("not_allowed")
    if cents < 1:
        raise WalletError("amount")
    line = Line(ledger_rules.wallet(child), ledger_rules.wallet(target), cents)
    return ledger.transfer(session, f"take:{key}", [line], now, f"from {child}")


def set_day_limit(session: Session, owner: str, cents: int) -> None:
    """How much the wallet may spend a day; WalletError amount."""
    if not 0 <= cents <= rules.MAX_DAY:
        raise WalletError("amount")
    name = ledger_rules.wallet(owner)
    ledger_store.add_accounts(session, [(name, ledger_rules.floor_of(name), cents)])
    ledger_store.set_day_limit(session, name, cents)


def agreement(session: Session, owner: str) -> Agreement | None:
    """The owner's agreement, when there is one."""
    row = store.agreement(session, owner)
    if row is None:
        return None
    return Agreement(row.method, Automatic(row.threshold, row.cents, row.failures) if row.cents else None)


def keep_agreement(session: Session, owner: str, method: str, sealed_token: str, now: int) -> None:
    """Keeps a provider's token, sealed; what was switched on stays so."""
    store.set_agreement(session, owner, method=method, token=sealed_token, created_at=now)


def set_automatic(session: Session, owner: str, threshold: int, cents: int, now: int) -> None:
    """Switches automatic top-ups on, or off with 0 cents; WalletError: amount, threshold, no_agreement."""
    if store.agreement(session, owner) is None:
        raise WalletError("no_agreement")
    if cents:
        rules.check_automatic(threshold, cents)
    store.change_agreement(session, owner, threshold=threshold, cents=cents, failures=0)
    for one in store.low(session, [owner]):
        _fill(session, one, now)


def _fill(session: Session, owner: str, now: int) -> None:
    """Begins an automatic top-up when one is due; a job collects it."""
    row = store.agreement(session, owner)
    automatic = Automatic(row.threshold, row.cents, row.failures) if row is not None and row.cents else None
    balance = ledger.balance(session, ledger_rules.wallet(owner))
    waiting = payment_store.waiting_top_ups(session, owner, now - payments.WAITING_MS)
    if row is None or automatic is None or not rules.is_due(automatic, balance, waiting):
        return
    made = _request_top_up(session, owner, automatic.cents, f"auto:{owner}:{secrets.token_hex(8)}", now)
    if store.claim_top_up(session, owner, made.payment.id):
        payments.new_attempt(session, made.payment.id, row.method, now, token=True)


def token(session: Session, owner: str) -> str:
    """The provider's token as it was sealed; empty without an agreement."""
    row = store.agreement(session, owner)
    return "" if row is None else row.token


def end_agreement(session: Session, owner: str) -> None:
    """No more automatic top-ups; the token is forgotten."""
    store.end_agreement(session, owner)


@dataclass(frozen=True)
class Shown:
    """A movement and what it was: pay, topup, refund, payout, give, take, hold, release, returned, extra,
    carried (what was before), other."""

    number: int
    at: int
    cents: int
    kind: str
    title: str = ""
    payment_id: str = ""
    title_en: str = ""


def shown(session: Session, owner: str, limit: int, before: int | None = None) -> list[Shown]:
    """The wallet's movements with the payments that they belong to, the newest first."""
    rows = statement(session, owner, limit, before)
    keys = sorted({key for one in rows if (key := _order_key(one.key))})
    ids = {key: found for some in _chunks(keys) for key, found in store.paid_by_keys(session, some).items()}
    belongs = {one.number: ids.get(_order_key(one.key), one.what.rpartition(" ")[2]) for one in rows}
    known = {
        payment_id: row
        for some in _chunks(sorted(set(belongs.values())))
        for payment_id, row in payment_store.by_ids(session, some).items()
    }
    return [_shown(one, known.get(belongs[one.number])) for one in rows]


def _order_key(key: str) -> str:
    """The key of the order for which a movement was made; empty for one that belongs to none."""
    kind, _, rest = key.partition(":")
    if kind == "hold":
        return rest.rpartition(":")[0]
    return rest if kind in ("pay", "release") else ""


def _chunks(values: list[str]) -> list[list[str]]:
    return [values[start : start + 500] for start in range(0, len(values), 500)]


def _shown(one: ledger.Movement, row: PaymentRow | None) -> Shown:
    kind = one.key.partition(":")[0]
    is_top_up = row is not None and row.purpose == payment_rules.TOP_UP
    if kind == "attempt":
        kind = ("topup" if is_top_up else "extra") if one.cents > 0 else "returned"
    elif kind == "again":
        kind = "pay"
    elif kind == "refund":
        kind = "payout" if is_top_up and one.cents < 0 else "refund"
    elif kind not in ("pay", "give", "take", "hold", "release", "carried"):
        kind = "other"
    if row is None:
        return Shown(one.number, one.at, one.cents, kind)
    title_en = payment_rules.title_of(row.title, payment_rules.unpack(row.items), "en")
    return Shown(one.number, one.at, one.cents, kind, row.title, row.id, title_en)


def statement(session: Session, owner: str, limit: int, before: int | None = None) -> list[ledger.Movement]:
    """The wallet's movements, the newest first."""
    return ledger.statement(session, ledger_rules.wallet(owner), limit, before)


def paid(session: Session, owner: str, limit: int, before: int | None = None) -> list[Listed]:
    """The owner's payments in whatever way, the newest first."""
    return [payments.listed(row) for row in payment_store.of_owner(session, owner, limit, before)]
