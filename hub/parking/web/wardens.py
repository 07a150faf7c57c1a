"""The wardens' page: a plate at a car park, also without a network; what a phone noted meanwhile comes later."""

import json
import secrets
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import forms
from hub.core.web import gettext as _
from hub.parking import api
from hub.parking.api import SiteNow, checks
from hub.parking.api.checks import Noted, Verdict

blueprint = flask.Blueprint("wardens", __name__)

MANY = 50  # checks of one delivery


def _me() -> int:
    return cast(account.Person, web.visitor()).id


def _sites() -> list[SiteNow]:
    """Where one pays."""
    with web.read() as session:
        return [one for one in api.sites(session, now_ms()) if (one.facts.get("tariff") or {}).get("name")]


@blueprint.get("/parken/kontrolle")
def page() -> ResponseReturnValue:
    """The form; the phone keeps it for times without a network."""
    return _page(_sites(), flask.request.args.get("platz", ""))


@blueprint.post("/parken/kontrolle")
def check() -> ResponseReturnValue:
    """May this car stand here? Each answer is noted; `number` is the phone's own, so that none is noted twice."""
    form, me, now, known = flask.request.form, _me(), now_ms(), _sites()
    site, typed = form.get("platz", ""), form.get("plate", "")
    number = form.get("number", "")[:40] or secrets.token_hex(16)
    if site not in {one.id for one in known}:
        flask.abort(400)

    def work(session: web.Session) -> tuple[str, Verdict]:
        plate, verdict = checks.check(session, site, typed, now)
        checks.record(session, me, Noted(number, site, plate, verdict.kind, now), now)
        return plate, verdict

    try:
        plate, verdict = web.write(work)
    except ValueError:
        problem = _("Bitte geben Sie das Kennzeichen mit Ort ein, zum Beispiel HN-AB 123.")
        return _page(known, site, typed=typed, problem=problem)
    return _page(known, site, plate=plate, verdict=verdict)


@blueprint.get("/parken/kontrolle/liste")
def offline_list() -> ResponseReturnValue:
    """What the phone may answer from without a network, and a new token for its forms."""
    now, sites = now_ms(), [one.id for one in _sites()]
    hours = checks.terms(web.settings().town_dir).list_hours
    with web.read() as session:
        made = checks.offline_list(session, sites, hours, now)
    facts = {"key": made.key.hex(), "made_at": made.made_at, "until": made.until, "sites": made.sites}
    response = web.answer_json(json.dumps({**facts, "csrf": forms.csrf_token()}, separators=(",", ":")).encode())
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/parken/kontrolle/nachtrag")
def later() -> ResponseReturnValue:
    """Checks of a time without a network; answers which are taken, and how the hub itself sees each."""
    me, now, known = _me(), now_ms(), {one.id for one in _sites()}
    try:
        noted = [_noted(one, known) for one in json.loads(flask.request.form.get("checks", ""))[:MANY]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        flask.abort(400)
    found = web.write(lambda session: [checks.take(session, me, one, now) for one in noted])
    taken = [{"number": one.number, "kind": verdict.kind} for one, verdict in zip(noted, found, strict=True)]
    return web.answer_json(json.dumps({"taken": taken}).encode())


def _noted(told: dict[str, object], sites: set[str]) -> Noted:
    """ValueError, TypeError or KeyError for what is no check."""
    number, site, plate, kind, at = (told[name] for name in ("number", "site", "plate", "kind", "at"))
    is_right = kind in checks.KINDS and site in sites and isinstance(number, str) and 8 <= len(number) <= 40
    is_right = is_right and str(number).isprintable()
    if not is_right or type(at) is not int or not isinstance(plate, str):
        raise ValueError("no check")
    return Noted(str(number), str(site), checks.plate(plate) if plate else "", str(kind), at)


def _page(
    sites: list[SiteNow],
    site: str,
    *,
    plate: str = "",
    verdict: Verdict | None = None,
    typed: str = "",
    problem: str = "",
) -> ResponseReturnValue:
    me, now = _me(), now_ms()
    with web.read() as session:
        mine = checks.checked(session, me)
    text = flask.render_template(
        "parking/wardens.html",
        me=me,
        sites=sites,
        names={one.id: one.facts["short"] for one in sites},
        site=site,
        plate=plate,
        verdict=verdict,
        typed=typed,
        problem=problem,
        checks=mine,
        minutes=checks.minutes,
        now=now,
    )
    response = flask.make_response(text, 422 if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
