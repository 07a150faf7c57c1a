"""The authorization endpoint and the page that asks for consent."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.sealing import Sealer
from hub.core.web import gettext as _
from hub.openid import api, rules
from hub.openid.rules import AuthorizationRequest, ProtocolError, Refusal, Situation, Step
from hub.openid.web import ground

log = logging.getLogger(__name__)

blueprint = flask.Blueprint("openid_flow", __name__)

_ASKED = "sk_asked"  # our own mark on the way back from the log-in: when this request asked for it, sealed
_HALF_HOUR = 30 * 60_000


@blueprint.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """Log-in, consent, code; each in its turn, and back here every time."""
    if flask.request.method == "POST":  # without cookies of ours when it comes from elsewhere
        fields = [(name, value) for name, found in flask.request.form.lists() for value in found]
        return flask.redirect(f"{flask.request.path}?{urlencode(fields)}", 303)
    values = {name: found for name, found in flask.request.args.lists() if name != _ASKED}
    try:
        client, request = _read(values)
    except ProtocolError as error:
        return _refuse(values, error)
    now = ground.now()
    step = rules.next_step(request, _situation(client, request), now)
    if isinstance(step, Refusal):
        return _send(request, {"error": step.error, "error_description": step.description})
    if step in (Step.LOG_IN, Step.CONFIRM):
        return _to_log_in(request, step, now)
    if step is Step.CONSENT:
        return _consent_page(client, request)
    return _answer(request, now)


@blueprint.post("/oauth/consent")
def consent() -> ResponseReturnValue:
    """The person's yes or no."""
    now, person = ground.now(), cast(account.Person, web.visitor())
    try:
        facts = _sealer("consent").read_ticket(flask.request.form.get("ticket", ""), now)
    except ValueError:
        return _page(
            _("Das hat zu lange gedauert"), _("Bitte gehen Sie zurück zum Dienst und fangen Sie noch einmal an.")
        )
    if facts["person"] != person.id:
        flask.abort(403)
    request = _unpack(facts["request"])
    if flask.request.form.get("answer") != "yes":
        return _send(request, {"error": "access_denied", "error_description": "The person did not agree."})
    with web.read() as session:
        client = api.find_client(session, request.client_id)
    if client is None:
        flask.abort(404)
    web.write(lambda session: api.agree(session, person, client, request.scopes, now))
    return _answer(request, now)


def form_target(target: str) -> str | None:
    """The origin where a form on the way to `target` may end: the service's own address, once it is checked."""
    parts = urlsplit(target)
    if parts.path != "/oauth/authorize":
        return None
    values = parse_qs(parts.query)
    try:
        _client, request = _read({name: found for name, found in values.items() if name != _ASKED})
    except ProtocolError:
        return None
    return _origin(request)


def _read(values: Mapping[str, Sequence[str]]) -> tuple[api.Client, AuthorizationRequest]:
    """The client and its request, which may have been pushed; ProtocolError says what is wrong."""
    ids, uris = values.get("client_id", [""]), values.get("request_uri", [""])
    with web.read() as session:
        client = api.find_client(session, ids[0]) if len(ids) == 1 else None
        if client is not None and uris[0].startswith("urn:ietf:params:oauth:request_uri:"):
            found = api.take_pushed(session, client.client_id, uris[0], ground.now())
            if found is None:
                raise ProtocolError("invalid_request_uri", "This request_uri is unknown or over.", redirectable=False)
            values = found
    request = rules.parse(values, client.facts if client is not None else None)
    if client is None:
        raise ProtocolError("invalid_client", "The client is not known here.", redirectable=False)
    return client, request


def _situation(client: api.Client, request: AuthorizationRequest) -> Situation:
    person = web.visitor()
    if not isinstance(person, account.Person):
        return Situation()
    with web.read() as session:
        agreed = api.allowed_scopes(session, person.id, client.client_id)
        hinted = _hinted(request, client)
        other = hinted is not None and hinted != ground.subject(session, client, person.id)
    return Situation(person.level, person.authenticated_at, _asked_at(request), request.scopes <= agreed, other)


