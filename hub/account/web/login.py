"""Log-in by passkey or password, the second factor, confirming once more, log-out."""

import logging
from dataclasses import dataclass

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import overview, passkeys
from hub.account.web import desk
from hub.account.web.porter import CONFIRM_PATH, LOGIN_PATH
from hub.account.web.porter import log_out as end_session
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("account", __name__)

_CODE_PAGE_MS = 5 * rules.MINUTE


@dataclass(frozen=True)
class _Problem:
    """A sentence on the page; Retry-After in seconds."""

    text: str
    status: int = 401
    retry_after: int = 0


@blueprint.get(LOGIN_PATH)
def log_in_page() -> ResponseReturnValue:
    """The form; who is logged in already goes on at once."""
    target = rules.safe_target(flask.request.args.get("next", ""))
    if web.visitor() is not None:
        return flask.redirect(target if target != "/" else _home(desk.person()), 303)
    return _page(target)


@blueprint.get(CONFIRM_PATH)
def confirm_page() -> ResponseReturnValue:
    """Asks somebody who is logged in to prove it once more, or more surely."""
    return _page(rules.safe_target(flask.request.args.get("next", "")))


@blueprint.post(LOGIN_PATH)
def log_in() -> ResponseReturnValue:
    """Opens a session; the answer to an unknown name and to a wrong password is the same."""
    form, now, target = flask.request.form, now_ms(), _target()
    person = _confirming()
    name = person.name if person is not None else form.get("name", "")
    try:
        proof = api.login.authenticate(web.database(), name, form.get("password", ""), desk.address(), now)
    except api.BusyError:
        return _page(target, name, _Problem(desk.busy(), 503, 5))
    except api.ThrottledError as error:
        return _page(target, name, _Problem(desk.too_often(error), 429, error.seconds))
    if proof is None:
        return _page(target, name, _Problem(_("E-Mail-Adresse oder Passwort stimmt nicht. Bitte prüfen Sie beides.")))
    return _code_page(_seal(proof, now), target) if proof.needs_code else _finish(proof, target, now)


@blueprint.post("/anmelden/code")
def check_code() -> ResponseReturnValue:
    """The second factor."""
    now, target, ticket = now_ms(), _target(), flask.request.form.get("ticket", "")
    try:
        facts = desk.ring().sealer("second").read_ticket(ticket, now)
    except ValueError:
        return _page(target, problem=_Problem(_("Das hat zu lange gedauert. Bitte melden Sie sich noch einmal an.")))
    proof = api.Proof(facts["person"], frozenset(facts["methods"]), needs_code=True)
    typed = flask.request.form.get("code", "")[:100]
    try:
        done = api.login.check_second(web.database(), desk.ring(), proof, typed, desk.address(), now)
    except api.ThrottledError as error:
        return _code_page(ticket, target, _Problem(desk.too_often(error), 429, error.seconds))
    if done is None:
        return _code_page(ticket, target, _Problem(_("Dieser Code stimmt nicht. Bitte geben Sie den neuesten ein.")))
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
        log.warning("a passkey was refused: %s", error)
        return _page(
            target, problem=_Problem(_("Dieser Passkey passt zu keinem Konto. Bitte nehmen Sie einen anderen."))
        )
    return _finish(proof, target, now)


@blueprint.post("/abmelden")
def log_out() -> ResponseReturnValue:
    """Ends the session, in the database too."""
    return end_session(flask.make_response(flask.redirect("/", 303)))


def _finish(proof: api.Proof, target: str, now: int) -> ResponseReturnValue:
    """A new session, or the same one raised when its own person confirmed."""
    old, device, confirming = desk.token(), desk.device(), _confirming()
    if confirming is not None:
        if confirming.id != proof.person_id:
            text = _("Das ist ein anderes Konto. Bitte bestätigen Sie mit dem Konto, mit dem Sie angemeldet sind.")
            return _page(target, problem=_Problem(text))
        token = web.write(lambda session: api.sessions.raise_session(session, old, proof, now))
        return desk.with_session(target, token)
    token = web.write(lambda session: api.sessions.open_session(session, proof, now, device, old))
    if target == "/":
        with web.read() as session:
            person = api.find(session, proof.person_id)
        target = _home(person) if person is not None else target
    return desk.with_session(target, token)


def _home(person: api.Person) -> str:
    return "/admin" if api.ADMIN in person.roles else "/konto"


def _has_password(person: api.Person) -> bool:
    with web.read() as session:
        return overview.of(session, person, now_ms()).has_password


def _confirming() -> api.Person | None:
    """The person who confirms; None at a usual log-in."""
    return desk.person() if flask.request.form.get("confirm") and web.visitor() is not None else None


def _target() -> str:
    return rules.safe_target(flask.request.form.get("next", ""))


def _seal(proof: api.Proof, now: int) -> str:
    facts = {"person": proof.person_id, "methods": sorted(proof.methods)}
    return desk.ring().sealer("second").ticket(facts, now + _CODE_PAGE_MS)


def _page(target: str, name: str = "", problem: _Problem | None = None) -> flask.Response:
    """The log-in, or for somebody who is logged in the page that asks once more."""
    _allow_target(target)
    question = passkeys.ask_login(desk.ring(), desk.site(), now_ms())
    confirming = web.visitor() if flask.request.form.get("confirm") or flask.request.path == CONFIRM_PATH else None
    wanted = flask.request.values.get("level", "")
    template = "account/login.html" if confirming is None else "account/confirm.html"
    has_password = confirming is not None and _has_password(desk.person())
    return _with_retry(
        desk.page(
            template,
            problem.status if problem else 200,
            target=target,
            name=name[:254],
            problem=problem.text if problem else "",
            serious=problem is not None and problem.status == 401,
            question=question,
            wanted=int(wanted) if wanted in ("1", "2", "3") else 1,
            has_password=has_password,
        ),
        problem,
    )


def _code_page(ticket: str, target: str, problem: _Problem | None = None) -> flask.Response:
    _allow_target(target)
    confirm = flask.request.form.get("confirm", "")
    text, status = (problem.text, problem.status) if problem else ("", 200)
    response = desk.page("account/code.html", status, ticket=ticket, target=target, problem=text, confirm=confirm)
    return _with_retry(response, problem)


def _with_retry(response: flask.Response, problem: _Problem | None) -> flask.Response:
    if problem is not None and problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _allow_target(target: str) -> None:
    """A log-in on the way to a connected service ends there."""
    find_origin = flask.current_app.extensions.get("form_target")
    origin = find_origin(target) if find_origin is not None else None
    if origin:
        web.allow_form_target(origin)
