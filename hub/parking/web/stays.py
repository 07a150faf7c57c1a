"""Parking and paying: start by map or by the sticker on a bay, extend, stop, put the plate right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.account.api import guard
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.parking import api
from hub.parking.api import bills, cars, overstays, prepaid, search, stays, tariffs, wishes
from hub.parking.api import purse as money
from hub.parking.api.bills import RefusedError
from hub.parking.api.purse import WalletPurse
from hub.parking.api.stays import Order
from hub.parking.rules.stays import AWAITING, MINUTE, RUNNING, Patience

blueprint = flask.Blueprint("stays", __name__)

LENGTHS = (30, 60, 120, 240, 480)  # minutes, offered as planned ends and as price examples
_LOOK_AGAIN_S = 5  # so often the page of a payment that is on its way looks again


@dataclass(frozen=True)
class Payer:
    """Whose wallet pays, and what is in it; `key` is empty without a log-in."""

    key: str = ""
    name: str = ""
    balance: int = 0


def purse() -> WalletPurse:
    """Where the money is; set by `hub.app`."""
    found: WalletPurse = flask.current_app.extensions["purse"]
    return found


def patience() -> Patience:
    """How long a free bay and an objection are waited for."""
    chosen = web.settings()
    return stays.patience(chosen.parking_grace_s, chosen.parking_objection_s)


def payer() -> Payer:
    """Who pays: the organisation or child that the visitor acts for, else they themselves."""
    person = web.visitor()
    if not isinstance(person, account.Person):
        return Payer()
    with web.read() as session:
        acting = account.acting.principal(session, person, now_ms())
        key, name = (acting.key, acting.name) if acting is not None else (f"person:{person.id}", person.shown)
        return Payer(key, name, money.money(session, key, now_ms()))


def holder() -> str:
    """The payer's key."""
    return payer().key


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
    return start_page_of(site_id, flask.request.args)


@blueprint.post("/parken/<site_id>/starten")
def start(site_id: str) -> ResponseReturnValue:
    """Begins a stay that the visitor's money box pays for."""
    form, now = flask.request.form, now_ms()
    found, key = find_site(site_id), holder()
    if not key:
        return flask.redirect(flask.url_for("account.log_in_page", next=flask.request.path), 303)
    person_id, box = cast(account.Person, web.visitor()).id, purse()
    order = read_order(found, form, now, key, person_id)
    if problem := unconfirmed(found, form):
        return start_page_of(site_id, form, *problem)
    try:
        token = web.write(lambda session: stays.start(session, box, order, now))
    except RefusedError as error:
        return start_page_of(site_id, form, refusal(error), field_of(error))
    return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)


@blueprint.get("/parken/vorgang/<token>")
def stay_page(token: str) -> ResponseReturnValue:
    """A stay: price so far, end, buttons; afterwards the receipt."""
    return _stay_page(token)


@blueprint.post("/parken/vorgang/<token>/beenden")
def stop(token: str) -> ResponseReturnValue:
    """I drive away."""
    box, now = purse(), now_ms()
    return change(token, lambda session: stays.stop(session, box, token, now))


@blueprint.post("/parken/vorgang/<token>/verlaengern")
def extend(token: str) -> ResponseReturnValue:
    """Another end, counted from now; `bleibt` leaves the one that was chosen."""
    if flask.request.form.get("minutes") == "bleibt":
        return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)
    minutes, box, now = flask.request.form.get("minutes", type=int), purse(), now_ms()
    end = now + minutes * MINUTE if minutes in LENGTHS else None
    return change(token, lambda session: stays.extend(session, box, token, end, now))


@blueprint.post("/parken/vorgang/<token>/kennzeichen")
def correct_plate(token: str) -> ResponseReturnValue:
    """A typing error."""
    typed = flask.request.form.get("plate", "")
    allow_plate(token)
    return change(token, lambda session: stays.correct_plate(session, token, typed))


@blueprint.post("/parken/vorgang/<token>/noch-da")
def still_here(token: str) -> ResponseReturnValue:
    """The sensor was wrong."""
    now, waits = now_ms(), patience()
    return change(token, lambda session: stays.object_to_end(session, token, now, waits))


@blueprint.get("/konto/parken")
def mine() -> ResponseReturnValue:
    """My stays and cars."""
    return _mine()


@blueprint.post("/konto/parken/autos")
def add_car() -> ResponseReturnValue:
    """One more car."""
    form, key = flask.request.form, holder()
    person_id = cast(account.Person, web.visitor()).id
    try:
        web.write(
            lambda session: cars.add(
                session, key, person_id, form.get("plate", ""), form.get("name", ""), by_camera="camera" in form
            )
        )
    except RefusedError as error:
        return _mine(refusal(error), form)
    return flask.redirect(flask.url_for("stays.mine", gesagt="gespeichert"), 303)


@blueprint.post("/konto/parken/autos/<int:car_id>/entfernen")
def remove_car(car_id: int) -> ResponseReturnValue:
    """Sold."""
    key = holder()
    if not web.write(lambda session: cars.remove(session, key, car_id)):
        flask.abort(404)
    return flask.redirect(flask.url_for("stays.mine", gesagt="entfernt"), 303)


def allow_plate(stay: str = "") -> None:
    """429 for who tries one plate after the other."""
    try:
        guard.allow_plate(flask.request.remote_addr or "", now_ms(), stay)
    except account.ThrottledError:
        flask.abort(429)


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
        "end": _("Bitte wählen Sie, bis wann Sie stehen möchten."),
        "prepaid": _("Dieser Vorgang ist bis zu seinem Ende bezahlt."),
    }
    if error.reason == "max_stay":
        return _("Hier dürfen Sie höchstens %(n)s Min. stehen. Bitte wählen Sie ein früheres Ende.", n=error.minutes)
    return known[error.reason]


