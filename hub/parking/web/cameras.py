"""What cameras at entrances and exits call: each event once, however often it is sent."""

from datetime import datetime

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.parking.api import cameras
from hub.parking.api.cameras import Event
from hub.parking.web.stays import purse

blueprint = flask.Blueprint("cameras", __name__)


@blueprint.post("/api/parking/v1/camera-events")
def event() -> ResponseReturnValue:
    """A plate was seen: {"id", "direction", "plate", "at", "sent_at"}; 200 for what was told before."""
    kind, _, key = flask.request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not 20 <= len(key) <= 100:
        return {"error": "unknown camera"}, 401
    money, now = purse(), now_ms()
    try:
        told = _event(flask.request.get_json(silent=True))
        found = web.write(lambda session: cameras.report(session, money, key, told, now))
    except cameras.UnknownCameraError:
        return {"error": "unknown camera"}, 401
    except cameras.OtherEventError:
        return {"error": "another event has this id"}, 409
    except (KeyError, TypeError) as error:
        return {"error": f"id, direction, plate and at are needed: {error}"[:200]}, 400
    except ValueError as error:
        return {"error": str(error)[:200]}, 400
    return {"result": found.result, "new": found.is_new}, 201 if found.is_new else 200


def _event(body: object) -> Event:
    if not isinstance(body, dict):
        raise TypeError("not an object")
    name, sent_at = body["id"], body.get("sent_at")
    if not isinstance(name, str) or not 0 < len(name) <= 60 or not name.isprintable():
        raise ValueError("id has 1 to 60 signs")
    at = _moment(body["at"])
    return Event(name, str(body["direction"]), str(body["plate"]), at, None if sent_at is None else _moment(sent_at))


def _moment(text: object) -> int:
    """ms of an ISO 8601 moment with its offset; ValueError for any other."""
    found = datetime.fromisoformat(text) if isinstance(text, str) and len(text) <= 40 else None
    if found is None or found.tzinfo is None:
        raise ValueError("moments are written as 2027-01-31T14:02:00+01:00")
    try:
        return int(found.timestamp() * 1000)
    except OverflowError:
        raise ValueError("no such moment") from None
