"""The authorization endpoint: reads the request, finds out what comes next, answers the service."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.web import gettext as _
from hub.openid import api, rules
from hub.openid.rules import AuthorizationRequest, ProtocolError, Refusal, Situation, Step
from hub.openid.web import asking, ground

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("openid_flow", __name__)

_ASKED = "sk_asked"  # our own mark on the way back from the log-in: when this request asked for it, sealed


@blueprint.post("/oauth/authorize")
@web.judges_nul
def posted() -> ResponseReturnValue:
    """The same by GET: a form from elsewhere comes without our cookies."""
    fields = [(name, value) for name, found in flask.request.form.lists() for value in found]
    return flask.redirect(f"{flask.request.path}?{urlencode(fields)}", 303)


@blueprint.get("/oauth/authorize")
@web.judges_nul
def authorize() -> ResponseReturnValue:
    """Log-in, consent, code; each in its turn, and back here every time."""
    now = ground.now()
    try:
        client, request = _read(dict(flask.request.args.lists()))
    except ProtocolError as error:
        return _refuse(error)
    if request.pushed:
        web.write(lambda session: api.begin_pushed(session, request.pushed, now))
    step = rules.next_step(request, _situation(client, request), now)
    if isinstance(step, Refusal):
        return asking.send(request, {"error": step.error, "error_description": step.description})
    if step in (Step.LOG_IN, Step.CONFIRM):
        return _to_log_in(request, step, now)
    if step is Step.SWITCH:
        return asking.switch_page(client, request, _here())
    if step is Step.CONSENT:
        return asking.consent_page(client, request)
    return asking.answer(request, now)


@blueprint.post("/oauth/consent")
def consent() -> ResponseReturnValue:
    """The person's yes or no."""
    now, person = ground.now(), cast(account.Person, web.visitor())
    try:
        request, _target = asking.read_ticket(person, now)
    except ValueError:
        return _too_late()
    if flask.request.form.get("answer") != "yes":
        return asking.send(request, {"error": "access_denied", "error_description": "The person did not agree."})
    with web.read() as session:
        client = api.find_client(session, request.client_id)
    if client is None:
        flask.abort(404)
    given = frozenset(flask.request.form.getlist("scope"))
    web.write(lambda session: api.agree(session, person, client, request.scopes, given, now))
    return asking.answer(request, now)


@blueprint.post("/oauth/wechseln")
def switch() -> ResponseReturnValue:
    """The service expects somebody else: the person logs out first, or goes back to the service."""
    try:
        request, target = asking.read_ticket(cast(account.Person, web.visitor()), ground.now())
    except ValueError:
        return _too_late()
    if flask.request.form.get("answer") != "yes":
        return asking.send(request, {"error": "login_required", "error_description": "The person kept their account."})
    response = flask.redirect(target, 303)
    return flask.current_app.extensions["porter"].log_out(response)  # type: ignore[no-any-return]


def form_target(target: str) -> str | None:
    """The origin where a form on the way to `target` may end: the service's own address, once it is checked."""
    parts = urlsplit(target)
    if parts.path != "/oauth/authorize":
        return None
    try:
        _client, request = _read(parse_qs(parts.query))
    except ProtocolError:
        return None
    return asking.origin(request)


def _read(values: Mapping[str, Sequence[str]]) -> tuple[api.Client, AuthorizationRequest]:
    """The client and its request, which may have been pushed; ProtocolError says what is wrong."""
    ids, uris = values.get("client_id", [""]), values.get("request_uri", [""])
    pushed = uris[0] if uris[0].startswith(api.PUSHED) else ""
    with web.read() as session:
        client = api.find_client(session, ids[0]) if len(ids) == 1 else None
        if client is not None and pushed:
            found = api.find_pushed(session, client.client_id, pushed, ground.now()) if len(uris) == 1 else None
            if found is None:
                raise ProtocolError("invalid_request_uri", "This request_uri is unknown, answered or over.")
            values = found
    request = rules.parse(values, client.facts if client is not None else None)
    return cast(api.Client, client), replace(request, pushed=pushed)


def _situation(client: api.Client, request: AuthorizationRequest) -> Situation:
    person = web.visitor()
    if not isinstance(person, account.Person):
        return Situation()
    hinted = _hinted(request, client)
    with web.read() as session:
        decided = api.consent_of(session, person.id, client.client_id).decided
        own = ground.subject(session, client, person.id)
    return Situation(
        level=person.level,
        authenticated_at=person.authenticated_at,
        asked_at=_asked_at(request),
        has_consented=request.scopes <= decided,
        is_other_person=bool(hinted) and hinted != own,
        is_strange_hint=hinted == "",
    )


def _hinted(request: AuthorizationRequest, client: api.Client) -> str | None:
    """The subject of the id_token_hint; an empty one for a token that is not ours, or another service's."""
    if not request.id_token_hint:
        return None
    claims = ground.keys().read(request.id_token_hint, ground.now())
    if claims is None or claims.get("aud") != client.client_id:
        return ""
    return str(claims.get("sub", ""))


def _to_log_in(request: AuthorizationRequest, step: Step, now: int) -> ResponseReturnValue:
    """Sends the person to the log-in, with a mark so that the same question is not asked for ever."""
    mark = ground.sealer("asked").ticket({"request": _fingerprint(request), "at": now}, now + rules.JOURNEY_MS)
    target = f"{_here()}&{urlencode({_ASKED: mark})}"
    path = "/anmelden" if web.visitor() is None else "/anmelden/bestaetigen"
    level = request.level if step is Step.CONFIRM else 1
    return flask.redirect(f"{path}?{urlencode({'next': target, 'level': max(level, 1)})}", 303)


def _here() -> str:
    """The way back to this request, without our mark."""
    fields = [(name, value) for name, found in flask.request.args.lists() for value in found if name != _ASKED]
    return f"{flask.request.path}?{urlencode(fields)}"


def _asked_at(request: AuthorizationRequest) -> int:
    try:
        facts = ground.sealer("asked").read_ticket(flask.request.args.get(_ASKED, ""), ground.now())
    except ValueError:
        return 0
    return int(facts["at"]) if facts["request"] == _fingerprint(request) else 0


def _fingerprint(request: AuthorizationRequest) -> str:
    """Names a request, so that a mark counts for no other."""
    return hashlib.sha256(json.dumps(asking.pack(request)).encode()).hexdigest()


def _refuse(error: ProtocolError) -> ResponseReturnValue:
    """To the service when its address is known to be right; else a page, for it could lead anywhere."""
    log.warning("an authorization request was refused: %s: %s", error.error, error.description)
    if error.redirectable:
        facts = {"error": error.error, "error_description": error.description}
        return asking.redirect(error.redirect_uri, facts, error.state)
    return asking.problem(
        _("Dieser Dienst ist nicht richtig eingerichtet"),
        _("Sie können sich dort gerade nicht sicher anmelden. Bitte zeigen Sie dem Betreiber diese Seite."),
        f"{error.error}: {error.description}",
    )


def _too_late() -> ResponseReturnValue:
    return asking.problem(
        _("Das hat zu lange gedauert"), _("Bitte gehen Sie zurück zum Dienst und fangen Sie noch einmal an.")
    )
