"""Payments: asking for one, trying to pay it, and taking in what providers report, each thing once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.core import events, jobs
from hub.core.db import Session
from hub.payments.api import ledger, refunds
from hub.payments.api.events import PaymentCompleted, PaymentFailed
from hub.payments.gateway import Notice, Started
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import payment as rules
from hub.payments.rules import polling, reference
from hub.payments.rules import wallet as wallet_rules
from hub.payments.rules.ledger import Booked, RefusedError, Transfer
from hub.payments.rules.payment import Item, Payment, Report, State, Status, Step
from hub.payments.store import payments as store
from hub.payments.store.payment_tables import AttemptRow, PaymentRow
from hub.payments.store.wallets import end_top_up

POLL_JOB = "ask for a payment"
WAITING_MS = 3_600_000  # so long a top-up that was begun counts as on its way
_DEBTS = 10_000  # movements of a payer's debts that are looked through
MAX_TRIES = 10  # a payment and day: whoever has its address, known or not, makes no more work for us and providers
_DAY_MS = 86_400_000
_NOTICE_MS = 30 * _DAY_MS


@dataclass(frozen=True)
class Listed:
    """A payment as people see it; times in ms, 0 = not yet."""

    payment: Payment
    title: str
    reference: str
    return_to: str
    created_at: int
    completed_at: int

    def called(self, language: str) -> str:
        """The title in a reader's language."""
        return rules.title_of(self.title, self.payment.items, language)


@dataclass(frozen=True)
class Tried:
    """An attempt as people and jobs see it."""

    id: int
    payment_id: str
    method: str
    ref: str
    url: str
    status: Status
    captured: int
    polls: int
    problem: str
    created_at: int

    @property
    def key(self) -> str:
        """The provider's idempotency key."""
        return f"{self.payment_id}.{self.id}"

    @property
    def is_known(self) -> bool:
        """Whether the provider has answered."""
        return not self.ref.startswith("new ")


def request(  # noqa: PLR0913 (all by name)
    session: Session,
    *,
    key: str,
    owner: str,
    purpose: str,
    reference: str,
    title: str,
    items: Sequence[Item],
    now: int,
    return_to: str = "",
) -> Listed:
    """Asks somebody (or anybody, owner "") for a payment, which one pays at /bezahlen/<id>; ValueError for no amount.

    The same key gives the same payment again.
    """
    cents = rules.check_items(items)
    store.add(
        session,
        id=secrets.token_urlsafe(16),
        key=key,
        owner=owner,
        purpose=purpose,
        reference=reference,
        title=title,
        items=rules.pack(items),
        cents=cents,
        state=State.OPEN,
        return_to=return_to,
        created_at=now,
    )
    row = store.by_key(session, key)
    if row is None or (row.owner, row.cents, row.reference) != (owner, cents, reference):
        raise RefusedError("key", key)
    return listed(row)


def find(session: Session, payment_id: str) -> Listed | None:
    """A payment by its id."""
    row = store.get(session, payment_id)
    return None if row is None else listed(row)


def by_key(session: Session, key: str) -> Listed | None:
    """A payment by its maker's own name for it."""
    row = store.by_key(session, key)
    return None if row is None else listed(row)


def of_reference(session: Session, purpose: str, reference: str) -> list[Listed]:
    """Payments for the same thing, the oldest first."""
    return [listed(row) for row in store.of_reference(session, purpose, reference)]


def attempts(session: Session, payment_id: str) -> list[Tried]:
    """A payment's attempts, the newest first."""
    return [tried(row) for row in store.attempts_of(session, payment_id)]


def attempt(session: Session, number: int) -> Tried | None:
    """One attempt."""
    row = store.attempt(session, number)
    return None if row is None else tried(row)


