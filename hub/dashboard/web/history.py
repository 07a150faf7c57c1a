"""What was with one node: its figures as lines, everything that happened, both as files; copies of its own file."""

import flask
from flask.typing import ResponseReturnValue

from edge import wire
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import api, rules
from hub.dashboard.web import words
from hub.dashboard.web.fleet import alarm_names, as_file
from hub.fleet import api as fleet

blueprint = flask.Blueprint("node_history", __name__)
DAYS = (1, 3, 14)
_EVENTS = ("at", "until", "kind", "code", "text", "who", "ok")


@blueprint.get("/admin/knoten/<name>/verlauf")
def page(name: str) -> ResponseReturnValue:
    """Lines and happenings."""
    now, lang, days = now_ms(), language(), _days()
    with web.read() as session:
        view = api.history_view(session, name, days, now)
    if view is None:
        flask.abort(404)
    return flask.render_template(
        "dashboard/history.html",
        view=view,
        lang=lang,
        days=days,
        choices=DAYS,
        figures=_figure_names(),
        units=_UNITS,
        kinds=_kinds(),
        alarm_names=alarm_names(),
        asks=words.commands(),
        reasons=words.reasons(),
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
    )


@blueprint.get("/admin/knoten/<name>/werte.<any(csv, json):kind>")
def figures(name: str, kind: str) -> ResponseReturnValue:
    """The figures as a file, a row for each quarter of an hour."""
    now = now_ms()
    with web.read() as session:
        if fleet.node(session, name, now) is None:
            flask.abort(404)
        found = fleet.figures_since(session, name, now - _days() * rules.DAY)
    columns = ("at", *_figure_names())
    return as_file(f"{name}-werte", kind, columns, ({"at": wire.format_ms(at), **values} for at, values in found))


@blueprint.get("/admin/knoten/<name>/ereignisse.<any(csv, json):kind>")
def events(name: str, kind: str) -> ResponseReturnValue:
    """Everything that happened as a file."""
    now = now_ms()
    with web.read() as session:
        view = api.history_view(session, name, _days(), now)
    if view is None:
        flask.abort(404)
    rows = [
        {field: getattr(one, field) for field in _EVENTS}
        | {"at": wire.format_ms(one.at), "until": None if one.until is None else wire.format_ms(one.until)}
        for one in view.happenings
    ]
    return as_file(f"{name}-ereignisse", kind, _EVENTS, rows)


@blueprint.get("/admin/knoten/<name>/sicherung/<at>")
def backup(name: str, at: str) -> ResponseReturnValue:
    """A copy of the node's own file."""
    with web.read() as session:
        found = next((one for one in fleet.backups_now(session, name) if str(one.at) == at), None)
    if found is None:
        flask.abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"', "Cache-Control": "no-store"}
    return flask.Response(found.text, mimetype="text/plain", headers=headers)


def _days() -> int:
    text = flask.request.args.get("tage", "")
    return int(text) if text in {str(days) for days in DAYS} else DAYS[1]


def _figure_names() -> dict[str, str]:
    return {
        "clients": _("Geräte im WLAN"),
        "load_percent": _("Last"),
        "temperature_c": _("Prozessor"),
        "memory_mb": _("Speicher des Programms"),
        "waiting": _("Wartet im Knoten"),
        "uptime_s": _("Läuft seit"),
        "disk_free_mb": _("Karte: frei"),
        "disk_written_mb": _("Karte: geschrieben seit Start"),
        "disk_worn_percent": _("Karte: verbraucht"),
        "throttled": _("Stromversorgung"),
        "battery_mv": _("Batterie"),
        "clock_offset_ms": _("Uhr"),
    }


_UNITS = {
    **{"load_percent": "%", "temperature_c": "°C", "memory_mb": "MB", "disk_free_mb": "MB", "disk_written_mb": "MB"},
    **{"disk_worn_percent": "%", "battery_mv": "mV"},
}


def _kinds() -> dict[str, str]:
    return {
        "alarm": _("Meldung"),
        "outage": _("Ausfall"),
        "command": _("Befehl an den Knoten"),
        "config": _("Konfiguration"),
        "update": _("Update"),
        "backup": _("Sicherung"),
    }
