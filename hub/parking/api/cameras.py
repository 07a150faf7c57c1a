"""Cameras that read plates at entrances and exits begin and end stays of drivers who wished for it."""

import hashlib
import secrets

from hub.core.db import Session
from hub.parking.api import stays
from hub.parking.api.stays import Order, Purse, RefusedError
from hub.parking.rules import stays as rules
from hub.parking.store import checks as camera_store
from hub.parking.store import stays as store

MAX_AGE_MS = 15 * rules.MINUTE  # an older report is not believed: the driver has seen another price meanwhile


class UnknownCameraError(Exception):
    """No camera has this key."""


def add_camera(session: Session, name: str, site: str) -> str:
    """Registers a camera, or gives it a new key; the key is shown once."""
    key = secrets.token_urlsafe(32)
    camera_store.add_camera(session, name, site, _digest(key))
    return key


def report(
    session: Session, purse: Purse, tariffs: dict[str, str], key: str, typed: str, direction: str, at: int, now: int
) -> str:
    """What became of a plate that was seen: started, ended, owed, known or ignored.

    `tariffs` is site -> tariff; UnknownCameraError, ValueError for no plate, direction or moment.
    """
    camera = camera_store.camera(session, _digest(key))
    if camera is None:
        raise UnknownCameraError
    if direction not in ("in", "out") or not now - MAX_AGE_MS <= at <= now + rules.MINUTE:
        raise ValueError("direction is in or out, at is a moment of the last quarter of an hour")
    camera_store.note_camera(session, camera.id, now)
    plate, at = rules.plate(typed), min(at, now)
    running = store.running_of(session, plate)
    if direction == "out":
        if running is None or running.site != camera.site:
            return "ignored"
        stays.stop(session, purse, running.token, max(at, running.started_at), "camera")
        return "ended"
    if running is not None:
        return "known"
    tariff = tariffs.get(camera.site)
    return "ignored" if tariff is None else _enter(session, purse, camera.site, tariff, plate, at)


def _enter(session: Session, purse: Purse, site: str, tariff: str, plate: str, at: int) -> str:
    """Whose car it is pays; a plate of nobody or of several is owed for until somebody pays by plate."""
    owners = store.cars_by_camera(session, plate)
    holder, person_id = (owners[0].holder, owners[0].person_id) if len(owners) == 1 else ("", None)
    order = Order(site, tariff, plate, holder, person_id, "camera")
    try:
        stays.start(session, purse, order, at)
    except RefusedError as error:
        if error.reason != "money":
            return "ignored"
        stays.start(session, purse, Order(site, tariff, plate, "", None, "camera"), at)
        return "owed"
    return "started" if holder else "owed"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
