"""The page with the pass, its code for tills, and the phones that may show it."""

import io
import json
from typing import cast

import flask
import segno
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.citypass import api
from hub.core import web
from hub.core.clock import now_ms
from hub.till import api as till

blueprint = flask.Blueprint("citypass", __name__)


def _me() -> account.Person:
    return cast(account.Person, web.visitor())


@blueprint.get("/pass")
def page() -> ResponseReturnValue:
    """The card; the phone's own service worker may keep it, no other cache."""
    person, now, secret = _me(), now_ms(), web.settings().secret()
    town = till.town_of(web.settings().town_dir)
    with web.read() as session:
        card = api.pass_of(session, person, secret, now)
        acting = account.acting.principal(session, person, now)
        owner = acting.key if acting is not None else f"person:{person.id}"
        devices = till.passes.devices(session, person.id)
        tickets = till.tickets.of_owner(session, town, owner, now)
        owed = till.sales.claims_of(session, town, owner)
    code = till.passes.printed(till.Signer.hub(secret), person, now)
    response = flask.make_response(
        flask.render_template(
            "citypass/pass.html",
            card=card,
            now=now,
            picture=_picture(code),
            code=code,
            acting_for=acting.key if acting is not None else "",
            devices=devices,
            device_keys=json.dumps([one.key for one in devices]),
            tickets=tickets,
            owed=owed,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/pass/geraet")
def enrol() -> ResponseReturnValue:
    """This phone has made a key; from now on it makes the pass's codes itself."""
    person, now, public_key = _me(), now_ms(), flask.request.form.get("key", "")[:100]
    name = account.device_name(flask.request.headers.get("User-Agent", ""))
    try:
        key = web.write(lambda session: till.passes.enrol(session, person, public_key, name, now))
    except till.RefusedError:
        return {"error": "this is no key, or another phone has it"}, 409
    return {"key": key}, 201


@blueprint.post("/pass/geraet/<key>/entfernen")
def end_device(key: str) -> ResponseReturnValue:
    """A phone that is lost shows no pass any more."""
    person, now = _me(), now_ms()
    if not web.write(lambda session: till.passes.end_device(session, person.id, key, now)):
        flask.abort(404)
    return flask.redirect(flask.url_for("citypass.page", gesagt="entfernt"), 303)


def _picture(code: str) -> str:
    """An inline SVG without styles."""
    out = io.BytesIO()
    options = {"xmldecl": False, "svgns": False, "omitsize": True, "nl": False, "border": 4}
    segno.make(code, error="m", micro=False).save(out, kind="svg", **options, svgclass=None, lineclass=None)
    return out.getvalue().decode()
