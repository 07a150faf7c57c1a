"""What a change of a node's settings would do, before it is sent: old and new, key by key."""

from collections.abc import Callable, Sequence

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard.web import words
from hub.dashboard.web.node import base_version, render, trying, typed_bays, typed_rules
from hub.dashboard.web.settings import typed_version, typed_wifi
from hub.fleet import api as fleet

blueprint = flask.Blueprint("node_preview", __name__)
Look = Callable[[web.Session], Sequence[fleet.Difference]]


@blueprint.post("/admin/knoten/<name>/wlan/ansehen")
def wifi(name: str) -> ResponseReturnValue:
    """The WiFi's settings."""
    base = base_version()

    def look() -> Look:
        typed = typed_wifi()
        return lambda session: fleet.would_set_wifi(session, name, typed, base)

    return _page(name, "wlan", "node_settings.set_wifi", look)


@blueprint.post("/admin/knoten/<name>/konfiguration/ansehen")
def sensors(name: str) -> ResponseReturnValue:
    """Rules and thresholds."""
    base = base_version()

    def look() -> Look:
        rules, bays = typed_rules(), typed_bays()
        return lambda session: fleet.would_set_config(session, name, rules, bays, base)

    return _page(name, "konfiguration", "nodes.configure", look)


@blueprint.post("/admin/knoten/<name>/zurueck/ansehen")
def version(name: str) -> ResponseReturnValue:
    """An older version again."""
    base, wanted = base_version(), typed_version()
    return _page(
        name,
        "fassungen",
        "node_settings.roll_back",
        lambda: lambda session: fleet.would_roll_back(session, name, wanted, base),
    )


def _page(name: str, where: str, target: str, look: Callable[[], Look]) -> ResponseReturnValue:
    """The differences with a button that sends them; the form as it was for who wants to go on typing."""
    form = flask.request.form
    if "weiter" in form:
        return render(name, where=where, typed=form)

    def show() -> ResponseReturnValue:
        wanted = look()
        with web.read() as session:
            changes, node = wanted(session), fleet.node(session, name, now_ms())
        return flask.render_template(
            "dashboard/preview.html",
            node=node,
            lang=language(),
            where=where,
            parts=words.by_section(changes),
            count=len(changes),
            target=flask.url_for(target, name=name),
            again=flask.request.path,
            typed=[(key, value) for key, value in form.items(multi=True) if key != "csrf"],
            labels=words.path_label,
            shown=words.shown,
            title=_("Was sich ändert"),
        )

    return trying(name, where, show)
