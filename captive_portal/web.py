"""The pages and the RFC 8908 API. Thin: asks the access, reads the bulletin, renders."""

import base64
import gzip
import hashlib
import ipaddress
import logging
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from captive_portal import rules, view
from captive_portal.access import Access, AccessError, Visitor
from captive_portal.bulletin import Bulletin, StateFiles
from captive_portal.config import Portal
from captive_portal.preview import PreviewAccess
from captive_portal.report import Reports
from captive_portal.words import LANGUAGES, Speech

_log = logging.getLogger(__name__)
_LONGEST_BODY = 16 * 1024
_COOKIE = "vorschau"
DOCUMENTS = {"regeln": "terms", "impressum": "imprint", "datenschutz": "privacy", "barrierefreiheit": "accessibility"}


@dataclass(frozen=True)
class Site:
    """Everything the routes work with. `own_hosts` are the names and addresses this portal answers to."""

    portal: Portal
    access: Access
    files: StateFiles
    reports: Reports
    css: str
    own_hosts: frozenset[str]
    own_url: str

    @property
    def granted_s(self) -> int:
        """Seconds that an accept grants."""
        return self.portal.session_minutes * 60


def create_app(
    portal: Portal,
    access: Access,
    reports: Reports,
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...] = (),
) -> Flask:
    """The portal as a WSGI application. `addresses` are the node's own on the visitors' network."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LONGEST_BODY
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    css = Path(__file__).with_name("templates").joinpath("portal.css").read_text("utf-8").strip()
    own = [str(address.ip) for address in addresses]
    host = portal.host or (own[0] if own else "localhost")
    app.extensions["portal"] = Site(
        portal,
        access,
        StateFiles(portal.state_directory),
        reports,
        css,
        frozenset((host.lower(), *own)),
        f"http://{host}/",
    )
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none';style-src 'sha256-{digest}';form-action 'self';base-uri 'none';frame-ancestors 'none'"
    app.before_request(_send_strangers_home)
    app.after_request(lambda response: _finish(response, policy))
    app.register_error_handler(Exception, _problem)
    _add_routes(app)
    return app


def _add_routes(app: Flask) -> None:
    app.add_url_rule("/", "landing", landing)
    app.add_url_rule("/verbinden", "accept", accept, methods=["POST"])
    app.add_url_rule("/verbinden", "accept_again", lambda: redirect("/", 302), methods=["GET"])
    app.add_url_rule("/verbunden", "connected", connected)
    app.add_url_rule("/neu", "start_over", start_over)
    app.add_url_rule("/captive-portal/api", "api", api)
    app.add_url_rule("/healthz", "healthz", healthz)
    for path in DOCUMENTS:
        app.add_url_rule(f"/{path}", path, document)


def landing() -> ResponseReturnValue:
    """The town's information and the button; who is online already sees the time left."""
    try:
        if _site().access.remaining_s(_visitor(pages_only=True)) is not None:
            return connected()
    except AccessError as error:
        _log.warning("%s", error)
        return _page("landing.html", failed=True), 503
    return _page("landing.html", failed=False)


def accept() -> ResponseReturnValue:
    """Open the way, then load a new page: a phone's log-in window looks at that load."""
    site, cookie = _site(), request.cookies.get(_COOKIE, "")
    if site.access.preview and not cookie:
        cookie = secrets.token_urlsafe(12)
    try:
        opened = site.access.open(Visitor(_address(), cookie), site.granted_s)
    except AccessError as error:
        _log.warning("%s", error)
        return _page("landing.html", failed=True), 503
    site.reports.portal("extend" if opened.extended else "accept", opened.sessions)
    response = redirect(_to("/verbunden"), 303)
    if site.access.preview:
        response.set_cookie(_COOKIE, cookie, httponly=True, samesite="Lax")
    return response


def connected() -> ResponseReturnValue:
    """ "Sie sind verbunden", with the time left as the gate tells it."""
    site, now = _site(), _now_ms()
    try:
        left = site.access.remaining_s(_visitor())
    except AccessError as error:
        _log.warning("%s", error)
        return _page("landing.html", failed=True), 503
    if left is None:
        return redirect(_to("/"), 302)
    zone, speech = view.timezone_of(site.files.bulletin()), _speech()
    until = speech.moment(view.moment(now + left * 1000, zone), view.moment(now, zone).date())
    return _page("connected.html", connected=True, remaining=speech.duration(left), until=until)


def start_over() -> ResponseReturnValue:
    """Preview only: forget this browser's accept."""
    access = _site().access
    if not isinstance(access, PreviewAccess):
        return _not_found()
    access.forget(_visitor())
    response = redirect(_to("/"), 302)
    response.delete_cookie(_COOKIE)
    return response


