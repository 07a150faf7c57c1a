"""The town in one glance, the free WiFi, legal texts, feedback, and what is demonstration."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

import flask
from flask.typing import ResponseReturnValue

from hub.bulletin import api
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.fleet import api as fleet
from hub.fleet.api import NodeNow
from hub.parking import api as parking

blueprint = flask.Blueprint("bulletin", __name__)

MARKET = "market"  # the kind of "office" that is the weekly market
COUNTER = "citizen_office"


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """The town in one glance."""
    now = now_ms()
    with web.read() as session:
        sites = parking.sites(session, now)
        offices = api.offices_now(session, now)
        current = api.current(session, now)
        places = _wifi_places(fleet.nodes(session, now))
    return flask.render_template(
        "bulletin/start.html",
        total=parking.total(sites),
        counter=next((office for office in offices if office.facts["kind"] == COUNTER), None),
        market=next((office for office in offices if office.facts["kind"] == MARKET), None),
        offices=[office for office in offices if office.facts["kind"] not in (MARKET, COUNTER)],
        places=[place for place in places if place.last_seen is not None],
        current=current,
        now=now,
        today=i18n.local(now).date(),
        when=partial(_when, now=i18n.local(now)),
        as_date=_as_date,
        span=_span,
    )


@blueprint.get("/wlan")
def wifi() -> ResponseReturnValue:
    """Every place with free WiFi."""
    now = now_ms()
    with web.read() as session:
        places = _wifi_places(fleet.nodes(session, now))
    return flask.render_template(
        "bulletin/wifi.html",
        running=[place for place in places if place.last_seen is not None],
        planned=[place for place in places if place.last_seen is None],
        now=now,
    )


@blueprint.get("/impressum")
def imprint() -> ResponseReturnValue:
    """Who is responsible."""
    return _legal("imprint")


@blueprint.get("/datenschutz")
def privacy() -> ResponseReturnValue:
    """What happens with data."""
    return _legal("privacy")


@blueprint.get("/barrierefreiheit")
def accessibility() -> ResponseReturnValue:
    """The statement, with a form for what does not work."""
    form = {"page": flask.request.args.get("seite", "")[: api.MAX_SHORT]}
    return _legal("accessibility", form=form, sent="danke" in flask.request.args)


@blueprint.post("/barrierefreiheit")
def leave_feedback() -> ResponseReturnValue:
    """Keeps a report; what was typed stays in the form when something is wrong."""
    form = flask.request.form
    if form.get("website"):  # a field that people do not see
        return flask.redirect("/barrierefreiheit?danke#rueckmeldung", 303)
    text, page, contact = (form.get(name, "") for name in ("text", "page", "contact"))
    try:
        web.write(partial(api.leave_feedback, text=text, page=page, contact=contact, now=now_ms()))
    except ValueError:
        return _legal("accessibility", form=form, problem=_("Bitte schreiben Sie, was Sie gestört hat.")), 422
    except api.TooMuchFeedbackError:
        problem = _("Heute kamen schon sehr viele Rückmeldungen. Bitte versuchen Sie es morgen wieder.")
        return _legal("accessibility", form=form, problem=problem), 429
    return flask.redirect("/barrierefreiheit?danke#rueckmeldung", 303)


@blueprint.get("/demo")
def demo() -> ResponseReturnValue:
    """What is demonstration and assumed; where `hub demo` runs, with a button for each invented person."""
    response = flask.make_response(flask.render_template("bulletin/demo.html", portal_url=web.settings().portal_url))
    response.headers["Cache-Control"] = "no-store"
    return response


def _legal(key: str, **values: Any) -> str:
    with web.read() as session:
        document = api.legal_text(session, key)
    if document is None:
        flask.abort(404)
    return flask.render_template("bulletin/legal.html", document=document, key=key, **values)


def _wifi_places(nodes: Sequence[NodeNow]) -> list[NodeNow]:
    return [node for node in nodes if node.role == "wifi"]


def _when(moment: datetime, now: datetime) -> str:
    """`18 Uhr` today, `morgen 8 Uhr`, else `Samstag 8 Uhr`."""
    time = _hour(moment)
    days = (moment.date() - now.date()).days
    if days == 0:
        return time
    name = _("morgen") if days == 1 else i18n.day(moment.date(), language(), "EEEE")
    return f"{name} {time}"


def _hour(moment: datetime) -> str:
    if language() == "en":
        return moment.strftime("%H:%M")
    return f"{moment.hour}\u00a0Uhr" if moment.minute == 0 else moment.strftime("%H:%M\u00a0Uhr")


def _as_date(text: str) -> date:
    """A date of the town's files; a month alone means its first day."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01")


def _span(event: api.Facts) -> str:
    """When an event is, beyond its first day: `18:00 Uhr` or `bis 6. Dezember`."""
    if event.get("end") and event["end"] != event["start"]:
        return _("bis %(day)s", day=i18n.day(_as_date(event["end"]), language(), "d. MMMM"))
    if not event.get("time"):
        return ""
    return f"{event['time']}\u00a0Uhr" if language() == "de" else str(event["time"])
