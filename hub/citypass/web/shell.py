"""The hub as an app: manifest, service worker, the page without a connection."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.citypass import rules
from hub.core import i18n, web
from hub.core.web import gettext as _
from hub.core.web.language import language

blueprint = flask.Blueprint("shell", __name__)

HUB = Path(__file__).parents[2]
STATIC = HUB / "static"
# What a phone keeps so that its pages look right without a connection; vendor/ is there after `make assets`.
KEPT = (
    *("css/fonts.css", "vendor/kern.css", "css/tokens.css", "css/components.css", "css/page.css", "css/account.css"),
    *("css/parking.css", "css/pass.css", "css/payments.css", "css/wardens.css", "vendor/leaflet.css"),
    *("vendor/leaflet.js", "vendor/qrcode.js", "js/live.js", "js/parking.js", "js/nearby.js", "js/wardens.js"),
    *("js/pass.js", "js/app.js", "js/offline.js", "icon.svg", "icons/icon-192.png", "icons/badge-96.png"),
    *("vendor/fonts/FiraSans-Regular.woff2", "vendor/fonts/FiraSans-SemiBold.woff2"),
)
# What a browser keeps that is used as a till.
TILL = ("css/till.css", *(f"js/till/{name}.js" for name in ("app", "code", "hub", "parts", "sold", "store")))
_PAGES = ("base.html", "sprite.html", "brand.html", "citypass/offline.html", "till/app.html")
SESSION_HEADER = "Sk-Session"


@blueprint.record_once
def _prepare(state: flask.blueprints.BlueprintSetupState) -> None:
    state.app.jinja_env.globals["colours"] = rules.colours(
        (STATIC / "css/tokens.css").read_text(), ("himmel", "salz", "tief")
    )


@blueprint.get("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """How a phone shows the app; browsers fetch it without cookies, so the page names its language (?lang=)."""
    paint = cast(dict[str, tuple[str, str]], flask.current_app.jinja_env.globals["colours"])
    content = {
        "id": "/",
        "name": _app_name(),
        "short_name": _town(),
        "description": _("WLAN, Parken und Ihr Konto bei der Stadt %(name)s", name=_town()),
        "lang": language(),
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": paint["himmel"][0],
        "background_color": paint["salz"][0],
        "icons": [_icon("192"), _icon("512"), _icon("maskable-192", "maskable"), _icon("maskable-512", "maskable")],
        "shortcuts": [
            {"name": _("Parken"), "url": "/parken", "icons": [_icon("192")]},
            {"name": _("Pass"), "url": "/pass", "icons": [_icon("192")]},
        ],
    }
    response = web.answer_json(json.dumps(content, ensure_ascii=False).encode())
    response.mimetype = "application/manifest+json"
    response.vary.update(("Cookie", "Accept-Language"))
    return response


@blueprint.get("/sw.js")
def worker() -> ResponseReturnValue:
    """The service worker, with the name of this release and the files that it keeps."""
    facts = {"release": release(), "name": _app_name(), "kept": [f"/static/{name}" for name in _present()]}
    facts["till"] = [f"/static/{name}" for name in TILL]
    script = f"const HUB = {json.dumps(facts)};\n" + (STATIC / "js/worker.js").read_text()
    response = web.answer_json(script.encode())
    response.mimetype = "text/javascript"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@blueprint.get("/offline")
def offline() -> ResponseReturnValue:
    """What a phone shows for pages that it does not keep."""
    return flask.render_template("citypass/offline.html")


@blueprint.after_app_request
def name_session(response: flask.Response) -> flask.Response:
    """Tells the service worker whose pages these are, so that it throws a kept pass of another log-in away."""
    if response.mimetype == "text/html" and "visitor" in flask.g:
        person = flask.g.visitor
        response.headers[SESSION_HEADER] = _mark_of(person) if isinstance(person, account.Person) else "-"
    return response


@cache
def release() -> str:
    """Changes when a file does that phones keep."""
    return rules.release(path.read_bytes() for path in _parts())


def _parts() -> Iterator[Path]:
    yield from (STATIC / name for name in (*_present(), *TILL, "js/worker.js"))
    yield from (HUB / "templates" / name for name in _PAGES)
    yield from sorted(i18n.CATALOGUES.rglob("*.po"))


@cache
def _present() -> tuple[str, ...]:
    return tuple(name for name in KEPT if (STATIC / name).exists())


def _mark_of(person: account.Person) -> str:
    """Names the log-in; nobody can get back from it to the session."""
    key = web.settings().secret()
    return hmac.new(key, f"app session\0{person.session_id}".encode(), hashlib.sha256).hexdigest()[:16]


def _icon(name: str, purpose: str = "any") -> dict[str, str]:
    size = name.rpartition("-")[2]
    address = flask.url_for("static", filename=f"icons/icon-{name}.png")
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


def _town() -> str:
    return cast(dict[str, str], flask.current_app.jinja_env.globals["town"])["name"]


def _app_name() -> str:
    return f"{_town()}-Pass"
