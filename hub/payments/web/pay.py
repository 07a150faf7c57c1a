"""The page on which one pays what somebody asked for, with or without an account."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.payments import api
from hub.payments.api.payments import Tried
from hub.payments.gateway import DeclinedError, epc
from hub.payments.rules.payment import AT_ONCE, BY_DEBIT, BY_TRANSFER, TOP_UP, State, Status
from hub.payments.rules.polling import is_polled
from hub.payments.web import ground

blueprint = flask.Blueprint("pay", __name__)

_RECEIPT_TRIES = 3
_LOOK_AGAIN_S = 5  # so often the page looks again for a payment that is on its way


@blueprint.get("/bezahlen/<payment_id>")
def choose(payment_id: str) -> ResponseReturnValue:
    """What it costs and why, and the ways to pay it."""
    one = _find(payment_id)
    return ground.to_log_in() if one is None else _page(one)


@blueprint.post("/bezahlen/<payment_id>")
def begin(payment_id: str) -> ResponseReturnValue:
    """Goes one way: to a provider's page, to the data for a bank transfer, or collects by mandate."""
    one, form = _find(payment_id), flask.request.form
    if one is None:
        return ground.to_log_in()
    return begin_by(one, form.get("method", ""), keep=bool(form.get("keep")))


def begin_by(one: api.Listed, method: str, *, keep: bool = False) -> ResponseReturnValue:
    """The first step of one way to pay."""
    if method not in ways_of(one):
        return _page(one, _("Bitte wählen Sie, wie Sie bezahlen möchten."))
    mandate = _mandate(one.payment.owner) if method == BY_DEBIT else None
    now = ground.now()
    try:
        attempt = web.write(
            lambda session: api.payments.new_attempt(session, one.payment.id, method, now, mandate_id=mandate)
        )
    except api.RefusedError as error:
        return _page(one, ground.refusal(error.reason))
    if not is_polled(method):
        target = "pay.transfer" if method == BY_TRANSFER else "pay.choose"
        return flask.redirect(flask.url_for(target, payment_id=one.payment.id), 303)
    try:
        ground.cashier().begin(one, attempt, language(), keep=keep)
    except DeclinedError:
        return _page(one, ground.refusal("declined"))
    except OSError:
        return _page(one, ground.refusal("away"))
    return flask.redirect(flask.url_for("pay.onward", payment_id=one.payment.id), 303)


@blueprint.get("/bezahlen/<payment_id>/weiter")
def onward(payment_id: str) -> ResponseReturnValue:
    """Goes on to the provider's page: by itself, and with a link for those who do not want that."""
    one = _find(payment_id)
    if one is None:
        return ground.to_log_in()
    with web.read() as session:
        found = [attempt for attempt in api.payments.attempts(session, payment_id) if attempt.url]
    if not found or one.payment.state == State.COMPLETED:
        return flask.redirect(flask.url_for("pay.choose", payment_id=payment_id), 303)
    response = ground.page("payments/onward.html", one=one, url=found[0].url)
    response.headers["Refresh"] = f"0; url={found[0].url}"  # a redirect would need the provider in form-action
    return response


@blueprint.get("/bezahlen/<payment_id>/zurueck")
def back(payment_id: str) -> ResponseReturnValue:
    """Back from the provider's page. What the browser says counts for nothing: the provider is asked."""
    one = _find(payment_id)
    if one is None:
        return ground.to_log_in()
    with web.read() as session:
        attempts = api.payments.attempts(session, payment_id)
    for attempt in attempts[:2]:
        _ask(attempt)
    if one.payment.purpose.endswith(AT_ONCE) and one.return_to:
        return flask.redirect(one.return_to, 303)  # that page says how the payment stands
    return flask.redirect(flask.url_for("pay.choose", payment_id=payment_id, gesehen=1), 303)


@blueprint.post("/bezahlen/<payment_id>/geldboerse")
def by_wallet(payment_id: str) -> ResponseReturnValue:
    """Out of the payer's wallet."""
    one, now = _find(payment_id), ground.now()
    if one is None:
        return ground.to_log_in()
    try:
        web.write(lambda session: api.wallet.pay_request(session, payment_id, now))
    except api.RefusedError as error:
        return _page(one, ground.refusal(error.reason))
    return flask.redirect(flask.url_for("pay.choose", payment_id=payment_id), 303)


