"""Cameras that read plates at entrances and exits begin and end stays of drivers who wished for it."""

import hashlib
import itertools
import re
import secrets
from dataclasses import dataclass

from hub.core import audit, events
from hub.core.db import Session
from hub.parking.api import stays, tariffs
from hub.parking.api.stays import Order, Purse, RefusedError, StayChanged
from hub.parking.rules import cameras as rules
from hub.parking.rules import stays as stay_rules
from hub.parking.store import cameras as store
from hub.parking.store import stays as stay_store
from hub.parking.store.cameras import Tally
from hub.parking.store.stays import CarRow, StayRow

__all__ = [
    "Event",
    "OtherEventError",
    "Outcome",
    "Tally",
    "UnknownCameraError",
    "add_camera",
    "end_camera",
    "report",
    "tallies",
]

DIRECTIONS = (rules.IN, rules.OUT)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class UnknownCameraError(Exception):
    """No camera has this key."""


class OtherEventError(Exception):
    """The camera told another event under this name."""


@dataclass(frozen=True)
class Event:
    """What a camera tells: `id` is its own name of the event, `at` and `sent_at` are ms on its own clock."""

    id: str
    direction: str
    plate: str
    at: int
    sent_at: int | None = None


@dataclass(frozen=True)
class Outcome:
    """started, ended, waiting (for its other half), known, no_money, refused, or counted (a car of nobody here)."""

    result: str
    is_new: bool


def add_camera(session: Session, site: str, name: str, now: int) -> tuple[str, str]:
    """(name, key) of a new camera, or a new key for a known name; the key is shown once. ValueError: strange name."""
    known = {one.id for one in store.tallies(session, now)}
    free = (f"{site}-{number}" for number in itertools.count(1) if f"{site}-{number}" not in known)
    chosen = name or next(free)
    if not _NAME.fullmatch(chosen):
        raise ValueError("names of cameras have small letters, digits, - and _")
    key = secrets.token_urlsafe(32)
    store.add_camera(session, chosen, site, _digest(key))
    audit.note(session, "parking.camera-added", actor=audit.CLI, subject=f"camera:{chosen}", now=now)
    return chosen, key


def end_camera(session: Session, name: str, now: int) -> None:
    """Its key opens nothing any more; ValueError for an unknown one."""
    if not store.end_camera(session, name):
        raise ValueError(f"there is no camera {name}")
    audit.note(session, "parking.camera-ended", actor=audit.CLI, subject=f"camera:{name}", now=now)


def tallies(session: Session, since: int) -> list[Tally]:
    """Every camera and what it counted since (ms)."""
    return store.tallies(session, since)


def report(session: Session, purse: Purse, key: str, event: Event, now: int) -> Outcome:
    """What became of a plate that was seen; the same event again gives what became of it the first time.

    UnknownCameraError, OtherEventError, ValueError for no plate, direction or moment.
    """
    camera = store.camera(session, _digest(key))
    if camera is None:
        raise UnknownCameraError
    if event.direction not in DIRECTIONS:
        raise ValueError("direction is in or out")
    plate, at = stay_rules.plate(event.plate), rules.moment(event.at, event.sent_at, now)
    owner = _owner(session, plate)
    is_ours = owner is not None or _running(session, camera.site, plate) is not None
    facts = {"camera": camera.id, "number": event.id, "direction": event.direction, "told_at": event.at}
    kept = {"plate": plate, "outcome": store.WAITING} if is_ours else {"plate": "", "outcome": "counted"}
    number = store.add_event(session, **facts, **kept, site=camera.site, at=at)
    if number is None:
        return _again(session, camera.id, event)
    store.note_camera(session, camera.id, now)
    if is_ours:
        _Car(session, purse, camera.site, plate, owner).follow(now)
    return Outcome(store.outcome(session, number), True)


def _owner(session: Session, plate: str) -> CarRow | None:
    """Whose stays begin by this plate; nobody's when several say it is theirs."""
    owners = store.lock_cars(session, plate)
    return owners[0] if len(owners) == 1 else None


def _running(session: Session, site: str, plate: str) -> StayRow | None:
    return next((one for one in stay_store.all_running_of(session, plate) if one.site == site), None)


def _again(session: Session, camera: str, event: Event) -> Outcome:
    known = store.event(session, camera, event.id)
    if (known.direction, known.told_at) != (event.direction, event.at):
        raise OtherEventError
    return Outcome(known.outcome, False)


@dataclass(frozen=True)
class _Car:
    """A car at a car park, and the events of it that wait."""

    session: Session
    purse: Purse
    site: str
    plate: str
    owner: CarRow | None

    def follow(self, now: int) -> None:
        """Begins and ends stays as long as an event fits."""
        while True:
            running = _running(self.session, self.site, self.plate)
            waiting = [rules.Seen(one.id, one.direction, one.at) for one in self._waiting()]
            step = rules.step(running.started_at if running else None, waiting, now)
            if step is None:
                return
            result = self._leave(step.seen.at) if running else self._enter(step.seen.at, now)
            store.settle(self.session, [step.seen.number], result)
            store.settle(self.session, step.over, "known")

    def _waiting(self) -> list[store.CameraEventRow]:
        return list(store.waiting(self.session, self.site, self.plate))

    def _leave(self, at: int) -> str:
        """The car is gone, so no stay of it here goes on, whoever began it."""
        for one in stay_store.all_running_of(self.session, self.plate):
            if one.site == self.site:
                stays.stop(self.session, self.purse, one.token, at, "camera")
        return "ended"

    def _enter(self, at: int, now: int) -> str:
        """Whose car it is pays, and no minute twice; who cannot pay is told so, and may pay in another way."""
        owner, tariff = self.owner, tariffs.of_site(self.session, self.site)
        if owner is None or not tariff or store.has_stay_after(self.session, self.site, self.plate, at):
            return "known"
        order = Order(self.site, tariff, self.plate, owner.holder, owner.person_id, stay_rules.CAMERA)
        try:
            with self.session.begin_nested():
                stays.start(self.session, self.purse, order, at)
        except RefusedError as error:
            if error.reason == "money":
                told = StayChanged(owner.person_id, "", "not_started", self.site, 0, None, now)
                events.announce(self.session, told)
            return {"money": "no_money", "running": "known"}.get(error.reason, "refused")
        return "started"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