def _hinted(request: AuthorizationRequest, client: api.Client) -> str | None:
    """The subject of the id_token_hint; an empty one for a token that is not ours."""
    if not request.id_token_hint:
        return None
    claims = ground.keys().read(request.id_token_hint, ground.now())
    if claims is None or claims.get("aud") != client.client_id:
        return ""
    return str(claims.get("sub", ""))


def _to_log_in(request: AuthorizationRequest, step: Step, now: int) -> ResponseReturnValue:
    """Sends the person to the log-in, with a mark so that the same question is not asked for ever."""
    mark = _sealer("asked").ticket({"request": _fingerprint(request), "at": now}, now + _HALF_HOUR)
    here = [(name, value) for name, found in flask.request.args.lists() for value in found if name != _ASKED]
    target = f"{flask.request.path}?{urlencode([*here, (_ASKED, mark)])}"
    path = "/anmelden" if web.visitor() is None else "/anmelden/bestaetigen"
    level = request.level if step is Step.CONFIRM else 1
    return flask.redirect(f"{path}?{urlencode({'next': target, 'level': max(level, 1)})}", 303)


def _asked_at(request: AuthorizationRequest) -> int:
    try:
        facts = _sealer("asked").read_ticket(flask.request.args.get(_ASKED, ""), ground.now())
    except ValueError:
        return 0
    return int(facts["at"]) if facts["request"] == _fingerprint(request) else 0


def _consent_page(client: api.Client, request: AuthorizationRequest) -> ResponseReturnValue:
    person, now = cast(account.Person, web.visitor()), ground.now()
    facts = {"person": person.id, "request": _pack(request)}
    web.allow_form_target(_origin(request))
    page = flask.make_response(
        flask.render_template(
            "openid/consent.html",
            client=client,
            host=urlsplit(request.redirect_uri).hostname,
            scopes=request.scopes,
            person=person,
            ticket=_sealer("consent").ticket(facts, now + _HALF_HOUR),
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _answer(request: AuthorizationRequest, now: int) -> ResponseReturnValue:
    person = cast(account.Person, web.visitor())
    return _send(request, {"code": web.write(lambda session: api.issue_code(session, person, request, now))})


def _send(request: AuthorizationRequest, values: dict[str, str]) -> ResponseReturnValue:
    return _redirect(request.redirect_uri, values, request.state)


def _redirect(uri: str, values: dict[str, str], state: str) -> ResponseReturnValue:
    """Back to the service; with the issuer (RFC 9207), so that it cannot be taken for another provider's answer."""
    facts = {**values, **({"state": state} if state else {}), "iss": ground.issuer()}
    response = flask.redirect(f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(facts)}", 302)
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse(values: Mapping[str, Sequence[str]], error: ProtocolError) -> ResponseReturnValue:
    """To the service when its address is known to be right; else a page, for it could lead anywhere."""
    log.warning("an authorization request was refused: %s: %s", error.error, error.description)
    if error.redirectable and len(values.get("redirect_uri", [])) == 1:
        state = values.get("state", [""])[0] if len(values.get("state", [""])) == 1 else ""
        facts = {"error": error.error, "error_description": error.description}
        return _redirect(values["redirect_uri"][0], facts, state)
    return _page(
        _("Dieser Dienst hat falsch gefragt"),
        _(
            "Die Anmeldung ist nicht sicher möglich. Bitte sagen Sie es dem Betreiber des Dienstes: %(why)s",
            why=f"{error.error}: {error.description}",
        ),
    )


def _page(title: str, advice: str) -> ResponseReturnValue:
    return flask.render_template("error.html", code=400, title=title, advice=advice, error_id=""), 400


def _sealer(purpose: str) -> Sealer:
    return Sealer(web.settings().secret(), f"openid {purpose}")


def _origin(request: AuthorizationRequest) -> str:
    parts = urlsplit(request.redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"


def _fingerprint(request: AuthorizationRequest) -> str:
    return f"{request.client_id} {request.challenge}"


def _pack(request: AuthorizationRequest) -> dict[str, Any]:
    return {**asdict(request), "scopes": sorted(request.scopes), "prompts": sorted(request.prompts)}


def _unpack(facts: dict[str, Any]) -> AuthorizationRequest:
    return AuthorizationRequest(
        **{**facts, "scopes": frozenset(facts["scopes"]), "prompts": frozenset(facts["prompts"])}
    )
