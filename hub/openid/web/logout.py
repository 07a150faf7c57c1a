"""Log-out that a service starts (RP-Initiated Logout 1.0)."""

from urllib.parse import urlencode, urlsplit

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.web import gettext as _
from hub.openid import api
from hub.openid.web import ground

blueprint = flask.Blueprint("openid_logout", __name__)


@blueprint.route("/oauth/logout", methods=["GET", "POST"])
def log_out() -> ResponseReturnValue:
    """At once when the id token belongs to this very session, else after a question: anybody could send people here."""
    if flask.request.method == "POST":
        return flask.redirect(f"{flask.request.path}?{urlencode(list(flask.request.form.items()))}", 303)
    client, claims = _who_asks()
    uri, state = flask.request.args.get("post_logout_redirect_uri", ""), flask.request.args.get("state", "")
    if uri and (client is None or uri not in client.logout_uris):
        text = _("Der Dienst nennt eine Adresse, die wir nicht kennen. Sie sind noch angemeldet.")
        page = flask.render_template("error.html", code=400, title=_("Abmelden"), advice=text, error_id="")
        return page, 400
    person = web.visitor()
    if not isinstance(person, account.Person):
        return _leave(uri, state)
    if client is not None and claims.get("sid") == ground.session_name(client, person.session_id):
        return _end(uri, state)
    return flask.render_template("openid/logout.html", client=client, uri=uri, state=state)


@blueprint.post("/oauth/logout/ja")
def confirmed() -> ResponseReturnValue:
    """The person wants it."""
    return _end("", "")


def _who_asks() -> tuple[api.Client | None, dict[str, object]]:
    claims = ground.keys().read(flask.request.args.get("id_token_hint", ""), ground.now()) or {}
    name = str(claims.get("aud") or flask.request.args.get("client_id", ""))
    with web.read() as session:
        return api.find_client(session, name), claims


def _end(uri: str, state: str) -> ResponseReturnValue:
    porter = flask.current_app.extensions["porter"]
    return porter.log_out(_leave(uri, state))  # type: ignore[no-any-return]


def _leave(uri: str, state: str) -> flask.Response:
    if not uri:
        return flask.make_response(flask.redirect("/", 303))
    more = f"{'&' if urlsplit(uri).query else '?'}{urlencode({'state': state})}" if state else ""
    return flask.make_response(flask.redirect(uri + more, 303))
