"""The whole fleet: find, sort, see on the map, take away as a file."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import flask
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge import wire
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import api, rules
from hub.dashboard.web import words
from hub.fleet import api as fleet

blueprint = flask.Blueprint("fleet_pages", __name__)
_FIELDS = {
    **{"q": "text", "zustand": "state", "art": "role", "ring": "ring", "was": "problem", "ordnung": "order"},
    **{"software": "software", "ort": "box"},
}
COLUMNS = (
    *("id", "label", "role", "site", "ring", "state", "software", "uptime_s", "load_percent", "clients", "capacity"),
    *("power", "disk_free_mb", "disk_worn_percent", "certificate_until", "last_seen", "backup_at", "config", "open"),
    *("lat", "lon", "alarms"),
)
_MOMENTS = frozenset({"certificate_until", "last_seen", "backup_at"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/admin/knoten")
def overview() -> ResponseReturnValue:
    """The list, the map, and what fell silent together."""
    now, lang, wanted = now_ms(), language(), _wanted()
    view = api.fleet_view(web.database(), wanted, now, lang)
    page = flask.render_template(
        "dashboard/fleet.html",
        view=view,
        map=view.snapshot.keep((view.on_map, "map"), lambda: _map(view)),
        wanted=wanted,
        typed={field: getattr(wanted, name) for field, name in _FIELDS.items()},
        filtered=view.on_map != fleet.Wanted(),
        versions={name: f"{name} ({count})" for name, count in sorted(view.snapshot.versions.items())},
        rings=ring_names(),
        problems=_problem_names(),
        state_names=_state_names(),
        alarm_names=alarm_names(),
        own_names=words.own_certificates(),
        **_forms(now, lang),
        address=_address,
    )
    response = flask.make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _forms(now: int, lang: str) -> dict[str, Callable[..., object]]:
    """How the template asks for what follows from the moment and the language."""
    return {
        "worries_of": lambda line: fleet.overview.worries(line, now),
        "card": fleet.overview.card_of,
        "days": lambda until: fleet.overview.days_left(until, now),
        "own_remedy": lambda one: words.remedies()[fleet.certificates.remedy(one)],
        "due": lambda one: fleet.certificates.is_due(one, now),
        "ending_of": lambda own: [one for one in own if fleet.certificates.is_due(one, now)],
        "left": lambda one: fleet.certificates.days_left(one, now),
        "last_day": lambda until: i18n.last_day(until, lang),
        "number": lambda value: i18n.number(value, lang),
        "moment": lambda at: i18n.moment(at, lang, now),
        "since": lambda at: rules.ago(at, now),
    }


def _map(view: api.FleetView) -> Markup:
    """Drawn once for a moment and what is looked for: whoever turns pages or sorts gets it again."""
    pictures = api.fleet_pictures(view, web.settings().town_dir)
    return Markup(flask.render_template("dashboard/fleet_map.html", pictures=pictures, address=_address))  # noqa: S704 (a template's own)


@blueprint.get("/admin/knoten.<any(csv, json, geojson):kind>")
def export(kind: str) -> ResponseReturnValue:
    """Every node that is looked for, as a file; moments are RFC 3339, GeoJSON is for maps."""
    now, lang = now_ms(), language()
    found = api.found_in(fleet.snapshot(web.database(), now, lang), _wanted())
    rows = [_exported(line) for line in found]
    return as_file(f"knoten-{i18n.local(now):%Y-%m-%d-%H%M}", kind, COLUMNS, rows)


def as_file(name: str, kind: str, columns: Sequence[str], rows: Iterable[dict[str, object]]) -> flask.Response:
    """A download: JSON, or CSV for German spreadsheets (byte order mark, semicolons, no cell that calculates)."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    if kind == "json":
        return flask.Response(_lines_of_json(rows), mimetype="application/json", headers=headers)
    if kind == "geojson":
        return flask.Response(_geojson(rows), mimetype="application/geo+json", headers=headers)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(column)) for column in columns] for row in rows])
    return flask.Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers=headers)


