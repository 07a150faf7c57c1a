"""Security headers, ETags, and where the live server is."""

import hashlib
from urllib.parse import urlsplit

import flask

from hub.settings import Settings


def live_url() -> str:
    """Public address of the live server: as set, or this host with the live port."""
    settings: Settings = flask.current_app.extensions["settings"]
    if settings.live_url:
        return settings.live_url.rstrip("/")
    try:
        host = urlsplit(f"//{flask.request.host}").hostname or "localhost"
    except ValueError:  # a Host header like [::1
        host = "localhost"
    return f"{flask.request.scheme}://{f'[{host}]' if ':' in host else host}:{settings.live_port}"


def allow_form_target(origin: str) -> None:
    """Lets this page's form end at another site: browsers check every redirect that follows a form."""
    flask.g.form_origins = (*flask.g.get("form_origins", ()), origin)


def is_secure() -> bool:
    """True when people reach the hub over TLS."""
    settings: Settings = flask.current_app.extensions["settings"]
    return flask.request.is_secure or settings.public_url.startswith("https://")


def answer_json(body: bytes, max_age: int = 0) -> flask.Response:
    """JSON bytes with an ETag; 304 when the caller has them already."""
    response = flask.Response(body, mimetype="application/json")
    response.set_etag(hashlib.sha256(body).hexdigest()[:20])
    response.headers["Cache-Control"] = f"max-age={max_age}" if max_age else "no-cache"
    response.make_conditional(flask.request)
    return response


def secure(response: flask.Response) -> flask.Response:
    """Only our own scripts and styles, nothing inline, no frame around us; no cache keeps what somebody saw."""
    if flask.g.get("visitor") is not None:
        response.headers["Cache-Control"] = "no-store"
    origin, targets = urlsplit(live_url()), " ".join(("'self'", *flask.g.get("form_origins", ())))
    response.headers.setdefault(  # a file of a person brings a stricter one
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action {targets}; frame-ancestors 'none'; connect-src 'self' {origin.scheme}://{origin.netloc}",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), payment=()")
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if is_secure():
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
