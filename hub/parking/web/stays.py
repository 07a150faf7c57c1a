"""Parking and paying: start by map or by the sticker on a bay, extend, stop, put the plate right."""

from collections.abc import Callable, Mapping
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.parking import api
from hub.parking.api import cars, stays, tariffs
from hub.parking.api.stays import Order, Purse, RefusedError
from hub.parking.rules.stays import MINUTE

blueprint = flask.Blueprint("stays", __name__)

LENGTHS = (30, 60, 120, 240, 480)  # minutes, offered as planned ends and as price examples


def purse() -> Purse:
    """Where the money is; set by `hub.app`."""
    found: Purse = flask.current_app.extensions["purse"]
    return found


def holder() -> str:
    """Who pays: the organisation or child that the visitor acts for, else they themselves; empty without a log-in."""
    person = web.visitor()
    if not isinstance(person, account.Person):
        return ""
    with web.read() as session:
        acting = account.acting.principal(session, person, now_ms())
    return acting.key if acting is not None else f"person:{person.id}"


@blueprint.get("/parken/platz/<bay_id>")
def sticker(bay_id: str) -> ResponseReturnValue:
    """The QR code on a bay leads here."""
    with web.read() as session:
        found = next((one for one in api.bays(session, now_ms()) if one.id == bay_id), None)
    if found is None:
        flask.abort(404)
    return flask.redirect(flask.url_for("stays.start_page", site_id=found.site, platz=bay_id), 303)


@blueprint.get("/parken/<site_id>/starten")
def start_page(site_id: str) -> ResponseReturnValue:
    """Which car, until when, what it costs."""
    return _start_page(site_id, flask.request.args)


@blueprint.post("/parken/<site_id>/starten")
def start(site_id: str) -> ResponseReturnValue:
    """Begins a stay that the visitor's money box pays for."""
    form, now = flask.request.form, now_ms()
    found, payer = _site(site_id), holder()
    if not payer:
        return flask.redirect(flask.url_for("account.log_in_page", next=flask.request.path), 303)
    minutes = form.get("minutes", type=int)
    order = Order(
        site=site_id,
        tariff=found.facts["tariff"]["name"],
        plate=form.get("other", "") or form.get("plate", ""),
        holder=payer,
        person_id=cast(account.Person, web.visitor()).id,
        source="bay" if form.get("platz") else "map",
        bay=_bay(site_id, form.get("platz", "")),
        planned_end=now + minutes * MINUTE if minutes in LENGTHS else None,
    )
    money = purse()
    try:
        token = web.write(lambda session: stays.start(session, money, order, now))
    except RefusedError as error:
        return _start_page(site_id, form, refusal(error))
    return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)


@blueprint.get("/parken/vorgang/<token>")
def stay_page(token: str) -> ResponseReturnValue:
    """A stay: price so far, end, buttons; afterwards the receipt."""
    return _stay_page(token)


@blueprint.post("/parken/vorgang/<token>/beenden")
def stop(token: str) -> ResponseReturnValue:
    """I drive away."""
    money, now = purse(), now_ms()
    return _change(token, lambda session: stays.stop(session, money, token, now))


@blueprint.post("/parken/vorgang/<token>/verlaengern")
def extend(token: str) -> ResponseReturnValue:
    """Another end, counted from now."""
    minutes, money, now = flask.request.form.get("minutes", type=int), purse(), now_ms()
    end = now + minutes * MINUTE if minutes in LENGTHS else None
    return _change(token, lambda session: stays.extend(session, money, token, end, now))


@blueprint.post("/parken/vorgang/<token>/kennzeichen")
def correct_plate(token: str) -> ResponseReturnValue:
    """A typing error."""
    typed = flask.request.form.get("plate", "")
    return _change(token, lambda session: stays.correct_plate(session, token, typed))


@blueprint.post("/parken/vorgang/<token>/noch-da")
def still_here(token: str) -> ResponseReturnValue:
    """The sensor was wrong."""
    now = now_ms()
    return _change(token, lambda session: stays.object_to_end(session, token, now))


@blueprint.get("/konto/parken")
def mine() -> ResponseReturnValue:
    """My stays and cars."""
    return _mine()


