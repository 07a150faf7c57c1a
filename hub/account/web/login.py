"""Log-in by passkey or password, the second factor, confirming once more, log-out."""

import logging
from dataclasses import dataclass
from urllib.parse import urlencode

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import overview, passkeys
from hub.account.web import desk
from hub.account.web.porter import CONFIRM_PATH, LOGIN_PATH, RESUME_PATH
from hub.account.web.porter import log_out as end_session
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("account", __name__)


@dataclass(frozen=True)
class Problem:
    """A sentence on the page; Retry-After in seconds; whether it is about what was typed."""

    text: str
    status: int = 401
    retry_after: int = 0
    is_typing: bool = False


@blueprint.get(LOGIN_PATH)
def log_in_page() -> ResponseReturnValue:
    """The form; who is logged in already goes on at once."""
    target = rules.safe_target(flask.request.args.get("next", ""))
    if web.visitor() is not None:
        return flask.redirect(target if target != "/" else _home(desk.person()), 303)
    return page(target)


@blueprint.get(CONFIRM_PATH)
def confirm_page() -> ResponseReturnValue:
    """Asks somebody who is logged in to prove it once more, or more surely."""
    problem = None
    if flask.request.args.get("gesagt") == "stufe":
        problem = Problem(
            _("Das hat geklappt, reicht hier aber noch nicht: Der Dienst braucht eine höhere Stufe."), 200
        )
    return page(rules.safe_target(flask.request.args.get("next", "")), problem=problem)


@blueprint.post(LOGIN_PATH)
def log_in() -> ResponseReturnValue:
    """Opens a session; the answer to an unknown name and to a wrong password is the same."""
    form, now, target = flask.request.form, now_ms(), _target()
    person = _confirming()
    name = person.name if person is not None else form.get("name", "")
    try:
        proof = api.login.authenticate(web.database(), name, form.get("password", ""), desk.address(), now)
    except api.BusyError:
        return page(target, name, Problem(desk.busy(), 503, 5))
    except api.ThrottledError as error:
        return page(target, name, Problem(desk.too_often(error), 429, error.seconds))
    if proof is None:
        return page(target, name, _wrong(is_name_asked=person is None))
    return code_page(seal(proof, now), target) if proof.needs_code else _finish(proof, target, now)


@blueprint.post("/anmelden/code")
def check_code() -> ResponseReturnValue:
    """The second factor."""
    now, target, ticket = now_ms(), _target(), flask.request.form.get("ticket", "")
    try:
        with web.read() as session:
            proof = api.login.open_half(session, desk.ring(), ticket, web.forms.seed_digest(), now)
    except ValueError:
        return page(target, problem=Problem(_("Das hat zu lange gedauert. Bitte melden Sie sich noch einmal an.")))
    typed = flask.request.form.get("code", "")[:100]
    try:
        done = api.login.check_second(web.database(), desk.ring(), proof, typed, desk.address(), now)
    except api.ThrottledError as error:
        return code_page(ticket, target, Problem(desk.too_often(error), 429, error.seconds))
    if done is None:
        return code_page(ticket, target, Problem(_("Dieser Code stimmt nicht. Bitte geben Sie den neuesten ein.")))
    return _finish(done, target, now)


@blueprint.post("/anmelden/passkey")
def log_in_by_passkey() -> ResponseReturnValue:
    """The browser's answer with a passkey."""
    form, now, target = flask.request.form, now_ms(), _target()
    ring, site = desk.ring(), desk.site()
    try:
        proof = web.write(
            lambda session: passkeys.log_in(session, ring, site, form.get("ticket", ""), form.get("answer", ""), now)
        )
    except passkeys.PasskeyRefusedError as error:
        log.warning("a passkey was refused: %.200r", str(error))
        return page(target, problem=Problem(_("Dieser Passkey passt zu keinem Konto. Bitte nehmen Sie einen anderen.")))
    return _finish(proof, target, now)


@blueprint.post("/abmelden")
def log_out() -> ResponseReturnValue:
    """Ends the session, in the database too; goes on to the start page, or to the log-in for another account."""
    return end_session(flask.make_response(flask.redirect(_target(), 303)))


