"""Whatever is done in whatever order: the book is zero together and no wallet is below zero."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.core import events
from hub.core.db import Base, Database
from hub.payments import api
from hub.payments.api import Item, Order, RefusedError, WalletError
from hub.payments.gateway import Started
from hub.payments.rules.payment import Report, Status
from tests.hub.payments.conftest import NOW, balance

owners = st.sampled_from(["person:1", "person:2", "child:5", ""])
payers = st.sampled_from(["person:1", "person:2", "child:5"])
cents = st.integers(1, 3_000)


class Till(RuleBasedStateMachine):
    """Everything that moves money, with answers of providers that contradict each other."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.database = Database(f"sqlite:///{self.directory / 'hub.db'}")
        Base.metadata.create_all(self.database.engine)
        events.wire({})
        self.attempts: list[tuple[str, int, str]] = []
        self.payments: list[str] = []
        self.refunds: list[int] = []
        self.count = 0

    def do(self, work):
        """The result, None when it was refused."""
        with contextlib.suppress(RefusedError, WalletError):
            return self.database.write(work)
        return None

    def key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    @initialize()
    def begin(self) -> None:
        line = api.Line("bank", "wallet:person:1", 5_000)
        self.do(lambda session: api.transfer(session, "begin", [line], NOW, "begin"))

    @rule(owner=payers, amount=cents, repeat=st.booleans())
    def pay(self, owner: str, amount: int, repeat: bool) -> None:
        order = Order(
            self.key(), owner, "pool", "r", "x", (Item("x", amount, "pool", "7"), Item("y", 1, "parking", "19"))
        )
        for _ in range(1 + repeat):
            paid = self.do(lambda session: api.wallet.pay(session, order, NOW))
        if paid is not None:
            self.payments.append(paid.payment_id)

    @rule(owner=owners, amount=cents, method=st.sampled_from(["sandbox", "transfer", "debit"]), tops_up=st.booleans())
    def ask(self, owner: str, amount: int, method: str, tops_up: bool) -> None:
        key = self.key()

        def work(session):
            if tops_up and owner:
                one = api.wallet.top_up(session, owner, amount + 500, key, NOW)
            else:
                items = (Item("x", amount, "pool", "7"),)
                facts = {"purpose": "pool", "reference": key, "title": "x", "items": items, "now": NOW}
                one = api.payments.request(session, key=key, owner=owner, **facts)
            made = api.payments.new_attempt(session, one.payment.id, method, NOW)
            if method == "sandbox":
                api.payments.note_start(session, made.id, Started(f"pay_{made.id}"))
            return one.payment.id, made.id, method

        found = self.do(work)
        if found is not None:
            self.attempts.append(found)
            self.payments.append(found[0])

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), status=st.sampled_from(list(Status)), captured=st.integers(0, 6_000), returned=cents)
    def report(self, data, status: Status, captured: int, returned: int) -> None:
        _, number, method = data.draw(st.sampled_from(self.attempts))
        told = Report(status, captured, returned if method != "sandbox" else 0)
        self.do(lambda session: api.payments.take_report(session, number, told, NOW))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), amount=cents)
    def refund(self, data, amount: int) -> None:
        payment_id, key = data.draw(st.sampled_from(self.payments)), self.key()
        made = self.do(lambda session: api.refunds.refund(session, payment_id, amount, key, "x", NOW))
        self.refunds += [one.id for one in made or ()]

    @precondition(lambda self: self.refunds)
    @rule(data=st.data(), is_done=st.booleans())
    def settle(self, data, is_done: bool) -> None:
        number = data.draw(st.sampled_from(self.refunds))
        self.do(lambda session: api.refunds.settle(session, number, NOW, is_done=is_done))

    @rule(amount=cents, owner=payers)
    def give(self, amount: int, owner: str) -> None:
        key = self.key()
        self.do(lambda session: api.wallet.give(session, owner, "child:5", amount, key, NOW))

    @rule(owner=payers)
    def pay_out(self, owner: str) -> None:
        key = self.key()
        self.do(lambda session: api.wallet.pay_out(session, owner, key, NOW))

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def by_wallet(self, data) -> None:
        payment_id = data.draw(st.sampled_from(self.payments))
        self.do(lambda session: api.wallet.pay_request(session, payment_id, NOW))

    @invariant()
    def is_whole(self) -> None:
        with self.database.read() as session:
            found = api.check(session)
        assert found.is_whole, found
        assert balance(self.database, "prepaid") >= 0
        assert balance(self.database, "refunds") >= 0
        assert balance(self.database, "revenue:pool:7") >= 0

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.directory, ignore_errors=True)


Till.TestCase.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEverything = pytest.mark.thorough(Till.TestCase)
