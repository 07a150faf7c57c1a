"""Car parks as pages, as JSON and as a live stream."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import flask
from flask.typing import ResponseReturnValue

from edge import wire
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web.language import language
from hub.parking import api
from hub.parking.api import SiteNow, forecasts, overstays, search, wishes
from hub.parking.api.stays import StayNow, of_holder
from hub.parking.rules.stays import ENDING, RUNNING
from hub.parking.web import seeking, words
from hub.parking.web import stays as pages
from hub.parking.web.liking import said

blueprint = flask.Blueprint("parking", __name__)

RECENT = 10  # stays that are looked through for one that runs
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
    now, asked, person = now_ms(), seeking.seeking(), web.visitor()
    with web.read() as session:
        sites = api.sites(session, now)
        selected = next((one for one in sites if one.id == site_id), None)
        if site_id is not None and selected is None:
            flask.abort(404)
        bays = api.bays(session, now, site_id) if selected else []
        liked = wishes.favourites(session, person.id) if person else frozenset()
        watches = wishes.watches(session, person.id, now) if person else []
        recent = of_holder(session, pages.holder(), now, RECENT, language()) if person else []
    hits = search.hits(sites, asked.goal, asked.minutes, asked.sort, now)
    return flask.render_template(
        "parking/page.html",
        hits=[one for one in hits if asked.fits(one, liked)],
        selected=selected,
        hit=next((one for one in hits if one.site.id == site_id), None),
        bays=bays,
        day=_day(selected, now) if selected else None,
        rule=overstays.of_site(selected.facts) if selected else None,
        total=api.total(sites),
        asked=asked,
        places=search.places(web.settings().town_dir),
        lengths=search.LENGTHS,
        liked=liked,
        running=[one for one in recent if one.state in (RUNNING, ENDING)],
        again=_again(recent, sites),
        watch=next((one for one in watches if one.site == site_id), None),
        watch_hours=wishes.HOURS,
        told=said(flask.request.args.get("gesagt", "")),
        now=now,
    )


def _again(recent: Sequence[StayNow], sites: Sequence[SiteNow]) -> SiteNow | None:
    """Where somebody parked last and may want to park again; None while a stay runs."""
    if not recent or recent[0].state in (RUNNING, ENDING):
        return None
    return next(
        (one for one in sites if one.id == recent[0].site and (one.facts.get("tariff") or {}).get("name")), None
    )


def _day(selected: SiteNow, now: int) -> Day:
    """Half a day back and a day ahead."""
    with web.read() as session:
        shares = api.today(session, selected.id, now - now % api.HOUR_MS - HOURS_BACK * api.HOUR_MS, now)
        found = forecasts.forecast(session, selected.id, selected.capacity, now)
    offset = int((i18n.local(now).utcoffset() or timedelta()).total_seconds()) // 3600
    shown = forecasts.picture(shares, found.expected, selected.capacity, now, offset)
    return Day(shown, found, words.sentence(found.outlook, now) if found.outlook else "")