def _finish(proof: api.Proof, target: str, now: int) -> ResponseReturnValue:
    """A new session, or the same one raised when its own person confirmed."""
    old, confirming = desk.token(), _confirming()
    if confirming is not None:
        if confirming.id != proof.person_id:
            text = _("Das ist ein anderes Konto. Bitte bestätigen Sie mit dem Konto, mit dem Sie angemeldet sind.")
            return page(target, problem=Problem(text))
        try:
            token = web.write(lambda session: api.sessions.raise_session(session, old, proof, now))
        except ValueError:  # it ended a moment ago; the proof opens another
            return enter(proof, target, now)
        return desk.with_session(target, token)
    return enter(proof, target, now)


def enter(proof: api.Proof, target: str, now: int) -> flask.Response:
    """A new session in this browser; goes on to `target`, or to the person's own start page."""
    old, device = desk.token(), desk.device()
    token = web.write(lambda session: api.sessions.open_session(session, proof, now, device, old))
    if target == "/":
        with web.read() as session:
            person = api.find(session, proof.person_id)
        target = _home(person) if person is not None else target
    return desk.with_session(target, token)


def _home(person: api.Person) -> str:
    return "/admin" if api.ADMIN in person.roles else "/konto"


def _overview() -> overview.Overview:
    with web.read() as session:
        return overview.of(session, desk.person(), now_ms())


def _confirming() -> api.Person | None:
    """The person who confirms; None at a usual log-in."""
    return desk.person() if flask.request.form.get("confirm") and web.visitor() is not None else None


def _wrong(*, is_name_asked: bool) -> Problem:
    if is_name_asked:
        return Problem(_("E-Mail-Adresse oder Passwort stimmt nicht. Bitte prüfen Sie beides."), is_typing=True)
    return Problem(_("Das Passwort stimmt nicht. Bitte geben Sie es noch einmal ein."), is_typing=True)


def _target() -> str:
    return rules.safe_target(flask.request.form.get("next", ""))


def _log_in_anew(target: str) -> str:
    """The log-in for another account; a form that waits belongs to the person who sent it and stays behind."""
    return LOGIN_PATH if target.startswith(RESUME_PATH) else f"{LOGIN_PATH}?{urlencode({'next': target})}"


def seal(proof: api.Proof, now: int) -> str:
    """A ticket for the page that asks for the code."""
    web.forms.csrf_token()  # a browser that comes from a provider may be new here
    with web.read() as session:
        return api.login.seal_half(session, desk.ring(), proof, web.forms.seed_digest(), now)


def page(
    target: str, name: str = "", problem: Problem | None = None, *, again: bool = False, wanted: int | None = None
) -> flask.Response:
    """The log-in, or for somebody who is logged in (and wherever `again`) the page that asks once more."""
    is_wish = allow_target(target)
    question = passkeys.ask_login(desk.ring(), desk.site(), now_ms())
    again = again or bool(flask.request.form.get("confirm")) or flask.request.path == CONFIRM_PATH
    confirming = web.visitor() if again else None
    template = "account/login.html" if confirming is None else "account/confirm.html"
    if wanted is None:
        asked = flask.request.values.get("level", "")
        wanted = int(asked) if asked in ("1", "2", "3") else 1
    return _with_retry(
        desk.page(
            template,
            problem.status if problem else 200,
            target=target,
            name=name[:254],
            problem=problem.text if problem else "",
            serious=problem is not None and problem.status == 401,
            wrong=problem is not None and problem.is_typing,
            question=question,
            wanted=wanted,
            is_wish=is_wish,
            overview=_overview() if confirming is not None else None,
            after_log_out=_log_in_anew(target),
        ),
        problem,
    )


def code_page(ticket: str, target: str, problem: Problem | None = None, *, again: bool = False) -> flask.Response:
    """Asks for the second factor."""
    allow_target(target)
    confirm = "1" if again else flask.request.form.get("confirm", "")
    text, status = (problem.text, problem.status) if problem else ("", 200)
    values = {"ticket": ticket, "target": target, "problem": text, "confirm": confirm}
    response = desk.page("account/code.html", status, **values, is_throttled=status == 429)
    return _with_retry(response, problem)


def _with_retry(response: flask.Response, problem: Problem | None) -> flask.Response:
    if problem is not None and problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def allow_target(target: str) -> bool:
    """A log-in on the way to a connected service ends there; True for such a target, which only wishes for a level."""
    find_origin = flask.current_app.extensions.get("form_target")
    origin = find_origin(target) if find_origin is not None else None
    if origin:
        web.allow_form_target(origin)
    return bool(origin)
