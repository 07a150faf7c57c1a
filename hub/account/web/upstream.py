"""Log-in with BundID: to its broker, back again, and the question whether to link. Registered only where it is set."""

import logging
import secrets
from urllib.parse import urlencode

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import upstream
from hub.account.api.upstream import Arrival, Broker, Client, Identity, Trip
from hub.account.web import desk, login
from hub.account.web.login import Problem
from hub.account.web.porter import CONFIRM_PATH, LOGIN_PATH
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web import language

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("upstream", __name__)

_BROWSER, _WAITING = "sk_broker", "sk_identity"


def broker() -> Broker:
    """The provider of this process, with what it remembers of it."""
    found = flask.current_app.extensions.get("upstream")
    if found is None:
        settings = web.settings()
        back = settings.public_url.rstrip("/") + flask.url_for("upstream.come_back")
        client = Client(settings.bundid_issuer, settings.bundid_client_id, settings.bundid_secret(), back)
        found = flask.current_app.extensions["upstream"] = Broker(client)
    made: Broker = found
    return made


@blueprint.get("/anmelden/bundid")
def set_out() -> ResponseReturnValue:
    """To the provider; changes nothing here but a cookie."""
    now, target, wanted = now_ms(), _next(), _level()
    key, visitor = _cookie(_BROWSER) or upstream.new_browser_key(), web.visitor()
    person_id = visitor.id if visitor is not None else None
    try:
        upstream.allow(desk.address(), now)
        url = upstream.set_out(broker(), desk.ring(), key, target, wanted, person_id, language.language(), now)
    except api.ThrottledError as error:
        return _too_often(target, wanted, error)
    except upstream.UpstreamError as error:
        return _away(target, wanted, error)
    response = flask.make_response(flask.redirect(url, 303))
    response.headers["Cache-Control"] = "no-store"
    _set_cookie(response, _BROWSER, key, rules.FLOW_MS + rules.WAITING_MS)
    return response


@blueprint.get("/anmelden/bundid/zurueck")
def come_back() -> ResponseReturnValue:
    """From the provider, with a code or an error."""
    now, args = now_ms(), flask.request.args
    state = args.get("state", "") if len(args) == len(list(args.items(multi=True))) else ""  # twice: RFC 6749, 3.1
    try:
        trip = upstream.come_back(desk.ring(), state, _cookie(_BROWSER), now)
    except ValueError:
        return _start_anew("/", 1)
    try:
        upstream.allow(desk.address(), now)
        broker().require_issuer(args.get("iss"), now)
        if not web.write(lambda session: upstream.use_up(session, state, now)):
            return _start_anew(trip.target, trip.wanted)
        code, problem = args.get("code"), args.get("error")
        if code is None or problem is not None:
            return _declined(trip, problem)
        identity = upstream.prove(broker(), trip, code, now)
    except api.ThrottledError as error:
        return _too_often(trip.target, trip.wanted, error)
    except upstream.UpstreamError as error:
        upstream.note_failure(desk.address(), now)
        return _away(trip.target, trip.wanted, error)
    return _arrive(trip, identity, now)


@blueprint.get("/anmelden/bundid/neu")
def introduce() -> ResponseReturnValue:
    """Nobody here has this identity yet: explains how it gets into an account."""
    now = now_ms()
    try:
        identity = _waiting(now)
    except ValueError:
        return flask.redirect(f"{LOGIN_PATH}?{urlencode({'next': _next()})}", 303)
    after = flask.url_for("upstream.link_page", next=_next(), level=_level())
    return desk.page("account/upstream_new.html", identity=identity, after=after)


@blueprint.get("/anmelden/bundid/verbinden")
def link_page() -> ResponseReturnValue:
    """Asks whether this identity shall open this account from now on."""
    try:
        identity = _waiting(now_ms())
    except ValueError:
        return _start_anew(_next(), _level())
    login.allow_target(_next())
    person = desk.person()
    return desk.page("account/upstream_link.html", identity=identity, person=person, target=_next(), wanted=_level())


@blueprint.post("/anmelden/bundid/verbinden")
def link() -> ResponseReturnValue:
    """Links it, and raises the session to what was proved."""
    now, person, token, ticket = now_ms(), desk.person(), desk.token(), _cookie(_WAITING)
    target, wanted = _next(), _level()

    def work(session: web.Session) -> str:
        proof = upstream.link(session, person, identity, ticket, now)
        return api.sessions.raise_session(session, token, proof, now)

    try:
        identity = _waiting(now)
        fresh = web.write(work)
    except upstream.LinkRefusedError as error:
        return _refuse(error.arrival, target, wanted)
    except ValueError:
        return _start_anew(target, wanted)
    return _onward(desk.with_session(target, fresh), identity, target, wanted)


def _arrive(trip: Trip, identity: Identity, now: int) -> ResponseReturnValue:
    """What the proven identity opens."""
    visitor = web.visitor()
    try:
        with web.read() as session:
            found, proof = upstream.arrive(session, identity, visitor.id if visitor else None, trip.person_id)
    except ValueError:
        text = _("Mit dieser %(name)s kommen Sie hier nicht hinein. Bitte fragen Sie das Bürgerbüro.", name=_name())
        return login.page(trip.target, "", Problem(text, 403), again=True, wanted=trip.wanted)
    if found in (Arrival.LINK, Arrival.INTRODUCE):
        return _let_wait(found, identity, trip, now)
    if proof is None or found not in (Arrival.ENTER, Arrival.RAISE):
        return _refuse(found, trip.target, trip.wanted)
    return _open(found, proof, identity, trip, now)


