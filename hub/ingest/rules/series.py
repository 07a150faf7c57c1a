"""Which numbers of a message go to the series server. It keeps numbers only: a text would become 0 there."""

from collections.abc import Mapping
from dataclasses import dataclass

STATE_CODES = {"free": 0, "occupied": 1, "unknown": 2, "faulty": 3}


@dataclass(frozen=True)
class Sample:
    """One point; `at` in ms."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, float]
    at: int


def sample(node: str, kind: str, body: Mapping[str, object], at: int) -> Sample | None:
    """The point of a stored message, None for one without any number worth keeping."""
    if kind == "bay":
        state = str(body.get("state"))
        fields = {"state": float(STATE_CODES[state]), "occupied": float(state == "occupied")}
        if isinstance(distance := body.get("distance_m"), int | float):
            fields["distance_m"] = float(distance)
        return Sample("bay", {"node": node, "bay": str(body.get("bay"))}, fields, at)
    if kind == "portal":
        fields = {"count": 1.0}
        if isinstance(clients := body.get("clients"), int):
            fields["clients"] = float(clients)
        return Sample("portal", {"node": node, "event": str(body.get("event"))}, fields, at)
    if kind == "alarm":
        return Sample("alarm", {"node": node, "code": str(body.get("code"))[:40]}, {"count": 1.0}, at)
    return None
