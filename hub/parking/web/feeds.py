"""Open data for other people's programs, and the page that explains it to people."""

import hashlib
from datetime import UTC, datetime

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.parking.api import feeds

blueprint = flask.Blueprint("feeds", __name__)

MAX_AGE_S = 60  # others ask every five minutes at most


@blueprint.get("/feeds/<path:name>")
def feed(name: str) -> ResponseReturnValue:
    """One feed, of the minute in which it is asked for."""
    found = feeds.FORMATS.get(name)
    if found is None:
        flask.abort(404)
    town = _town()
    body = feeds.body(town, name)
    response = flask.Response(body, mimetype=found.media)
    response.set_etag(hashlib.sha256(body).hexdigest()[:20])
    response.last_modified = datetime.fromtimestamp(town.now / 1000, UTC)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    response.headers["Link"] = f'<{feeds.LICENCE_URL}>; rel="license"'
    return response.make_conditional(flask.request)


@blueprint.get("/daten")
def page() -> ResponseReturnValue:
    """What there is, under which licence, with an example each."""
    town = _town()
    examples = {path: feeds.example(town, path) for path in feeds.FORMATS}
    licence = {"name": feeds.LICENCE_NAME, "url": feeds.LICENCE_URL}
    base = web.settings().public_url.rstrip("/")
    return flask.render_template(
        "parking/data.html", formats=feeds.FORMATS.values(), examples=examples, licence=licence, base=base
    )


@blueprint.after_request
def open_to_other_sites(response: flask.Response) -> flask.Response:
    """Any web page may read the feeds: they are the same for everybody."""
    if flask.request.endpoint == "feeds.feed":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Link"
    return response


def _town() -> feeds.Town:
    settings = web.settings()
    with web.read() as session:
        return feeds.town_now(session, feeds.house(settings.town_dir, settings.public_url), now_ms())
