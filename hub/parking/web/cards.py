"""Parking without an account: paid by card, prolonged by paying more. The stay's address is the only key to it."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.parking.api import prepaid
from hub.parking.api.bills import RefusedError
from hub.parking.web import stays as pages

blueprint = flask.Blueprint("cards", __name__)


@blueprint.post("/parken/<site_id>/karte")
def order(site_id: str) -> ResponseReturnValue:
    """Which car, until when; then on to the payment."""
    form, now, purse = flask.request.form, now_ms(), pages.purse()
    found = pages.find_site(site_id)
    wanted = pages.read_order(found, form, now)
    if problem := pages.unconfirmed(found, form):
        return pages.start_page_of(site_id, form, *problem)
    pages.allow_plate()
    try:
        token = web.write(lambda session: prepaid.order(session, purse, wanted, now))
    except RefusedError as error:
        return pages.start_page_of(site_id, form, pages.refusal(error), pages.field_of(error))
    with web.read() as session:
        waiting = prepaid.waiting(session, token)
    return _to_payment(token, waiting.payment_id if waiting is not None else "")


@blueprint.post("/parken/vorgang/<token>/mehr")
def prolong(token: str) -> ResponseReturnValue:
    """More time for more money."""
    minutes, now, purse = web.number("minutes"), now_ms(), pages.purse()
    if minutes not in pages.LENGTHS:
        flask.abort(400)
    asked: list[str] = []

    def work(session: web.Session) -> None:
        asked[:] = [prepaid.prolong(session, purse, token, minutes, now)]

    answer = pages.change(token, work)
    return _to_payment(token, asked[0]) if asked and asked[0] else answer


def _to_payment(token: str, payment_id: str) -> ResponseReturnValue:
    if payment_id:
        return flask.redirect(flask.url_for("pay.choose", payment_id=payment_id), 303)
    return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)
