"""The hub's cashier against the provider's real process: pays, fails, late, twice, lost, down, refunds, tokens."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.core import clock, jobs
from hub.core.db import Database
from hub.payments import api, work
from hub.payments.api import Cashier, State
from hub.payments.api.payments import Tried
from hub.payments.gateway import ForgedError
from hub.settings import Settings
from tests.hub.payments.cashier import KEY, Provider, provider, until
from tests.hub.payments.conftest import Ear, balance, is_whole
from tests.hub.payments.test_payments import ask

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def settings(sandbox: Provider, tmp_path: Path, heard: "Heard") -> Settings:
    sandbox.fault(late_s=0.3, lost=0, double=False, shuffle=False, down=False, amount=None, currency="", held=[])
    key = tmp_path / "sandbox.key"
    key.write_bytes(KEY)
    return Settings(state_dir=tmp_path, payment_sandbox_url=sandbox.url, public_url=heard.url)


@pytest.fixture
def cashier(settings: Settings, database: Database, heard: "Heard", ear: Ear) -> Cashier:
    made = Cashier(settings, database)
    heard.listen(made)
    return made


class Heard:
    """Where the provider's notices arrive; `answers` are what the cashier made of them."""

    def __init__(self) -> None:
        self.cashier: Cashier | None = None
        self.answers: list[object] = []
        self.notices: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(dict(self.headers), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def listen(self, cashier: Cashier) -> None:
        self.cashier = cashier

    def take(self, headers: dict[str, str], body: bytes) -> None:
        self.notices.append((headers, body))
        try:
            self.answers.append(self.cashier.hear("sandbox", headers, body, clock.now_ms()))
        except Exception as error:
            self.answers.append(error)


@pytest.fixture
def heard() -> Iterator[Heard]:
    made = Heard()
    yield made
    made.server.shutdown()
    made.server.server_close()


def start(database: Database, cashier: Cashier, key: str = "k", **more) -> tuple[str, Tried, str]:
    """(payment, attempt, the provider's page)."""
    now = clock.now_ms()
    one = ask(database, key=key)
    made = database.write(lambda session: api.payments.new_attempt(session, one.payment.id, "sandbox", now))
    url = cashier.begin(one, made, "de", **more)
    with database.read() as session:
        return one.payment.id, api.payments.attempt(session, made.id), url


def state(database: Database, payment_id: str) -> State:
    with database.read() as session:
        return api.payments.find(session, payment_id).payment.state


def test_a_payment_on_the_hosted_page_completes_by_the_notice_alone(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear
) -> None:
    payment_id, _, url = start(database, cashier)
    sandbox.press(url, "pay")
    assert until(lambda: state(database, payment_id) == State.COMPLETED)
    assert ear.kinds() == ["Completed"]
    assert is_whole(database)


def test_a_payment_whose_notice_is_lost_completes_by_asking(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear, heard: Heard
) -> None:
    sandbox.fault(lost=5)
    payment_id, attempt, url = start(database, cashier)
    sandbox.press(url, "pay")
    for _ in range(3):
        cashier.ask(attempt, clock.now_ms())
    assert (state(database, payment_id), heard.notices, ear.kinds()) == (State.COMPLETED, [], ["Completed"])


def test_money_that_arrives_after_the_payer_cancelled_still_completes(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear
) -> None:
    payment_id, attempt, url = start(database, cashier)
    sandbox.press(url, "late")
    sandbox.press(url, "cancel")
    cashier.ask(attempt, clock.now_ms())
    assert until(lambda: state(database, payment_id) == State.COMPLETED)
    assert ear.kinds() in (["Failed", "Completed"], ["Completed"])
    assert balance(database, "revenue:pool:7") == 750


def test_notices_that_come_twice_and_in_the_wrong_order_count_once(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear, heard: Heard
) -> None:
    sandbox.fault(double=True, shuffle=True)
    payment_id, _, url = start(database, cashier)
    sandbox.press(url, "late")  # its notice "pending" is held back until "captured" has left
    assert until(lambda: len(heard.answers) >= 4)
    assert state(database, payment_id) == State.COMPLETED
    assert sorted(map(str, heard.answers)) == ["False", "False", "True", "True"]
    assert ear.kinds() == ["Completed"]
    assert balance(database, "provider:sandbox") == -1000


def signature_time(headers: dict[str, str]) -> int:
    """The moment (ms) that the provider's signature names."""
    return int(headers["X-Sandbox-Signature"].partition(",")[0].removeprefix("t=")) * 1000


def test_a_notice_that_is_sent_again_forged_or_old_does_nothing(
    database: Database, cashier: Cashier, sandbox: Provider, heard: Heard
) -> None:
    payment_id, _, url = start(database, cashier)
    sandbox.press(url, "fail")
    assert until(lambda: heard.answers == [True])
    headers, body = heard.notices[0]
    now, signed_at = clock.now_ms(), signature_time(headers)
    assert cashier.hear("sandbox", headers, body, now) is False
    forged = body.replace(b'"failed"', b'"captured"').replace(b'"captured": 0', b'"captured": 1000')
    assert forged != body
    for bad_headers, bad_body, at in (
        (headers, forged, now),
        ({}, body, now),
        ({"X-Sandbox-Signature": "t=1,v1=00"}, body, now),
        ({"X-Sandbox-Signature": f"t={now // 1000},v1=\u00e9"}, body, now),
        ({"X-Sandbox-Signature": "t=\u00b2,v1=00"}, body, now),
        (headers, body, signed_at + 301_000),
        (headers, body, signed_at - 301_000),
    ):
        with pytest.raises(ForgedError):
            cashier.hear("sandbox", bad_headers, bad_body, at)
    assert state(database, payment_id) == State.FAILED


def test_another_amount_does_not_complete_and_another_currency_is_not_taken(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear
) -> None:
    sandbox.fault(amount=1)
    cheap, attempt, url = start(database, cashier, "cheap")
    sandbox.press(url, "pay")
    cashier.ask(attempt, clock.now_ms())
    assert (state(database, cheap), balance(database, "prepaid")) == (State.STARTED, 1)
    sandbox.fault(amount=None, currency="USD")
    foreign, attempt, url = start(database, cashier, "foreign")
    sandbox.press(url, "pay")
    cashier.ask(attempt, clock.now_ms())
    with database.read() as session:
        assert api.payments.attempt(session, attempt.id).problem == "currency"
    assert (state(database, foreign), ear.kinds(), balance(database, "provider:sandbox")) == (State.STARTED, [], -1)


def test_a_start_that_is_repeated_makes_one_payment_at_the_provider(database: Database, cashier: Cashier) -> None:
    payment_id, attempt, url = start(database, cashier)
    with database.read() as session:
        one = api.payments.find(session, payment_id)
    assert cashier.begin(one, attempt, "de") == url


def run_jobs(settings: Settings, database: Database, *, later_ms: int = 0, turns: int = 6) -> None:
    """The worker's jobs, as if some time had passed."""
    handlers = {
        api.payments.POLL_JOB: work.polling(settings, database),
        api.refunds.REFUND_JOB: work.refunding(settings, database),
    }
    runner = jobs.Runner(database, handlers, lambda: clock.now_ms() + later_ms)
    for _ in range(turns):
        runner.turn(threading.Event())


def test_the_job_asks_until_the_money_is_there_also_over_an_outage(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    sandbox.fault(lost=9)
    payment_id, _, url = start(database, cashier)
    run_jobs(settings, database, later_ms=10_000, turns=1)
    sandbox.press(url, "pay")
    sandbox.fault(down=True)
    run_jobs(settings, database, later_ms=60_000, turns=2)
    assert state(database, payment_id) == State.STARTED
    sandbox.fault(down=False)
    run_jobs(settings, database, later_ms=10 * 86_400_000, turns=2)
    assert (state(database, payment_id), ear.kinds()) == (State.COMPLETED, ["Completed"])


def test_an_attempt_nobody_pays_is_given_up_after_a_week_and_its_money_still_counts(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    sandbox.fault(lost=9)
    payment_id, attempt, url = start(database, cashier)
    later = clock.now_ms() + 8 * 86_400_000
    database.write(lambda session: api.payments.plan_next_poll(session, attempt.id, later))
    assert state(database, payment_id) == State.FAILED
    sandbox.press(url, "pay")
    cashier.ask(attempt, clock.now_ms())
    assert (state(database, payment_id), ear.kinds()) == (State.COMPLETED, ["Failed", "Completed"])


def test_a_refund_reaches_the_provider_once(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    payment_id, attempt, url = start(database, cashier)
    sandbox.press(url, "pay")
    cashier.ask(attempt, clock.now_ms())
    now = clock.now_ms()
    made = database.write(lambda session: api.refunds.refund(session, payment_id, 400, "a", "test", now))[0]
    provider_ = api.providers.providers(settings)["sandbox"]
    provider_.refund(attempt.ref, 400, _key_of(database))  # the worker died after the provider had heard it
    run_jobs(settings, database)
    with database.read() as session:
        assert api.refunds.find(session, made.id).state == "done"
    assert (balance(database, "refunds"), balance(database, "provider:sandbox")) == (0, -600)
    assert ear.kinds() == ["Completed", "Refunded"]


def _key_of(database: Database) -> str:
    with database.read() as session:
        row = session.execute(text("SELECT kind, id, created_at FROM core_job WHERE kind LIKE 'refund%'")).one()
    return f"{row[0]}-{row[1]}-{row[2]}"


def agree(database: Database, cashier: Cashier, sandbox: Provider, now: int) -> None:
    """A first top-up of 20.00 whose payer wants more of them below 15.00."""
    one = database.write(lambda session: api.wallet.top_up(session, "person:1", 2000, "t", now))
    made = database.write(lambda session: api.payments.new_attempt(session, one.payment.id, "sandbox", now))
    sandbox.press(cashier.begin(one, made, "de", keep=True), "pay")
    with database.read() as session:
        known = api.payments.attempt(session, made.id)
    cashier.ask(known, now)
    database.write(lambda session: api.wallet.set_automatic(session, "person:1", 1500, 2000, now))


def test_an_agreement_collects_as_soon_as_the_provider_that_was_away_is_back(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    now = clock.now_ms()
    agree(database, cashier, sandbox, now)
    sandbox.fault(down=True)
    order = api.Order("o", "person:1", "pool", "", "x", (api.Item("x", 1000, "pool", "7"),))
    database.write(lambda session: api.wallet.pay(session, order, now))
    run_jobs(settings, database, turns=2)
    sandbox.fault(down=False)
    run_jobs(settings, database, later_ms=60_000, turns=2)
    assert until(lambda: balance(database, "wallet:person:1") == 3000, 3)


def test_an_agreement_fills_the_wallet_by_itself_and_stops_when_the_card_ran_out(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    now = clock.now_ms()
    agree(database, cashier, sandbox, now)
    order = api.Order("o", "person:1", "pool", "", "x", (api.Item("x", 1000, "pool", "7"),))
    database.write(lambda session: api.wallet.pay(session, order, now))
    run_jobs(settings, database)
    assert until(lambda: balance(database, "wallet:person:1") == 3000)
    with database.read() as session:
        token = cashier.sealer.open(api.wallet.token(session, "person:1"))
    sandbox.shop(f"/v1/tokens/{token}", {})
    order = api.Order("o2", "person:1", "pool", "", "x", (api.Item("x", 2000, "pool", "7"),))
    database.write(lambda session: api.wallet.pay(session, order, now))
    run_jobs(settings, database)
    assert until(lambda: _failures(database) == 1)
    assert is_whole(database)


def _failures(database: Database) -> int:
    with database.read() as session:
        return api.wallet.agreement(session, "person:1").automatic.failures
