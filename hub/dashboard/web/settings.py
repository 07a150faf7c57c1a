"""What an administrator sets on one node: its WiFi, blocked devices, an older version again, its ring."""

import re

import flask
from flask.typing import ResponseReturnValue

from edge import wire
from hub.core import i18n, web
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard.web import words
from hub.dashboard.web.node import TypedError, acting, back, base_version, render, trying
from hub.fleet import api as fleet

blueprint = flask.Blueprint("node_settings", __name__)
_LONGEST_TEXT = 80


@blueprint.post("/admin/knoten/<name>/wlan")
def set_wifi(name: str) -> ResponseReturnValue:
    """Off, opening times, speed and quota; what is wrong comes back with the input kept."""
    by, base = acting(), base_version()

    def send() -> ResponseReturnValue:
        wifi = typed_wifi()
        web.write(lambda session: fleet.set_wifi(session, name, wifi, by, base))
        return back(name, "wlan")

    return trying(name, "wlan", send)


@blueprint.post("/admin/knoten/<name>/zurueck")
def roll_back(name: str) -> ResponseReturnValue:
    """An older version becomes the newest."""
    by, base, wanted = acting(), base_version(), typed_version()

    def send() -> ResponseReturnValue:
        web.write(lambda session: fleet.roll_back(session, name, wanted, by, base))
        return back(name, "fassungen")

    return trying(name, "fassungen", send)


@blueprint.post("/admin/knoten/<name>/sperren")
def block(name: str) -> ResponseReturnValue:
    """Shuts a device out for a day."""
    by, device = acting(), flask.request.form.get("geraet", "")[:_LONGEST_TEXT]
    try:
        web.write(lambda session: fleet.block(session, name, device, by))
    except fleet.UnknownNodeError:
        flask.abort(404)
    except fleet.ConfigProblemError:
        problem = _("Die Nummer eines Geräts hat mindestens 8 Zeichen aus 0–9 und a–f, zum Beispiel 1a2b 3c4d.")
        return render(name, problem, "sperren", flask.request.form), 422
    return back(name, "sperren")


@blueprint.post("/admin/knoten/<name>/freigeben")
def unblock(name: str) -> ResponseReturnValue:
    """Lets a device in again."""
    by, key = acting(), flask.request.form.get("sperre", "")
    if not (key.isascii() and key.isdecimal() and len(key) < 16):
        flask.abort(400)
    try:
        web.write(lambda session: fleet.unblock(session, name, int(key), by))
    except fleet.UnknownNodeError:
        flask.abort(404)
    return back(name, "sperren")


@blueprint.post("/admin/knoten/<name>/ring")
def set_ring(name: str) -> ResponseReturnValue:
    """Which updates the node gets first."""
    by, ring = acting(), flask.request.form.get("ring", "")
    try:
        web.write(lambda session: fleet.set_ring(session, name, ring, by))
    except fleet.UnknownNodeError:
        flask.abort(404)
    except ValueError:
        flask.abort(400)
    return back(name, "updates")


def typed_version() -> int:
    """The older version that is wanted; 400 for anything else."""
    wanted = flask.request.form.get("auf", "")
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 16):
        flask.abort(400)
    return int(wanted)


def typed_wifi() -> dict[str, object]:
    """The WiFi settings of the form; TypedError for what cannot be read."""
    form, chosen = flask.request.form, flask.request.form.get("wann", "immer")
    if chosen not in ("immer", "zeiten", "aus"):
        flask.abort(400)
    wifi: dict[str, object] = {"off": True} if chosen == "aus" else {}
    hours = [_day(number) for number in range(7)]
    if chosen == "zeiten" and not any(hours):
        raise TypedError(_("Bitte an mindestens einem Tag eine Zeit eingeben, oder „aus“ wählen."))
    if chosen == "zeiten" or (chosen == "aus" and any(hours)):
        wifi |= {"zone": str(i18n.TIMEZONE), "hours": hours}
    for name in words.WIFI_NUMBERS:
        if text := form.get(name, "").strip()[:_LONGEST_TEXT]:
            wifi[name] = _number(name, text)
    return wifi


def _day(number: int) -> list[list[str]]:
    text = flask.request.form.get(f"tag{number}", "")[:_LONGEST_TEXT]
    try:
        return fleet.wifi.day_of(text)
    except ValueError:
        raise TypedError(
            _("%(day)s: Bitte Zeiten wie 7–12, 14:00–22:30 eingeben, oder leer lassen.", day=words.days()[number])
        ) from None


def _number(name: str, text: str) -> float:
    low, high = wire.QUOTAS_MB if name == "quota_mb" else wire.SPEEDS_MBIT
    value = _read_number(text)
    if value is None or not low <= value <= high or (name == "quota_mb" and not value.is_integer()):
        raise TypedError(
            _(
                "%(name)s: Bitte eine Zahl von %(low)s bis %(high)s eingeben.",
                name=words.wifi_names()[name],
                low=i18n.number(low, language()),
                high=i18n.number(high, language()),
            )
        )
    return int(value) if value.is_integer() else value


def _read_number(text: str) -> float | None:
    """A number as people type it: 2,5 and 2.5 are the same, and 5.000 (in English 5,000) is five thousand."""
    plain = "".join(text.split())
    group = "." if language() == "de" else ","
    if re.fullmatch(rf"[0-9]{{1,3}}(\{group}[0-9]{{3}})+", plain):
        plain = plain.replace(group, "")
    try:
        return float(plain.replace(",", "."))
    except ValueError:
        return None