@blueprint.post("/konto/parken/autos")
def add_car() -> ResponseReturnValue:
    """One more car."""
    form, payer = flask.request.form, holder()
    person_id = cast(account.Person, web.visitor()).id
    try:
        web.write(
            lambda session: cars.add(
                session, payer, person_id, form.get("plate", ""), form.get("name", ""), by_camera="camera" in form
            )
        )
    except RefusedError as error:
        return _mine(refusal(error), form.get("plate", ""))
    return flask.redirect(flask.url_for("stays.mine", gesagt="gespeichert"), 303)


@blueprint.post("/konto/parken/autos/<int:car_id>/entfernen")
def remove_car(car_id: int) -> ResponseReturnValue:
    """Sold."""
    payer = holder()
    if not web.write(lambda session: cars.remove(session, payer, car_id)):
        flask.abort(404)
    return flask.redirect(flask.url_for("stays.mine", gesagt="entfernt"), 303)


def refusal(error: RefusedError) -> str:
    """Why not, and what to do."""
    known = {
        "plate": _("Bitte geben Sie das Kennzeichen mit Ort ein, zum Beispiel HN-AB 123."),
        "running": _("Für dieses Kennzeichen läuft schon ein Parkvorgang."),
        "money": _("In Ihrer Geldbörse ist dafür zu wenig. Laden Sie sie auf und versuchen Sie es noch einmal."),
        "residents_only": _("Zu dieser Zeit parken hier nur Bewohner. Bitte wählen Sie einen anderen Platz."),
        "over": _("Dafür ist es zu spät. Schreiben Sie dem Bürgerbüro, wenn die Abrechnung nicht stimmt."),
        "gone": _("Dieser Parkvorgang läuft nicht mehr."),
        "known": _("Dieses Kennzeichen steht schon in Ihrer Liste."),
    }
    if error.reason == "max_stay":
        return _("Hier dürfen Sie höchstens %(n)s Min. stehen. Bitte wählen Sie ein früheres Ende.", n=error.minutes)
    return known[error.reason]


def _change(token: str, work: Callable[[web.Session], None]) -> ResponseReturnValue:
    try:
        web.write(work)
    except RefusedError as error:
        return _stay_page(token, refusal(error))
    return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)


def _site(site_id: str) -> api.SiteNow:
    """A car park where one pays; 404 for any other."""
    with web.read() as session:
        found = next((one for one in api.sites(session, now_ms()) if one.id == site_id), None)
    if found is None or not (found.facts.get("tariff") or {}).get("name"):
        flask.abort(404)
    return found


def _bay(site_id: str, bay_id: str) -> str | None:
    with web.read() as session:
        return bay_id if any(one.id == bay_id for one in api.bays(session, now_ms(), site_id)) else None


def _start_page(site_id: str, typed: Mapping[str, str], problem: str = "") -> ResponseReturnValue:
    found, now, payer = _site(site_id), now_ms(), holder()
    with web.read() as session:
        known = cars.of(session, payer) if payer else []
    examples = tariffs.examples(found.facts["tariff"]["name"], now, LENGTHS)
    return _answer(
        "parking/start.html",
        problem,
        site=found,
        bay=_bay(site_id, typed.get("platz", "")),
        cars=known,
        examples=examples,
        typed=typed,
        is_logged_in=bool(payer),
    )


def _stay_page(token: str, problem: str = "") -> ResponseReturnValue:
    now = now_ms()
    with web.read() as session:
        found = stays.find(session, token, now, language())
        site = next((one for one in api.sites(session, now) if found is not None and one.id == found.site), None)
    if found is None or site is None:
        flask.abort(404)
    return _answer("parking/stay.html", problem, stay=found, site=site, now=now, lengths=LENGTHS)


def _mine(problem: str = "", typed: str = "") -> ResponseReturnValue:
    now, payer = now_ms(), holder()
    with web.read() as session:
        found = stays.of_holder(session, payer, now)
        known = cars.of(session, payer)
        names = {one.id: one.facts["short"] for one in api.sites(session, now)}
    return _answer("parking/mine.html", problem, stays=found, cars=known, names=names, typed=typed, now=now)


def _answer(template: str, problem: str, **values: object) -> flask.Response:
    page = flask.render_template(template, problem=problem, **values)
    response = flask.make_response(page, 422 if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
