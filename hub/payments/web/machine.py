"""What machines call: a provider's notices, and charges of the town's own machines."""

import re
import threading
import time

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.db import Database
from hub.payments import api
from hub.payments.api.machines import Charge, Machine
from hub.payments.gateway import ForgedError
from hub.payments.rules.payment import TAXES
from hub.payments.web import ground

blueprint = flask.Blueprint("payment_machines", __name__)

_KNOWN_S = 5.0  # so long a key that was looked up is believed
_WRONG = 400
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters and halves of characters


@blueprint.post("/api/payments/notices/<method>")
def notice(method: str) -> ResponseReturnValue:
    """A provider tells us something; 200 also when we knew it, 400 for a forged or old notice, 404 when not ours."""
    body = flask.request.get_data(cache=False)
    try:
        is_new = ground.cashier().hear(method, dict(flask.request.headers), body, ground.now())
    except ForgedError:
        return {"error": "this notice is not signed as it must be"}, _WRONG
    except ValueError:
        return {"error": "this payment is not ours"}, 404
    return {"new": is_new}


@blueprint.post("/api/payments/charges")
def charge() -> ResponseReturnValue:
    """A machine takes a payment from a card: {"key", "card", "text", "cents", "tax", "lines"}.

    The same key again gives the same payment, so a machine may repeat what it heard no answer to.
    """
    machine = _machine()
    if machine is None:
        return {"error": "unknown machine"}, 401
    try:
        wanted = _charge(machine, flask.request.get_json(silent=True))
    except (KeyError, TypeError, ValueError):
        return {"error": "key, card, text, cents and tax are needed"}, _WRONG
    try:
        paid = _desk(web.database()).put(wanted)
    except api.RefusedError as error:
        return {"error": error.reason}, 409
    return {"payment": paid.payment_id, "new": paid.is_new}, 201 if paid.is_new else 200


def _charge(machine: Machine, body: object) -> Charge:
    if not isinstance(body, dict):
        raise TypeError("not an object")
    lines = tuple(str(line)[:200] for line in body.get("lines", ())[:50])
    found = Charge(
        machine, str(body["key"]), str(body["card"]), str(body["text"]), _cents(body["cents"]), str(body["tax"]), lines
    )
    texts = (found.key, found.text, found.card)
    good = (
        not any(_UNFIT.search(one) for one in texts)
        and 0 < len(found.key) <= 60
        and 0 < len(found.text) <= 120
        and len(found.card) <= 40
        and found.tax in TAXES
    )
    if not good:
        raise ValueError("not a charge")
    return found


def _cents(value: object) -> int:
    """JSON knows no integers: 209.0 is 209."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise TypeError("not an amount")
    return value


def _machine() -> Machine | None:
    """The machine whose key the request carries; a key that was looked up is believed for some seconds."""
    kind, _, key = flask.request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not 20 <= len(key) <= 100:
        return None
    return _keys(web.database()).find(key)


class _Keys:
    """Keys that were looked up a moment ago."""

    def __init__(self, database: Database) -> None:
        self._database, self._lock = database, threading.Lock()
        self._known: dict[str, tuple[Machine, float]] = {}

    def find(self, key: str) -> Machine | None:
        """The machine, None for a key that opens nothing."""
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        with self._database.read() as session:
            found = api.machines.find(session, key)
        with self._lock:
            self._known.pop(key, None)
            if found is not None:
                self._known[key] = (found, time.monotonic() + _KNOWN_S)
        return found


def _keys(database: Database) -> _Keys:
    made: _Keys = flask.current_app.extensions.setdefault("payment_keys", _Keys(database))
    return made


def _desk(database: Database) -> api.Desk[Charge, api.Paid]:
    extensions = flask.current_app.extensions
    if "payment_desk" not in extensions:
        made: api.Desk[Charge, api.Paid] = api.Desk(
            database, lambda session, charges: api.machines.charge_many(session, charges, ground.now())
        )
        extensions.setdefault("payment_desk", made)
    found: api.Desk[Charge, api.Paid] = extensions["payment_desk"]
    return found