def document() -> ResponseReturnValue:
    """A legal text out of the bulletin, or an honest line that it has not come yet."""
    name, speech, bulletin = request.path.strip("/"), _speech(), _site().files.bulletin()
    found = bulletin.legal.get(DOCUMENTS[name]) if bulletin else None
    if found:
        language = speech.language
        sections = [(heading.in_language(language), text.in_language(language)) for heading, text in found.sections]
        return _page("document.html", title=found.title.in_language(language), document=found, sections=sections)
    message = f"{speech.say('not_here')} {speech.say('not_here_text')}"
    link = (bulletin.town_url if bulletin else "") or _site().portal.services_url
    return _page("document.html", title=speech.say(DOCUMENTS[name]), sections=[], message=message, link=link)


def api() -> ResponseReturnValue:
    """RFC 8908. The same JSON whatever Accept says: a client that asks here can read it."""
    site = _site()
    bulletin = site.files.bulletin()
    base = request.host_url if site.access.preview else site.own_url
    try:
        left = site.access.remaining_s(_visitor())
    except AccessError as error:
        _log.warning("%s", error)
        return Response(status=503, headers={"Retry-After": "5", "Cache-Control": "private, no-store"})
    body: dict[str, object] = {"captive": left is None, "user-portal-url": base, "can-extend-session": True}
    venue = site.portal.services_url or (bulletin.town_url if bulletin else "")
    if venue:
        body["venue-info-url"] = venue
    if left is not None:
        body["seconds-remaining"] = left
    response = jsonify(body)
    response.content_type = "application/captive+json"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def healthz() -> ResponseReturnValue:
    """200 while the gate answers; figures for the technician, none about a person."""
    site = _site()
    bulletin, uplink = site.files.bulletin(), site.files.uplink()
    try:
        site.access.remaining_s(Visitor("127.0.0.1"))
        gate = "preview" if site.access.preview else "ok"
    except AccessError:
        gate = "away"
    body = {
        "gate": gate,
        "bulletin_age_s": (_now_ms() - bulletin.ts_ms) // 1000 if bulletin else None,
        "bulletin_entries_left_out": bulletin.left_out if bulletin else 0,
        "uplink": uplink.connected,
        "reports_waiting": site.reports.waiting,
        "reports_handed_over": site.reports.handed_over,
        "reports_lost": site.reports.lost,
    }
    return jsonify(body), 503 if gate == "away" else 200


def _site() -> Site:
    site = current_app.extensions["portal"]
    assert isinstance(site, Site)  # noqa: S101
    return site


def _send_strangers_home() -> ResponseReturnValue | None:
    """Whatever was meant for another host, a phone's probe above all, is led to the landing page."""
    site = _site()
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if site.access.preview or host.strip("[]").lower() in site.own_hosts:
        return None
    response = redirect(site.own_url, 302)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(template: str, **values: object) -> str:
    site, speech = _site(), _speech()
    bulletin: Bulletin | None = site.files.bulletin()
    town = view.town(bulletin, site.files.uplink(), site.portal.near, speech, _now_ms())
    shared = {
        "css": site.css,
        "town": town,
        "label": site.portal.label,
        "preview": site.access.preview,
        "services_url": site.portal.services_url or town.url,
        "languages": LANGUAGES,
        "speech": speech,
        "say": speech.say,
        "to": _to,
        "granted": speech.duration(site.granted_s),
    }
    return render_template(template, **shared, **values)


def _speech() -> Speech:
    wanted = request.args.get("lang") or request.args.get("l")
    return Speech(rules.choose_language(wanted, request.headers.get("Accept-Language", ""), tuple(LANGUAGES)))


def _to(path: str) -> str:
    """A link that keeps a language chosen by hand; cookies do not live in log-in windows."""
    chosen = request.args.get("lang") or request.args.get("l")
    return f"{path}?lang={chosen}" if chosen in LANGUAGES else path


def _visitor(pages_only: bool = False) -> Visitor:
    """Who asks. The preview's start page goes by the cookie alone, so that a new window begins anew."""
    site, cookie = _site(), request.cookies.get(_COOKIE, "")
    return Visitor("" if site.access.preview and pages_only else _address(), cookie)


def _address() -> str:
    """The client's address; an IPv4 client on a dual-stack socket counts as IPv4, a zone index is no part of it."""
    try:
        address = ipaddress.ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _not_found() -> ResponseReturnValue:
    speech = _speech()
    return _page("document.html", title=speech.say("not_found"), sections=[]), 404


def _problem(error: Exception) -> ResponseReturnValue:
    """A plain sentence for the visitor, a number to find it in the log."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return _not_found() if error.code == 404 else Response(f"{error.name}\n", error.code, mimetype="text/plain")
    number = secrets.token_hex(4)
    _log.error("request %s failed", number, exc_info=error)
    speech = _speech()
    return f"{speech.say('problem')} {speech.say('problem_text', id=number)}\n", 500, {"Content-Type": "text/plain"}


def _finish(response: Response, policy: str) -> Response:
    """Headers that every answer carries, and gzip where the client takes it."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = policy
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if response.mimetype == "text/html" and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(response.get_data(), 6))
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response
