"""Log-out that a service starts (RP-Initiated Logout 1.0)."""

from urllib.parse import urlencode, urlsplit

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.web import gettext as _
from hub.openid import api, rules
from hub.openid.web import asking, ground

blueprint = flask.Blueprint("openid_logout", __name__)


@blueprint.route("/oauth/logout", methods=["GET", "POST"])
def log_out() -> ResponseReturnValue:
    """At once when the id token belongs to this very session, else after a question: anybody could send people here."""
    if flask.request.method == "POST":
        return flask.redirect(f"{flask.request.path}?{urlencode(list(flask.request.form.items()))}", 303)
    client, claims = _who_asks()
    uri, state = flask.request.args.get("post_logout_redirect_uri", ""), flask.request.args.get("state", "")
    person = web.visitor()
    if uri and (client is None or uri not in client.logout_uris):
        return _unknown_address(is_logged_in=person is not None)
    if not isinstance(person, account.Person):
        return _leave(uri, state)
    if client is not None and claims.get("sid") == ground.session_name(client, person.session_id):
        return _end(uri, state)
    if uri:
        parts = urlsplit(uri)
        web.allow_form_target(f"{parts.scheme}://{parts.netloc}")
    ticket = ground.sealer("log-out").ticket({"uri": uri, "state": state}, ground.now() + rules.JOURNEY_MS)
    return flask.render_template("openid/logout.html", client=client, ticket=ticket)


@blueprint.post("/oauth/logout/ja")
def confirmed() -> ResponseReturnValue:
    """The person wants it, and goes back to the service when it named an address of its own."""
    try:
        facts = ground.sealer("log-out").read_ticket(flask.request.form.get("ticket", ""), ground.now())
    except ValueError:
        facts = {"uri": "", "state": ""}
    return _end(facts["uri"], facts["state"])


def _unknown_address(*, is_logged_in: bool) -> ResponseReturnValue:
    if is_logged_in:
        text = _("Der Dienst nennt eine Adresse, die wir nicht kennen. Abmelden können Sie sich in Ihrem Konto.")
        return asking.problem(_("Sie sind noch angemeldet"), text, to_account=True)
    text = _("Der Dienst nennt eine Adresse, die wir nicht kennen. Darum bringen wir Sie nicht dorthin.")
    return asking.problem(_("Sie sind nicht angemeldet"), text)


def _who_asks() -> tuple[api.Client | None, dict[str, object]]:
    """The service, and what its id token says. Nobody when the token and the client_id do not belong together."""
    claims = ground.keys().read(flask.request.args.get("id_token_hint", ""), ground.now()) or {}
    named, audience = flask.request.args.get("client_id", ""), str(claims.get("aud", ""))
    if named and audience and named != audience:
        return None, {}
    with web.read() as session:
        return api.find_client(session, audience or named), claims


def _end(uri: str, state: str) -> ResponseReturnValue:
    porter = flask.current_app.extensions["porter"]
    return porter.log_out(_leave(uri, state))  # type: ignore[no-any-return]


def _leave(uri: str, state: str) -> flask.Response:
    if not uri:
        return flask.make_response(flask.redirect("/", 303))
    more = f"{'&' if urlsplit(uri).query else '?'}{urlencode({'state': state})}" if state else ""
    return flask.make_response(flask.redirect(uri + more, 303))
