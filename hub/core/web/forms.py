"""Forms that only our own pages can send: a random cookie and its HMAC in the form must fit."""

import hashlib
import hmac
import secrets

import flask
from markupsafe import Markup

from hub.core.sealing import subkey
from hub.core.web.headers import is_secure

_COOKIE = "sk_form"
FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name() -> str:
    """Behind TLS the browser itself guards the name (no other host or path can set it)."""
    return f"__Host-{_COOKIE}" if is_secure() else _COOKIE


def csrf_token() -> str:
    """What a form of this browser must carry."""
    if "csrf_seed" not in flask.g:
        flask.g.csrf_seed = _seed() or secrets.token_urlsafe(24)
    return _sign(flask.g.csrf_seed)


def csrf_field() -> Markup:
    """The hidden field for a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def seed_digest() -> str:
    """Names this browser, so that something can be bound to it; empty while it has no cookie and gets none."""
    seed = flask.g.get("csrf_seed") or _seed()
    return hashlib.sha256(seed.encode()).hexdigest() if seed else ""


def check() -> None:
    """Refuses (403) a changing request without a token that fits its cookie."""
    if flask.request.endpoint is None:  # 404 and 405 follow
        return
    if flask.request.method in _SAFE or flask.request.endpoint in flask.current_app.extensions["machine_doors"]:
        return
    seed = _seed()
    token = flask.request.form.get(FIELD) or flask.request.headers.get("X-CSRF-Token", "")
    if not seed or not hmac.compare_digest(_sign(seed).encode(), token.encode()):
        flask.abort(403)


def remember(response: flask.Response) -> flask.Response:
    """Sets the cookie that belongs to a token that was handed out."""
    seed = flask.g.get("csrf_seed")
    if seed is not None:
        response.headers["Cache-Control"] = "no-store"
        if _seed() != seed:
            response.set_cookie(cookie_name(), seed, samesite="Lax", httponly=True, secure=is_secure())
    return response


def install(app: flask.Flask) -> None:
    """Checks every changing request; gives templates `csrf_field()` and `csrf_token()`."""
    app.before_request(check)
    app.after_request(remember)
    app.jinja_env.globals |= {"csrf_field": csrf_field, "csrf_token": csrf_token}


def _seed() -> str:
    return flask.request.cookies.get(cookie_name(), "")


def _sign(seed: str) -> str:
    key = flask.current_app.secret_key
    own = subkey(key if isinstance(key, bytes) else str(key).encode(), "forms")  # the seed is the browser's own text
    return hmac.new(own, seed.encode(), hashlib.sha256).hexdigest()