def new_attempt(
    session: Session, payment_id: str, method: str, now: int, mandate_id: int | None = None, token: bool = False
) -> Tried:
    """Notes that somebody wants to pay in this way, before the provider hears of it; RefusedError: paid, too_much (a
    top-up that no longer fits beside others), tries (too many in a day).

    A bank transfer or debit that is open is given again. A job asks the provider until the outcome is known; with
    `token` it collects by the agreement first.
    """
    row = store.get(session, payment_id, lock=True)
    if row is None or row.state == State.COMPLETED:
        raise RefusedError("paid")
    if not polling.is_polled(method):
        same = [one for one in store.attempts_of(session, payment_id) if one.method == method]
        if same and same[0].status not in (Status.FAILED, Status.CANCELLED) and not same[0].returned:
            return tried(same[0])
    if store.tries_since(session, payment_id, now - _DAY_MS) >= MAX_TRIES:
        raise RefusedError("tries")
    if row.purpose == rules.TOP_UP and not token:
        _check_room(session, row, now)
    values = {} if polling.is_polled(method) else {"provider_ref": reference.reference(secrets.randbelow(36**9))}
    number = store.add_attempt(session, payment_id, method, now, mandate_id=mandate_id, **values)
    if row.state != State.RETURNED:  # a debt is one until it is paid
        store.change(session, payment_id, state=State.STARTED)
    if polling.is_polled(method):
        _plan_poll(session, number, 0, now, charge=token)
    made = store.attempt(session, number)
    if made is None:
        raise RefusedError("paid")
    return tried(made)


def _check_room(session: Session, row: PaymentRow, now: int) -> None:
    """Several may be asked for at leisure, but not all be paid; two that begin at once wait for each other."""
    held = ledger.locked_balance(session, f"wallet:{row.owner}")
    waiting = store.waiting_top_ups(session, row.owner, now - WAITING_MS, besides=row.id)
    if row.owner and row.cents - row.captured + row.returned > wallet_rules.room(held, waiting):
        raise RefusedError("too_much")


def note_start(session: Session, number: int, started: Started) -> None:
    """The provider's name and page for an attempt."""
    store.change_attempt(session, number, provider_ref=started.ref, url=started.url[:500])


def take_report(session: Session, number: int, report: Report, now: int) -> Listed | None:
    """Takes in what a provider says of an attempt: books, changes the payment and announces it, once."""
    row = store.attempt(session, number)
    payment_row = store.get(session, row.payment_id, lock=True) if row is not None else None
    row = store.attempt(session, number)  # as it is now that nobody else can change it
    if row is None or payment_row is None:
        return None
    before, attempt_before = store.payment(payment_row), store.as_attempt(row)
    is_back = report.returned > row.returned and before.owner
    held = ledger.balance(session, f"wallet:{before.owner}") if is_back else 0
    others = [one for one in store.attempts_of(session, before.id) if one.id != number]
    waits = any(one.status == Status.PENDING for one in others)
    debt = _debt(session, before) if before.state == State.RETURNED else 0
    step = rules.advance(before, attempt_before, report, held, others_wait=waits, debt=debt)
    if step.problem:
        store.change_attempt(session, number, problem=step.problem)
        return listed(payment_row)
    _book(session, number, step, now)
    _write(session, row, payment_row, step, now)
    extra = sum(line.cents for line in step.lines if line.target == ledger_rules.UNCLEAR)
    if extra:
        refunds.give_back_extra(session, before.id, number, extra, now)
    changed = store.get(session, payment_row.id)
    return listed(changed) if changed is not None else None


def _debt(session: Session, payment: Payment) -> int:
    """What the payer owes because of this top-up's attempts."""
    if payment.purpose != rules.TOP_UP:
        return 0
    mine = tuple(f"attempt:{one.id}:" for one in store.attempts_of(session, payment.id))
    moved = ledger.statement(session, ledger_rules.receivable(payment.owner), _DEBTS)
    return max(0, -sum(one.cents for one in moved if one.key.startswith(mine)))


def _book(session: Session, number: int, step: Step, now: int) -> None:
    if not step.lines:
        return
    key = f"attempt:{number}:{step.attempt.captured}:{step.attempt.returned}"
    outcome = ledger.book(session, [Transfer(key, step.lines, _what(step))], now)[0]
    if not isinstance(outcome, Booked):
        raise outcome
    if not outcome.is_new:
        raise RefusedError("key", key)


