"""The administrators' page of other makers' sensors."""

import json
from collections.abc import Callable, Mapping

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.db import Session
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.radio import api

blueprint = flask.Blueprint("radio", __name__)
PATH = "/admin/funksensoren"
NOTHING: Mapping[str, str] = {}


@blueprint.get(PATH)
def page() -> ResponseReturnValue:
    """Sensors, forms, and a place to try a payload."""
    return _page()


@blueprint.post(PATH + "/geraet")
def add_device() -> ResponseReturnValue:
    """Maps a device to a bay."""
    form = flask.request.form
    below, above = form.get("below_mm", "").strip(), form.get("above_mm", "").strip()
    minutes, actor, now = form.get("minutes", "").strip(), web.actor(), now_ms()

    def work(session: Session) -> None:
        thresholds = (_whole(below), _whole(above)) if below or above else None
        repeat_s = _whole(minutes) * 60 if minutes else None
        words = {name: form.get(name, "").strip() for name in ("network", "id", "node", "bay", "decoder")}
        api.add_device(session, api.NewDevice(**words, thresholds_mm=thresholds, repeat_s=repeat_s), actor, now)

    return _attempt(work, "geraet")


@blueprint.post(PATH + "/weg")
def remove_device() -> ResponseReturnValue:
    """Forgets a device; its readings stay."""
    network, identity = flask.request.form.get("network", ""), flask.request.form.get("id", "")
    actor, now = web.actor(), now_ms()
    web.write(lambda session: api.remove_device(session, network, identity, actor, now))
    return flask.redirect(PATH, 303)


@blueprint.post(PATH + "/decoder")
def add_decoder() -> ResponseReturnValue:
    """Adds or replaces a table-driven decoder."""
    name, text = flask.request.form.get("name", "").strip(), flask.request.form.get("spec", "")
    actor, now = web.actor(), now_ms()

    def work(session: Session) -> None:
        api.add_decoder(session, name, _json(text), actor, now)

    return _attempt(work, "decoder")


@blueprint.post(PATH + "/probe")
def try_decoder() -> ResponseReturnValue:
    """What a payload would mean; nothing is kept."""
    form = flask.request.form
    text = form.get("payload", "").strip()
    try:
        fields = _json(text) if text.startswith("{") else {}
        payload = b"" if fields else _hex(text)
        port = _whole(form.get("port", "0").strip() or "0")
        with web.read() as session:
            reading = api.try_decoder(session, form.get("decoder", ""), port, payload, fields)
    except api.RadioError as error:
        return _page("probe", str(error), form), 422
    return _page("probe", "", form, reading)


def _attempt(work: Callable[[Session], None], form: str) -> ResponseReturnValue:
    typed = dict(flask.request.form)
    try:
        web.write(flask.copy_current_request_context(work))
    except api.RadioError as error:
        return _page(form, str(error), typed), 422
    return flask.redirect(PATH, 303)


def _page(
    where: str = "", problem: str = "", typed: Mapping[str, str] = NOTHING, reading: api.Reading | None = None
) -> str:
    now, lang = now_ms(), language()
    with web.read() as session:
        devices, decoders = api.devices(session), api.decoder_names(session)
    return flask.render_template(
        "radio/page.html",
        devices=devices,
        decoders=decoders,
        networks=api.NETWORKS,
        where=where,
        problem=problem,
        typed=typed,
        reading=reading,
        state_names=_states(),
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
    )


def _states() -> dict[str, str]:
    return {"free": _("frei"), "occupied": _("belegt"), "unknown": _("ohne Daten"), "faulty": _("gestört")}


def _json(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise api.RadioError("not JSON") from None
    if not isinstance(found, dict):
        raise api.RadioError("not a JSON object")
    return found


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(" ", ""))
    except ValueError:
        raise api.RadioError("the payload is hexadecimal digits, or JSON") from None


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise api.RadioError(f"not a whole number: {text[:20]}")
    return int(text)
