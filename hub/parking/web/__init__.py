"""Car parks as pages, as JSON and as a live stream."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import flask
from flask.typing import ResponseReturnValue

from edge import wire
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.parking import api
from hub.parking.api import SiteNow, forecasts
from hub.parking.web import words

blueprint = flask.Blueprint("parking", __name__)

FILTERS: Mapping[str, Callable[[SiteNow], bool]] = {
    "frei": lambda site: site.free > 0,
    "gratis": lambda site: bool(site.facts.get("tariff", {}).get("free")),
    "behindert": lambda site: bool(site.facts.get("disabled_bays")),
    "laden": lambda site: bool(site.facts.get("ev_points")),
}
HOURS_BACK = 11  # hours before the present one in the picture of the day


@dataclass(frozen=True)
class Day:
    """The picture of a car park's day, what is known of the next hours, and a sentence about them."""

    picture: forecasts.Picture
    forecast: forecasts.ForecastNow
    sentence: str

    @property
    def has_anything(self) -> bool:
        """Whether there is something to draw."""
        return bool(self.picture.measured or self.picture.expected)


@blueprint.get("/parken")
def overview() -> ResponseReturnValue:
    """All car parks, as a list and on a map."""
    return _page(None)


@blueprint.get("/parken/<site_id>")
def site(site_id: str) -> ResponseReturnValue:
    """The same with one car park in detail."""
    return _page(site_id)


@blueprint.get("/parken/karte.geojson")
def map_shapes() -> ResponseReturnValue:
    """The town's map; 404 for a town without one."""
    file = web.settings().town_dir / "map.geojson"
    if not file.exists():
        flask.abort(404)
    response = web.answer_json(file.read_bytes(), max_age=3600)
    response.mimetype = "application/geo+json"
    return response


@blueprint.get("/api/parking/sites")
def sites_json() -> ResponseReturnValue:
    """Every car park now."""
    with web.read() as session:
        return web.answer_json(api.snapshot(session, now_ms()))


@blueprint.get("/api/parking/bays")
def bays_json() -> ResponseReturnValue:
    """Every bay now, or those of ?site=."""
    wanted = flask.request.args.get("site")
    with web.read() as session:
        found = api.bays(session, now_ms(), wanted)
    bays = [
        {
            "id": bay.id,
            "node": bay.node,
            "site": bay.site,
            "state": bay.state,
            "since": wire.format_ms(bay.since) if bay.since is not None else None,
        }
        for bay in found
    ]
    return web.answer_json(json.dumps({"bays": bays}, separators=(",", ":")).encode())


@blueprint.get("/api/parking/stream")
def stream() -> ResponseReturnValue:
    """Sends the browser on to the live server."""
    return flask.redirect(f"{web.live_url()}/api/parking/stream", 307)


def _page(site_id: str | None) -> ResponseReturnValue:
    now, chosen = now_ms(), flask.request.args.get("filter", "")
    with web.read() as session:
        sites = api.sites(session, now)
        selected = next((one for one in sites if one.id == site_id), None)
        if site_id is not None and selected is None:
            flask.abort(404)
        bays = api.bays(session, now, site_id) if selected else []
    matches = FILTERS.get(chosen)
    return flask.render_template(
        "parking/page.html",
        sites=[one for one in sites if matches is None or matches(one)],
        selected=selected,
        bays=bays,
        day=_day(selected, now) if selected else None,
        total=api.total(sites),
        chosen=chosen if chosen in FILTERS else "",
        now=now,
    )


def _day(selected: SiteNow, now: int) -> Day:
    """Half a day back and a day ahead."""
    with web.read() as session:
        shares = api.today(session, selected.id, now - now % api.HOUR_MS - HOURS_BACK * api.HOUR_MS, now)
        found = forecasts.forecast(session, selected.id, selected.capacity, now)
    offset = int((i18n.local(now).utcoffset() or timedelta()).total_seconds()) // 3600
    shown = forecasts.picture(shares, found.expected, selected.capacity, now, offset)
    return Day(shown, found, words.sentence(found.outlook, now) if found.outlook else "")