def _what(step: Step) -> str:
    return f"{step.payment.purpose[:30]} {step.payment.id}"  # the book takes sixty signs


def _write(session: Session, row: AttemptRow, payment_row: PaymentRow, step: Step, now: int) -> None:
    after, tried_ = step.payment, step.attempt
    problem = "partial" if 0 < after.paid < after.cents else ""
    store.change_attempt(
        session, row.id, status=tried_.status, captured=tried_.captured, returned=tried_.returned, problem=problem
    )
    done = {"completed_at": now} if step.became == State.COMPLETED and not payment_row.completed_at else {}
    store.change(session, payment_row.id, state=after.state, captured=after.captured, returned=after.returned, **done)
    announce(session, after, payment_row.reference, step.became, tried_.status, now)


def announce(session: Session, after: Payment, reference: str, became: str, reason: str, now: int) -> None:
    """Tells the modules above, and the wallet whose automatic top-up it was."""
    facts = (after.id, after.owner, after.purpose, reference, after.cents)
    if became in (State.COMPLETED, State.FAILED) and after.purpose == rules.TOP_UP:
        end_top_up(session, after.id, is_paid=became == State.COMPLETED)
    if became == State.COMPLETED:
        events.announce(session, PaymentCompleted(*facts, now))
    elif became:
        events.announce(session, PaymentFailed(*facts, "returned" if became == State.RETURNED else reason, now))


def take_notice(session: Session, method: str, notice: Notice, now: int) -> int:
    """Notes a provider's notice; its attempt, 0 when it came before. ValueError for an attempt that nobody knows."""
    row = store.attempt_by_ref(session, method, notice.ref)
    if row is None:  # it may come before the answer to our own call
        number = notice.key.rpartition(".")[2]
        row = store.attempt(session, int(number)) if number.isdigit() and len(number) < 16 else None
        if row is None or row.method != method or tried(row).key != notice.key or tried(row).is_known:
            raise ValueError("this payment is not ours")
        store.change_attempt(session, row.id, provider_ref=notice.ref)
    if not store.note_notice(session, method, notice.id, now):
        return 0
    return row.id


def plan_next_poll(session: Session, number: int, now: int, *, charge: bool = False) -> None:
    """Plans the next question after an attempt without an outcome, or gives it up after a week.

    `charge`: it is still to be collected by the agreement, for the provider was away.
    """
    row = store.attempt(session, number)
    if row is None or row.status != Status.PENDING:
        return
    if polling.is_over(row.method, now - row.created_at):
        take_report(session, number, Report(Status.FAILED, row.captured, row.returned), now)
        return
    store.change_attempt(session, number, polls=row.polls + 1)
    _plan_poll(session, number, row.polls + 1, now, charge=charge)


def _plan_poll(session: Session, number: int, polls: int, now: int, *, charge: bool) -> None:
    run_at = now if charge and not polls else now + polling.pause_ms(polls)
    facts = {"attempt": number, "charge": charge}
    jobs.add(session, POLL_JOB, facts, now=now, run_at=run_at, unique_key=f"{POLL_JOB} {number} {polls}")


def is_reported(session: Session, payment_id: str) -> bool:
    """Whether the payment's outcome is known."""
    row = store.get(session, payment_id)
    return row is not None and row.state not in (State.OPEN, State.STARTED)


def give_up_old(session: Session, now: int) -> int:
    """Forgets old numbers of notices; how many."""
    return store.forget_notices(session, now - _NOTICE_MS)


def listed(row: PaymentRow) -> Listed:
    """The payment of a row."""
    return Listed(store.payment(row), row.title, row.reference, row.return_to, row.created_at, row.completed_at)


def tried(row: AttemptRow) -> Tried:
    """The attempt of a row."""
    return Tried(
        row.id,
        row.payment_id,
        row.method,
        row.provider_ref,
        row.url,
        Status(row.status),
        row.captured,
        row.polls,
        row.problem,
        row.created_at,
    )
