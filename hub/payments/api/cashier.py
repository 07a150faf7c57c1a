"""Speaking to providers: beginning a payment, asking how it stands, hearing their notices."""

from collections.abc import Mapping
from functools import partial

from hub.core.db import Database, Session
from hub.core.sealing import Sealer
from hub.payments.api import payments, wallet
from hub.payments.api.payments import Listed, Tried
from hub.payments.api.providers import providers
from hub.payments.gateway import DeclinedError, Found, Order
from hub.payments.rules.payment import TOP_UP, Report, State, Status
from hub.settings import Settings

_SEAL = "payment agreements"
_TOP_UP = {"de": "Geldbörse aufladen", "en": "Top up the wallet"}  # what the provider's page says


class Cashier:
    """A process's way to the providers; calls to them happen outside of transactions."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.providers = providers(settings)
        self._database, self._public_url = database, settings.public_url.rstrip("/")
        self.sealer = Sealer(settings.secret(), _SEAL)

    def begin(self, one: Listed, attempt: Tried, language: str, *, keep: bool = False, token: str = "") -> str:
        """Begins at the provider and notes its answer; the address of its page. AwayError, DeclinedError.

        Doing it again is harmless: the attempt's key makes it one payment there.
        """
        provider = self.providers[attempt.method]
        order = self._order(one, attempt, language, keep)
        started = provider.charge(token, order) if token else provider.start(order)
        self._database.write(partial(payments.note_start, number=attempt.id, started=started))
        return started.url

    def ask(self, attempt: Tried, now: int) -> None:
        """Asks how an attempt stands and takes the answer in. AwayError, DeclinedError."""
        found = self.providers[attempt.method].status(attempt.ref)
        self._database.write(partial(self.note, attempt_id=attempt.id, found=found, now=now))

    def note(self, session: Session, attempt_id: int, found: Found, now: int) -> None:
        """Takes in what a provider knows of an attempt, and the token of a payer who agreed to automatic top-ups."""
        after = payments.take_report(session, attempt_id, found.report, now)
        if after is None or not found.token or not found.report.captured:
            return
        owner, attempt = after.payment.owner, payments.attempt(session, attempt_id)
        is_new = after.payment.purpose == TOP_UP and owner and wallet.agreement(session, owner) is None
        if is_new and attempt is not None:
            wallet.keep_agreement(session, owner, attempt.method, self.sealer.seal(found.token), now)

    def poll(self, number: int, now: int, *, charge: bool) -> partial[None] | None:
        """Asks for an attempt as its job does; what is to be written, None when nobody knows it any more."""
        with self._database.read() as session:
            attempt = payments.attempt(session, number)
            one = payments.find(session, attempt.payment_id) if attempt is not None else None
            sealed = wallet.token(session, one.payment.owner) if one is not None and charge else ""
        if attempt is None or one is None or attempt.method not in self.providers:
            return None
        token = self.sealer.open(sealed) if sealed else ""
        try:
            ref = attempt.ref if attempt.is_known else self._begin_again(one, attempt, token, charge)
            found = self.providers[attempt.method].status(ref) if ref else Found(Report(Status.FAILED))
        except (OSError, DeclinedError):  # a "no" to a question says nothing about the money
            return partial(payments.plan_next_poll, number=number, now=now, charge=charge)
        return partial(self._note_poll, number=number, found=found, now=now)

    def _begin_again(self, one: Listed, attempt: Tried, token: str, charge: bool) -> str:
        """An automatic top-up, or a call that was cut off before its answer was written down; "" when declined."""
        if charge and not token:
            return ""
        try:
            self.begin(one, attempt, "de", token=token)
        except DeclinedError:
            return ""
        with self._database.read() as session:
            again = payments.attempt(session, attempt.id)
        return again.ref if again is not None else ""

    def _note_poll(self, session: Session, number: int, found: Found, now: int) -> None:
        self.note(session, number, found, now)
        payments.plan_next_poll(session, number, now)

    def hear(self, method: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
        """Takes in a provider's notice; False when it came before. ForgedError; ValueError for what is not ours."""
        if method not in self.providers:
            raise ValueError(f"there is no provider {method}")
        notice = self.providers[method].notice(headers, body, now)

        def write(session: Session) -> bool:
            number = payments.take_notice(session, method, notice, now)
            if number:
                self.note(session, number, notice.found, now)
            return bool(number)

        return self._database.write(write)

    def _order(self, one: Listed, attempt: Tried, language: str, keep: bool) -> Order:
        base, payment = self._public_url, one.payment
        return Order(
            attempt.key,
            payment.left if payment.state == State.RETURNED else payment.cents,
            _TOP_UP.get(language, one.title) if payment.purpose == TOP_UP else one.called(language),
            payment.asked_for,
            f"{base}/bezahlen/{payment.id}/zurueck",
            f"{base}/api/payments/notices/{attempt.method}",
            language,
            keep,
        )