def _lines_of_json(rows: Iterable[Mapping[str, object]]) -> str:
    """A list with a line for each, which people can read and programs compare."""
    return "[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]\n"


def _geojson(rows: Iterable[dict[str, object]]) -> str:
    features = (
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]}, "properties": row}
        for row in rows
    )
    return f'{{"type": "FeatureCollection", "features": {_lines_of_json(features)}}}\n'


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _exported(line: fleet.Line) -> dict[str, object]:
    row = line._asdict() | {"alarms": " ".join(sorted(line.alarms))}
    for name in _MOMENTS:
        row[name] = None if row[name] is None else wire.format_ms(row[name])
    return row


def _wanted() -> fleet.Wanted:
    """What the address asks for; unknown words ask for everything."""
    said: dict[str, Any] = {name: flask.request.args.get(field, "").strip()[:80] for field, name in _FIELDS.items()}
    known = {
        "state": fleet.overview.STATES,
        "role": ("wifi", "sensors", "radio"),
        "ring": fleet.RINGS,
        "problem": fleet.overview.PROBLEMS,
        "order": tuple(fleet.overview.ORDERS),
    }
    for name, allowed in known.items():
        if said[name] not in allowed:
            said[name] = "state" if name == "order" else ""
    said["box"] = fleet.overview.box_of(said["box"])
    page = flask.request.args.get("seite", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return fleet.Wanted(**said, down=flask.request.args.get("ab") == "1", page=number)


def _address(endpoint: str = "fleet_pages.overview", **changes: Any) -> str:
    """This page's address with something else looked for."""
    wanted = _wanted()
    now: dict[str, Any] = {field: getattr(wanted, name) for field, name in _FIELDS.items()}
    now |= {"ab": "1" if wanted.down else "", "seite": "", **changes}
    return flask.url_for(endpoint, **{key: value for key, value in now.items() if value not in ("", None)})


def ring_names() -> dict[str, str]:
    """Who gets an update first."""
    return {"canary": _("Vorhut"), "early": _("Frühe"), "rest": _("Übrige")}


def _state_names() -> dict[str, str]:
    return {
        "silent": _("Keine Verbindung"),
        "trouble": _("Meldung"),
        "high": _("Fast voll"),
        "off": _("WLAN aus"),
        "good": _("Gut"),
        "never": _("Noch nie gemeldet"),
    }


def _problem_names() -> dict[str, str]:
    return {
        "silent": _("ohne Verbindung"),
        "power": _("Strom schwach"),
        "card": _("Karte am Ende"),
        "certificate": _("Zertifikat endet bald"),
        "config": _("Konfiguration abgelehnt"),
        "backup": _("Sicherung fehlt"),
        "intruder": _("fremdes Gerät"),
        "alarm": _("mit offener Meldung"),
    }


def alarm_names() -> dict[str, str]:
    """An alarm's code in two or three words."""
    return {
        "silent": _("keine Verbindung"),
        "hot": _("zu warm"),
        "backlog": _("Rückstau"),
        "clock": _("Uhr falsch"),
        "power": _("Unterspannung"),
        "disk_full": _("Karte voll"),
        "disk_worn": _("Karte verbraucht"),
        "certificate": _("Zertifikat endet"),
        "battery": _("Batterie"),
        "lost": _("Meldungen fehlen"),
        "config": _("Konfiguration abgelehnt"),
        "config_unknown": _("dem Hub unbekannte Einstellungen"),
        "rogue_dhcp": _("fremder DHCP-Server"),
        "rogue_ra": _("fremder Router"),
        "evil_twin": _("fremder Sender mit unserem Namen"),
        "mac_twice": _("doppelte Kennung"),
        "two_nodes_one_name": _("zwei Geräte, ein Name"),
        "outbox_replaced": _("Ausgang neu begonnen"),
    }
