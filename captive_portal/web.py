"""The routes. Thin: ask the access, send a page or the RFC 8908 API."""

import ipaddress
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from captive_portal import api, metrics, view
from captive_portal.access import Access, AccessError, Standing, Visitor
from captive_portal.bulletin import StateFiles
from captive_portal.config import Portal
from captive_portal.metrics import Metrics
from captive_portal.orders import BLOCKED, HOURS, OFF
from captive_portal.pages import Pages
from captive_portal.preview import PreviewAccess
from captive_portal.probes import kind_of
from captive_portal.report import Reports

_log = logging.getLogger(__name__)
_LONGEST_BODY = 16 * 1024
_COOKIE = "vorschau"
DOCUMENTS = {"regeln": "terms", "impressum": "imprint", "datenschutz": "privacy", "barrierefreiheit": "accessibility"}

CLOSED = (OFF, HOURS, BLOCKED)

Stations = Callable[[], int | None]
Line = Callable[[], bool]


@dataclass(frozen=True)
class Site:
    """Everything the routes work with. `own_hosts` are the names and addresses this portal answers to."""

    portal: Portal
    access: Access
    files: StateFiles
    reports: Reports
    pages: Pages
    metrics: Metrics
    stations: Stations
    line: Line
    own_hosts: frozenset[str]
    own_host: str


def create_app(
    portal: Portal,
    access: Access,
    reports: Reports,
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...] = (),
    stations: Stations = lambda: None,
    line: Line = lambda: True,
) -> Flask:
    """The portal as a WSGI application. `addresses` are the node's own on the visitors' network, `line` says whether
    the node has a way to the internet."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LONGEST_BODY
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    own = [str(address.ip) for address in addresses]
    host = portal.host or (own[0] if own else "localhost")
    files = StateFiles(portal.state_directory)
    app.extensions["portal"] = Site(
        portal=portal,
        access=access,
        files=files,
        reports=reports,
        pages=Pages(portal, files, line, access.preview),
        metrics=Metrics(),
        stations=stations,
        line=line,
        own_hosts=frozenset((host.lower(), *own)),
        own_host=host,
    )
    app.before_request(_send_strangers_home)
    app.after_request(_finish)
    app.register_error_handler(Exception, _problem)
    _add_routes(app)
    return app


def _add_routes(app: Flask) -> None:
    app.add_url_rule("/", "landing", landing)
    app.add_url_rule("/verbinden", "accept", accept, methods=["POST"])
    app.add_url_rule("/verbinden", "accept_again", lambda: redirect("/", 302), methods=["GET"])
    app.add_url_rule("/verbunden", "connected", connected)
    app.add_url_rule("/neu", "start_over", start_over)
    app.add_url_rule("/captive-portal/api", "api", captive_portal_api)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/metrics", "metrics", prometheus)
    for path in DOCUMENTS:
        app.add_url_rule(f"/{path}", path, document)


def landing() -> ResponseReturnValue:
    """The town's information and the button; who is online already sees the time left, if there is a line."""
    site = _site()
    try:
        standing = site.access.look(_visitor(pages_only=True))
    except AccessError as error:
        return _not_opened(error)
    if standing.seconds is not None and site.line():
        return connected()
    if standing.spent_s is not None:
        return _landing("quota", 200)
    if standing.closed:
        return _landing(standing.closed, 200, standing)
    return site.pages.send("landing.html", shared=True, failed="", closed=False)


def accept() -> ResponseReturnValue:
    """Open the way, then load a new page: a phone's log-in window looks at that load."""
    site, cookie = _site(), request.cookies.get(_COOKIE, "")
    if site.access.preview and not cookie:
        cookie = secrets.token_urlsafe(12)
    try:
        opened = site.access.open(Visitor(_address(), cookie), site.pages.granted_s)
    except AccessError as error:
        site.metrics.count("refused", f'reason="{error.reason or "gate"}"')
        return _not_opened(error)
    event = "extend" if opened.extended else "accept"
    site.metrics.count(f"{event}s")
    site.reports.portal(event, opened.sessions)
    if opened.device:
        site.reports.session(opened.device, opened.until_ms)
    response = redirect(site.pages.to("/verbunden"), 303)
    if site.access.preview:
        response.set_cookie(_COOKIE, cookie, httponly=True, samesite="Lax")
    return response


def connected() -> ResponseReturnValue:
    """ "Sie sind verbunden", with the time left as the gate tells it."""
    site, now = _site(), time.time_ns() // 1_000_000
    try:
        standing = site.access.look(_visitor())
    except AccessError as error:
        return _not_opened(error)
    left = standing.seconds
    if left is None:
        return redirect(site.pages.to("/"), 302)
    zone, speech = view.timezone_of(site.files.bulletin()), site.pages.speech()
    until = speech.moment(view.moment(now + left * 1000, zone), view.moment(now, zone).date())
    return site.pages.send(
        "connected.html", connected=True, remaining=speech.duration(left), until=until, device=standing.device[:8]
    )


def start_over() -> ResponseReturnValue:
    """Preview only: forget this browser's accept."""
    access = _site().access
    if not isinstance(access, PreviewAccess):
        return _not_found()
    access.forget(_visitor())
    response = redirect(_site().pages.to("/"), 302)
    response.delete_cookie(_COOKIE)
    return response


def document() -> ResponseReturnValue:
    """A legal text out of the bulletin, or an honest line that it has not come yet."""
    site, name = _site(), request.path.strip("/")
    speech, bulletin = site.pages.speech(), site.files.bulletin()
    found = bulletin.legal.get(DOCUMENTS[name]) if bulletin else None
    if found:
        return site.pages.send("document.html", title=found.title.in_language(speech.language), document=found)
    message = f"{speech.say('not_here')} {speech.say('not_here_text')}"
    link = (bulletin.town_url if bulletin else "") or site.portal.services_url
    title = speech.say(DOCUMENTS[name])
    return site.pages.send("document.html", title=title, message=message, link=link)


