"""What the person is asked on the way to a service, and how the answer reaches it."""

from dataclasses import asdict
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.account.api import acting
from hub.core import web
from hub.openid import api, rules
from hub.openid.rules import AuthorizationRequest
from hub.openid.web import ground


def consent_page(client: api.Client, request: AuthorizationRequest) -> ResponseReturnValue:
    """What the service gets; the person may leave out what it does not need to know them."""
    person = cast(account.Person, web.visitor())
    with web.read() as session:
        known = api.consent_of(session, person.id, client.client_id)
        principal = acting.principal(session, person, ground.now())
    return _question(
        "openid/consent.html",
        client,
        request,
        optional=[scope for scope in rules.SCOPES if scope in request.scopes - {rules.REQUIRED_SCOPE}],
        declined=known.declined,
        principal=principal,
    )


def switch_page(client: api.Client, request: AuthorizationRequest, target: str) -> ResponseReturnValue:
    """The service expects somebody else than who is logged in."""
    return _question("openid/switch.html", client, request, target)


def read_ticket(person: account.Person, now: int) -> tuple[AuthorizationRequest, str]:
    """(the request, the way back to it) of the question that this person answers; ValueError when it is over."""
    facts = ground.sealer("question").read_ticket(flask.request.form.get("ticket", ""), now)
    if facts["person"] != person.id:
        flask.abort(403)
    packed = facts["request"]
    sets = {"scopes": frozenset(packed["scopes"]), "prompts": frozenset(packed["prompts"])}
    return AuthorizationRequest(**{**packed, **sets}), facts["target"]


def pack(request: AuthorizationRequest) -> dict[str, Any]:
    """For JSON."""
    return {**asdict(request), "scopes": sorted(request.scopes), "prompts": sorted(request.prompts)}


def answer(request: AuthorizationRequest, now: int) -> ResponseReturnValue:
    """A code."""
    person = cast(account.Person, web.visitor())
    return send(request, {"code": web.write(lambda session: api.issue_code(session, person, request, now))})


def send(request: AuthorizationRequest, values: dict[str, str]) -> ResponseReturnValue:
    """The answer to a request; a pushed one is over with it."""
    if request.pushed:
        web.write(lambda session: api.end_pushed(session, request.pushed))
    return redirect(request.redirect_uri, values, request.state)


def redirect(uri: str, values: dict[str, str], state: str) -> ResponseReturnValue:
    """Back to the service; with the issuer (RFC 9207), so that it cannot be taken for another provider's answer."""
    facts = {**values, **({"state": state} if state else {}), "iss": ground.issuer()}
    response = flask.redirect(f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(facts)}", 302)
    response.headers["Cache-Control"] = "no-store"
    return response


def problem(title: str, advice: str, detail: str = "", *, to_account: bool = False) -> ResponseReturnValue:
    """A page, where nothing may be sent to the service; `detail` is for who runs it, in English."""
    words = {"title": title, "advice": advice, "detail": detail, "to_account": to_account}
    return flask.render_template("error.html", code=400, error_id="", **words), 400


def origin(request: AuthorizationRequest) -> str:
    """The origin of the service's address."""
    parts = urlsplit(request.redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"


def _question(
    template: str, client: api.Client, request: AuthorizationRequest, target: str = "", **values: object
) -> ResponseReturnValue:
    person, until = cast(account.Person, web.visitor()), ground.now() + rules.JOURNEY_MS
    facts = {"person": person.id, "request": pack(request), "target": target}
    web.allow_form_target(origin(request))
    host, ticket = urlsplit(request.redirect_uri).hostname, ground.sealer("question").ticket(facts, until)
    page = flask.make_response(
        flask.render_template(template, client=client, host=host, person=person, ticket=ticket, **values)
    )
    page.headers["Cache-Control"] = "no-store"
    return page
