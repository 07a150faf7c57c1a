"""Cars that somebody parks often."""

from dataclasses import dataclass

from hub.core.db import Session
from hub.parking.api.stays import RefusedError
from hub.parking.rules import stays as rules
from hub.parking.store import stays as store

MAX_CARS = 20


@dataclass(frozen=True)
class Car:
    """A car of a person or an organisation."""

    id: int
    plate: str
    name: str
    by_camera: bool


def of(session: Session, holder: str) -> list[Car]:
    """A holder's cars."""
    return [Car(row.id, row.plate, row.name, row.by_camera) for row in store.cars(session, holder)]


def add(session: Session, holder: str, person_id: int, typed: str, name: str, *, by_camera: bool) -> None:
    """Keeps a car; RefusedError: plate, known."""
    try:
        plate = rules.plate(typed)
    except ValueError:
        raise RefusedError("plate") from None
    known = store.cars(session, holder)
    if len(known) >= MAX_CARS or any(one.plate == plate for one in known):
        raise RefusedError("known")
    shown = " ".join(name.split())[:60]
    store.add_car(session, holder=holder, person_id=person_id, plate=plate, name=shown, by_camera=by_camera)


def remove(session: Session, holder: str, car_id: int) -> bool:
    """False when it is not theirs."""
    return store.remove_car(session, holder, car_id)