def _open(found: Arrival, proof: api.Proof, identity: Identity, trip: Trip, now: int) -> ResponseReturnValue:
    """A new session, or the running one raised."""
    web.write(lambda session: upstream.note_use(session, identity, now))
    if proof.needs_code:
        return login.code_page(login.seal(proof, now), trip.target, again=found is Arrival.RAISE)
    if found is Arrival.ENTER:
        return _onward(login.enter(proof, trip.target, now), identity, trip.target, trip.wanted)
    token = desk.token()
    try:
        fresh = web.write(lambda session: api.sessions.raise_session(session, token, proof, now))
    except ValueError:  # it ended in this moment
        return _start_anew(trip.target, trip.wanted)
    return _onward(desk.with_session(trip.target, fresh), identity, trip.target, trip.wanted)


def _let_wait(found: Arrival, identity: Identity, trip: Trip, now: int) -> ResponseReturnValue:
    """The identity waits in this browser until its person has said which account it belongs to."""
    endpoint = "upstream.link_page" if found is Arrival.LINK else "upstream.introduce"
    response = flask.make_response(flask.redirect(flask.url_for(endpoint, next=trip.target, level=trip.wanted), 303))
    ticket = upstream.keep(desk.ring(), identity, _cookie(_BROWSER), now)
    _set_cookie(response, _WAITING, ticket, rules.WAITING_MS)
    return response


def _onward(response: flask.Response, identity: Identity, target: str, wanted: int) -> flask.Response:
    """To where the person was; where the proof is weaker than what is needed there, first a page that says so."""
    if identity.level < wanted:
        query = {"next": target, "level": wanted, "gesagt": "stufe"}
        response.headers["Location"] = f"{CONFIRM_PATH}?{urlencode(query)}"
    response.delete_cookie(desk.guarded_name(_WAITING), httponly=True, samesite="Lax", secure=web.is_secure())
    return response


def _refuse(found: Arrival, target: str, wanted: int) -> ResponseReturnValue:
    text = {
        Arrival.ANOTHERS: _(
            "Diese %(name)s gehört zu einem anderen Konto. Bitte nehmen Sie die, die zu Ihrem Konto gehört.",
            name=_name(),
        ),
        Arrival.HAS_OTHER: _(
            "Mit Ihrem Konto ist eine andere %(name)s verbunden. Trennen Sie die alte zuerst unter „Anmeldung und "
            "Sicherheit“.",
            name=_name(),
        ),
        Arrival.UNSURE: _(
            "Sie haben sich schon ausgewiesen. Melden Sie sich zuerst mit einem Zugang an, der für die Stufe "
            "Substantiell zählt, und verbinden Sie dann."
        ),
    }.get(found, _("Inzwischen ist hier jemand anderes angemeldet. Bitte fangen Sie noch einmal an."))
    return login.page(target, "", Problem(text, 403), again=True, wanted=wanted)


def _too_often(target: str, wanted: int, error: api.ThrottledError) -> ResponseReturnValue:
    return login.page(target, "", Problem(desk.too_often(error), 429, error.seconds), again=True, wanted=wanted)


def _declined(trip: Trip, problem: str | None) -> ResponseReturnValue:
    """The provider sent an error instead of a code: mostly somebody who pressed "cancel" there."""
    if problem != "access_denied":
        return _away(trip.target, trip.wanted, upstream.UpstreamError(f"it sent the error {problem!r:.60}"))
    text = _("Sie haben bei %(name)s abgebrochen. Hier ist nichts verloren.", name=_name())
    return login.page(trip.target, "", Problem(text, 200), again=True, wanted=trip.wanted)


def _away(target: str, wanted: int, error: upstream.UpstreamError) -> ResponseReturnValue:
    error_id = secrets.token_hex(4)
    log.warning("error %s of the upstream log-in: %.300r", error_id, str(error))
    text = _(
        "%(name)s antwortet gerade nicht richtig. Bitte versuchen Sie es später noch einmal, oder nehmen Sie einen "
        "anderen Weg. (Kennung für Rückfragen: %(id)s)",
        name=_name(),
        id=error_id,
    )
    return login.page(target, "", Problem(text, 503, 60), again=True, wanted=wanted)


def _start_anew(target: str, wanted: int) -> ResponseReturnValue:
    text = _("Diese Anmeldung mit %(name)s gilt nicht mehr. Bitte fangen Sie noch einmal an.", name=_name())
    return login.page(target, "", Problem(text, 400), again=True, wanted=wanted)


def _waiting(now: int) -> Identity:
    return upstream.kept(desk.ring(), _cookie(_WAITING), _cookie(_BROWSER), now)


def _name() -> str:
    return web.settings().bundid_name


def _next() -> str:
    return rules.safe_target(flask.request.values.get("next", ""))


def _level() -> int:
    asked = flask.request.values.get("level", "")
    return int(asked) if asked in ("1", "2", "3") else 1


def _cookie(name: str) -> str:
    return flask.request.cookies.get(desk.guarded_name(name), "")


def _set_cookie(response: flask.Response, name: str, value: str, life_ms: int) -> None:
    response.set_cookie(
        desk.guarded_name(name),
        value,
        max_age=life_ms // 1000,
        httponly=True,
        samesite="Lax",
        secure=web.is_secure(),
    )