@blueprint.get("/bezahlen/<payment_id>/ueberweisung")
def transfer(payment_id: str) -> ResponseReturnValue:
    """The data for a bank transfer, also as a QR code for banking apps."""
    one, bank = _find(payment_id), api.providers.bank(web.settings())
    if one is None:
        return ground.to_log_in()
    with web.read() as session:
        attempts = api.payments.attempts(session, payment_id)
    mine = next((attempt for attempt in attempts if attempt.method == BY_TRANSFER), None)
    left = one.payment.cents - one.payment.paid
    if mine is None or bank is None or left < 1:
        return flask.redirect(flask.url_for("pay.choose", payment_id=payment_id), 303)
    picture = epc.svg(bank.name, bank.iban, bank.bic, left, mine.ref)
    return ground.page("payments/transfer.html", one=one, bank=bank, ref=mine.ref, picture=picture, left=left)


@blueprint.get("/bezahlen/<payment_id>/quittung")
def receipt(payment_id: str) -> ResponseReturnValue:
    """The receipt as PDF, which the worker makes at the first wish."""
    one, now, lang = _find(payment_id), ground.now(), language()
    if one is None:
        return ground.to_log_in()
    if not api.receipts.has_receipt(one):
        flask.abort(404)
    with web.read() as session:
        file = api.receipts.ready(session, one, lang)
    if file is None:
        web.write(lambda session: api.receipts.ask(session, one, lang, now))
        response = ground.page("payments/receipt.html", one=one)
        tries = flask.request.args.get("mal", 0, int)
        if tries < _RECEIPT_TRIES:
            again = flask.url_for("pay.receipt", payment_id=payment_id, mal=tries + 1)
            response.headers["Refresh"] = f"1; url={again}"
        return response
    answer = flask.Response(file, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="quittung-{payment_id[:8]}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _find(payment_id: str) -> api.Listed | None:
    """The payment, when the visitor may see it; 404 when there is none."""
    with web.read() as session:
        one = api.payments.find(session, payment_id[:24])
    if one is None:
        flask.abort(404)
    return one if ground.may_see(one) else None


def _ask(attempt: Tried) -> None:
    if attempt.is_known and is_polled(attempt.method) and attempt.status != Status.CAPTURED:
        try:
            ground.cashier().ask(attempt, ground.now())
        except (OSError, DeclinedError, KeyError):
            return  # the job asks again


def ways(owner: str) -> list[str]:
    """The ways to pay besides the wallet."""
    bank = api.providers.bank(web.settings())
    found = list(ground.cashier().providers)
    found += [BY_TRANSFER] if bank is not None else []
    return [*found, BY_DEBIT] if can_debit() and _mandate(owner) else found


def ways_of(one: api.Listed) -> list[str]:
    """The ways to pay this payment."""
    found = ways(one.payment.owner)
    return [way for way in found if way != BY_TRANSFER] if one.payment.purpose.endswith(AT_ONCE) else found


def can_debit() -> bool:
    """Whether the town collects by direct debit."""
    bank = api.providers.bank(web.settings())
    return bank is not None and bool(bank.creditor_id)


def _mandate(owner: str) -> int | None:
    """The payer's newest mandate."""
    if not owner:
        return None
    with web.read() as session:
        found = api.debits.of(session, owner)
    return found[0].id if found else None


def _page(one: api.Listed, problem: str = "") -> ResponseReturnValue:
    payment, now = one.payment, ground.now()
    with web.read() as session:
        attempts = api.payments.attempts(session, payment.id)
        refunds = api.refunds.of_payment(session, payment.id)
        mine = api.wallet.get(session, payment.owner, now) if payment.owner else None
    waits = [attempt for attempt in attempts if attempt.status == Status.PENDING]
    is_under_way = bool(waits) and is_polled(waits[0].method) and payment.state != State.COMPLETED
    response = ground.page(
        "payments/pay.html",
        422 if problem else 200,
        one=one,
        payment=payment,
        attempts=attempts,
        waits=waits[0] if waits else None,
        is_under_way=is_under_way,
        has_failed=bool(attempts) and attempts[0].status in (Status.FAILED, Status.CANCELLED),
        partial=0 < payment.paid < payment.cents,
        refunds=refunds,
        wallet=mine if payment.purpose != TOP_UP else None,
        ways=ways_of(one),
        problem=problem,
        has_receipt=api.receipts.has_receipt(one),
        now=now,
    )
    if is_under_way and "gesehen" in flask.request.args:
        response.headers["Refresh"] = str(_LOOK_AGAIN_S)
    return response