def captive_portal_api() -> ResponseReturnValue:
    """RFC 8908, over HTTPS alone where there is a certificate."""
    site = _site()
    kind = api.answer_kind(request.headers.get("Accept", ""))
    if kind == "page":
        return redirect("/", 302)
    if kind == "none":
        return Response("application/captive+json\n", 406, mimetype="text/plain")
    if site.portal.secure and not request.is_secure:
        return redirect(site.portal.api_url, 308)
    try:
        standing = site.access.look(_visitor())
    except AccessError as error:
        _log.warning("%s", error)
        return Response(status=503, headers={"Retry-After": "5", "Cache-Control": "private, no-store"})
    if not site.line():
        standing = Standing(None)  # who is let out reaches nothing: the phone shall not take this for the internet
    bulletin = site.files.bulletin()
    venue = site.portal.services_url or (bulletin.town_url if bulletin else "")
    response = jsonify(api.body(standing, _own_url(), venue))
    response.content_type = api.MEDIA_TYPE
    response.headers["Cache-Control"] = "private, no-store"
    return response


def healthz() -> ResponseReturnValue:
    """200 while the gate answers; figures for the technician, none about a person."""
    site = _site()
    bulletin, uplink = site.files.bulletin(), site.files.uplink()
    now = time.time_ns() // 1_000_000
    counted = _counted()
    body = {
        "gate": "preview" if site.access.preview else "ok" if counted else "away",
        "bulletin_age_s": (now - bulletin.ts_ms) // 1000 if bulletin else None,
        "bulletin_entries_left_out": bulletin.left_out if bulletin else 0,
        "uplink": uplink.connected,
        "reports_waiting": site.reports.waiting,
        "reports_handed_over": site.reports.handed_over,
        "reports_lost": site.reports.lost,
    }
    return jsonify(body), 200 if counted else 503


def prometheus() -> ResponseReturnValue:
    """Counters and figures, on the port of [portal] metrics alone; visitors find nothing here."""
    site = _site()
    port = site.portal.metrics.rpartition(":")[2]
    if not port or request.environ.get("SERVER_PORT") != port:
        return _not_found()
    counted = _counted() or {}
    gauges: dict[str, float | None] = {
        "sessions": counted.get("sessions"),
        "sessions_over_quota": counted.get("spent"),
        "places": counted.get("places"),
        "bytes_total": counted.get("bytes"),
        "clients": site.stations(),
        "gate_up": float(bool(counted)),
        "uplink_up": None if site.files.uplink().connected is None else float(bool(site.files.uplink().connected)),
        "reports_waiting": site.reports.waiting,
        "reports_lost_total": site.reports.lost,
    }
    return Response(site.metrics.text(gauges), content_type=metrics.CONTENT_TYPE)


def _site() -> Site:
    site: Site = current_app.extensions["portal"]
    return site


def _send_strangers_home() -> ResponseReturnValue | None:
    """Whatever was meant for another host, a phone's probe above all, is led to the landing page."""
    g.begun = time.perf_counter()
    site = _site()
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if site.access.preview or host.strip("[]").lower() in site.own_hosts or _is_metrics():
        return None
    site.metrics.count("probes", f'kind="{kind_of(host)}"')
    # plain HTTP: a probe's answer must not depend on a certificate or on the clock of the phone
    response = redirect(f"http://{site.own_host}/", 302)
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_metrics() -> bool:
    return request.path == "/metrics" and bool(_site().portal.metrics)


def _own_url() -> str:
    """The landing page's address as a phone's system should open it."""
    site = _site()
    if site.access.preview:
        return request.host_url
    return f"{'https' if site.portal.secure else 'http'}://{site.own_host}/"


def _counted() -> dict[str, int] | None:
    try:
        return _site().access.count()
    except AccessError:
        return None


def _not_opened(error: AccessError) -> Response:
    """The landing page with a sentence that says why and what to do."""
    _log.warning("%s", error)
    known = error.reason in ("quota", "full") or error.reason in CLOSED
    return _landing(error.reason if known else "gate", 503)


def _landing(failed: str, status: int, standing: Standing | None = None) -> Response:
    """The landing page with a sentence; without the button where it would help nobody."""
    site, speech, opens = _site(), _site().pages.speech(), ""
    if standing is not None and standing.opens_ms is not None:
        zone, now = view.timezone_of(site.files.bulletin()), time.time_ns() // 1_000_000
        opens = speech.opens(view.moment(standing.opens_ms, zone), view.moment(now, zone).date())
    return site.pages.send("landing.html", status, failed=failed, closed=failed in CLOSED, opens=opens)


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


def _not_found() -> ResponseReturnValue:
    pages = _site().pages
    return pages.send("document.html", 404, title=pages.speech().say("not_found"))


def _problem(error: Exception) -> ResponseReturnValue:
    """A plain sentence for the visitor, a number to find it in the log."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return _not_found() if error.code == 404 else Response(f"{error.name}\n", error.code, mimetype="text/plain")
    number = secrets.token_hex(4)
    _log.error("request %s failed", number, exc_info=error)
    speech = _site().pages.speech()
    return f"{speech.say('problem')} {speech.say('problem_text', id=number)}\n", 500, {"Content-Type": "text/plain"}


def _finish(response: Response) -> Response:
    """Headers that every answer carries."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    _site().metrics.observe(time.perf_counter() - g.get("begun", time.perf_counter()))
    return response
