"""What the account's pages share: the session's cookie, keys, the device, waiting sentences."""

from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import demo
from hub.account.gateway.passkeys import Site
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

CODES_COOKIE, CODES_PATH = "sk_codes", "/konto"  # new recovery codes on the way to the page that shows them


def cookie_name() -> str:
    """Behind TLS the browser itself guards the name (no other host or path can set it)."""
    return guarded_name("sk_session")


def guarded_name(name: str) -> str:
    """The same for any cookie of the log-in."""
    return f"__Host-{name}" if web.settings().public_url.startswith("https://") else name


def token() -> str:
    """The session's token, empty without a cookie."""
    return flask.request.cookies.get(cookie_name(), "")


def find_visitor() -> api.Person | None:
    """Who sent this request; given to `hub.core.web.access.install`.

    Outside of the demonstration its people are nobody, whatever keys or sessions they were given in it.
    """
    found = api.sessions.session_person(web.database(), token(), now_ms())
    is_invented = found is not None and demo.persona_of(found) is not None
    return None if is_invented and not web.settings().demo else found


def person() -> api.Person:
    """Who is logged in; only behind a door that asks for somebody."""
    return cast(api.Person, web.visitor())


def ring() -> api.Keyring:
    """The account's keys."""
    return api.Keyring(web.settings().secret())


def site() -> Site:
    """For passkeys."""
    return Site(town(), web.settings().public_url)


def town() -> str:
    """The town's name."""
    facts = cast(dict[str, str], flask.current_app.jinja_env.globals["town"])
    return facts["name"]


def address() -> str:
    """Where the request came from."""
    return flask.request.remote_addr or ""


def device() -> str:
    """In a person's words."""
    return rules.device_name(flask.request.headers.get("User-Agent", ""))


def with_session(target: str, new_token: str) -> flask.Response:
    """Goes on to `target` with a new session's cookie."""
    response = cast(flask.Response, flask.redirect(target, 303))
    response.set_cookie(
        cookie_name(),
        new_token,
        max_age=rules.SESSION_MS // 1000,
        httponly=True,
        samesite="Lax",
        secure=web.is_secure(),
    )
    return response


def without_session(response: flask.Response) -> flask.Response:
    """Takes the cookie away, and recovery codes that nobody looked at."""
    response.delete_cookie(CODES_COOKIE, path=CODES_PATH)
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=web.is_secure())
    return response


def page(template: str, status: int = 200, **values: object) -> flask.Response:
    """A page that no cache keeps."""
    response = flask.make_response(flask.render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def too_often(error: api.ThrottledError) -> str:
    """A sentence with the minutes to wait."""
    return _("Das war zu oft. Bitte in %(n)s Min. noch einmal versuchen.", n=-(-error.seconds // 60))


def busy() -> str:
    """A sentence for the moments when many log in."""
    return _("Gerade melden sich viele an. Bitte versuchen Sie es in einem Moment noch einmal.")


def back(endpoint: str, said: str = "", **values: object) -> ResponseReturnValue:
    """To a page of ours, which says what was done (`said` is one of the page's own keys)."""
    return flask.redirect(flask.url_for(endpoint, **({"gesagt": said} if said else {}), **values), 303)  # type: ignore[arg-type]