def read_order(
    found: api.SiteNow, form: Mapping[str, str], now: int, key: str = "", person_id: int | None = None
) -> Order:
    """What a driver asked for in the form of the start page."""
    minutes, bay = form.get("minutes", ""), bay_of(found.id, form.get("platz", ""), form.get("nummer", ""))
    chosen = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 6 else 0
    return Order(
        site=found.id,
        tariff=found.facts["tariff"]["name"],
        plate=form.get("other", "") or form.get("plate", ""),
        holder=key,
        person_id=person_id,
        source="bay" if bay else "map",
        bay=bay,
        planned_end=now + chosen * MINUTE if chosen in LENGTHS else None,
    )


def field_of(error: RefusedError) -> str:
    """The field in which to look for what is wrong; empty for none."""
    return {"plate": "plate", "running": "plate", "known": "plate", "end": "minutes", "max_stay": "minutes"}.get(
        error.reason, ""
    )


def unconfirmed(found: api.SiteNow, form: Mapping[str, str]) -> tuple[str, str] | None:
    """(what to say, the field) to who did not confirm the car park: no satellite decides where a car stands."""
    if form.get("confirm") != found.id:
        return _("Bitte bestätigen Sie, dass Ihr Auto auf diesem Parkplatz steht."), "confirm"
    number = form.get("nummer", "").strip()
    if number and bay_of(found.id, "", number) is None:
        text = _("Diese Platznummer gibt es hier nicht. Lassen Sie das Feld leer, wenn Sie keine sehen.")
        return text, "nummer"
    return None


def change(token: str, work: Callable[[web.Session], object]) -> ResponseReturnValue:
    """Changes a stay and shows it."""
    try:
        web.write(work)
    except RefusedError as error:
        return _stay_page(token, refusal(error), field_of(error))
    return flask.redirect(flask.url_for("stays.stay_page", token=token), 303)


def find_site(site_id: str) -> api.SiteNow:
    """A car park where one pays; 404 for any other."""
    with web.read() as session:
        found = next((one for one in api.sites(session, now_ms()) if one.id == site_id), None)
    if found is None or not (found.facts.get("tariff") or {}).get("name"):
        flask.abort(404)
    return found


def bay_of(site_id: str, bay_id: str, number: str = "") -> str | None:
    """A bay of this car park by its id, or by the number on its sticker; None for one that is not there."""
    digits = number.strip()
    wanted = bay_id or (f"{site_id}-{int(digits):03d}" if digits.isascii() and digits.isdecimal() else "")
    with web.read() as session:
        return wanted if any(one.id == wanted for one in api.bays(session, now_ms(), site_id)) else None


def start_page_of(site_id: str, typed: Mapping[str, str], problem: str = "", wrong: str = "") -> ResponseReturnValue:
    """The page on which a stay begins, with what was typed; `wrong` names the field to look at."""
    found, now, pays = find_site(site_id), now_ms(), payer()
    with web.read() as session:
        known = cars.of(session, pays.key) if pays.key else []
    name = found.facts["tariff"]["name"]
    return _answer(
        "parking/start.html",
        problem,
        wrong=wrong,
        site=found,
        bay=bay_of(site_id, typed.get("platz", "")),
        cars=known,
        examples=tariffs.examples(name, now, LENGTHS),
        zone=tariffs.zone(name, language()),
        longest=search.longest(found.facts, now),
        rule=overstays.of_site(found.facts),
        refunds=bills.refunds_unused(name),
        typed=typed,
        payer=pays,
        now=now,
    )


def _stay_page(token: str, problem: str = "", wrong: str = "") -> ResponseReturnValue:
    now = now_ms()
    with web.read() as session:
        found = stays.find(session, token, now, language(), patience())
        site = next((one for one in api.sites(session, now) if found is not None and one.id == found.site), None)
        receipts = money.receipts(session, token, found.payments) if found is not None else []
        waiting = prepaid.waiting(session, token)
    is_on_its_way = waiting is not None and waiting.is_begun
    if found is None or site is None:
        flask.abort(404)
    found = replace(found, state=AWAITING) if is_on_its_way else found
    facts = {"stay": found, "site": site, "receipts": receipts, "waiting": waiting, "now": now}
    facts["ends"] = stays.later_ends(found, LENGTHS, now) if found.state == RUNNING else []
    facts["zone"] = tariffs.zone(found.tariff, language())
    facts |= {"rule": overstays.of_site(site.facts), "wrong": wrong, "typed": flask.request.form}
    response = _answer("parking/stay.html", problem, **facts)
    if is_on_its_way:
        response.headers["Refresh"] = str(_LOOK_AGAIN_S)
    return response


def _mine(problem: str = "", typed: Mapping[str, str] | None = None) -> ResponseReturnValue:
    now, key = now_ms(), holder()
    with web.read() as session:
        found = stays.of_holder(session, key, now, language=language())
        known = cars.of(session, key)
        sites = {one.id: one for one in api.sites(session, now)}
        bought = {one.token: money.receipts(session, one.token, ()) for one in found if one.cents}
        liked, watches = _wishes(session, now)
    facts = {"stays": found, "cars": known, "sites": sites, "receipts": bought, "liked": liked, "watches": watches}
    return _answer("parking/mine.html", problem, **facts, typed=typed or {}, now=now)


def _wishes(session: web.Session, now: int) -> tuple[list[str], list[wishes.Watch]]:
    person_id = cast(account.Person, web.visitor()).id
    return sorted(wishes.favourites(session, person_id)), wishes.watches(session, person_id, now)


def _answer(template: str, problem: str, **values: object) -> flask.Response:
    page = flask.render_template(template, problem=problem, **values)
    response = flask.make_response(page, 422 if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
