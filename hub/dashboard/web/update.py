"""A release for this node alone: what it would change, the button that sends it, and the one that ends it."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard.web.node import acting, back, render
from hub.fleet import api as fleet
from hub.fleet.api import rollouts

blueprint = flask.Blueprint("node_update", __name__)
_WHERE = "updates"


@blueprint.get("/admin/knoten/<name>/update")
def look(name: str) -> ResponseReturnValue:
    """What the release `?fassung=` would change on this node; nothing is sent yet."""
    releases, now = kept_releases(), now_ms()
    wanted = _wanted(releases, flask.request.args.get("fassung", ""))
    known = [releases.load(one) for one in releases.names()]
    with web.read() as session:
        node = fleet.node(session, name, now)
        if node is None:
            flask.abort(404)
        changes = rollouts.would_update(session, name, known, wanted)
    return flask.render_template("dashboard/update.html", node=node, lang=language(), release=wanted, changes=changes)


@blueprint.post("/admin/knoten/<name>/update")
def start(name: str) -> ResponseReturnValue:
    """The release goes to this node alone."""
    by, releases = acting(), kept_releases()
    with releases.held():
        wanted = _wanted(releases, flask.request.form.get("fassung", ""))
        try:
            web.write(lambda session: rollouts.update_node(session, name, wanted, by))
        except fleet.UnknownNodeError:
            flask.abort(404)
        except rollouts.RolloutError as error:
            return render(name, _sentence(error.reason), _WHERE), 409
    return back(name, _WHERE)


@blueprint.post("/admin/knoten/<name>/update/abbrechen")
def stop(name: str) -> ResponseReturnValue:
    """Nobody tells the node any more."""
    by = acting()
    try:
        web.write(lambda session: rollouts.stop_update(session, name, by))
    except rollouts.RolloutError as error:
        return render(name, _sentence(error.reason), _WHERE), 409
    return back(name, _WHERE)


def kept_releases() -> rollouts.Releases:
    """The hub's directory of releases."""
    settings = web.settings()
    return rollouts.Releases(settings.stored_releases_dir, settings.release_key)


def _wanted(releases: rollouts.Releases, name: str) -> rollouts.Release:
    if name not in releases.names():
        flask.abort(404)
    return releases.load(name)


def _sentence(reason: str) -> str:
    return {
        "unable": _("Dieser Knoten sagt nicht, welche Fassung er hat. Bringen Sie sie mit dem Playbook auf ihn."),
        "current": _("Dieser Knoten hat diese Fassung schon."),
        "busy": _("Dieser Knoten ist gerade in der Verteilung an der Reihe. Warten Sie, bis er dort fertig ist."),
        "updating": _(
            "Dieser Knoten bekommt gerade ein Update. Brechen Sie es zuerst ab, wenn ein anderes vorgehen soll."
        ),
    }.get(reason, _("Es ist kein Update mehr unterwegs."))
