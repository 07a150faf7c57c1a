"""What nodes say: their status, that they live, that there are two of one name."""

import json
from collections.abc import Mapping

from edge import wire
from hub.core.db import Session
from hub.fleet import rules, store
from hub.fleet.api.history import keep_figures
from hub.fleet.rules import Sighting
from hub.radio import api as radio

TWIN = "two_nodes_one_name"


def status(session: Session, node: str, body: Mapping[str, object], at: int) -> None:
    """Keeps the latest status of a node and looks for a twin."""
    row = store.node(session, node)
    if row is None:
        return
    kept = _with_moments(body, at)
    row.status = json.dumps(kept)
    if body.get("state") != "offline":
        row.last_seen = at
        keep_figures(session, row, kept, at)
        _look_for_twin(session, row, str(body.get("outbox", "")), at)


def _with_moments(body: Mapping[str, object], at: int) -> dict[str, object]:
    """The status with what follows from when it came: how far the node's clock is off, in ms."""
    kept = dict(body)
    if body.get("synced") is True:
        kept["clock_offset_ms"] = wire.parse_ms(str(body["ts"])) - at
    until = body.get("certificate_until")
    if until is not None:
        kept["certificate_until_ms"] = wire.parse_ms(str(until))
    return kept


def heard(session: Session, latest: Mapping[str, tuple[str, int]]) -> None:
    """Durable messages came: node -> (outbox, ms)."""
    store.touch(session, {node: at for node, (_, at) in latest.items()})
    for node, (outbox, at) in latest.items():
        row = store.node(session, node)
        if row is not None:
            _look_for_twin(session, row, outbox, at)


def portal_event(session: Session, node: str, event: str) -> None:
    """Counts a visitor who accepted the terms; nothing else is kept of it."""
    row = store.node(session, node) if event == "accept" else None
    if row is not None:
        row.accepts += 1


def _look_for_twin(session: Session, row: store.Node, outbox: str, at: int) -> None:
    if not outbox or outbox.startswith(radio.OUTBOX):  # many radio sensors share one node
        return
    before = store.read_sightings(row)
    after = rules.remember(before, Sighting(outbox, at))
    store.write_sightings(row, after)
    if rules.are_twins(after, at):
        text = f"Zwei Geräte melden sich als „{row.id}“. Bitte eines davon umbenennen."
        store.raise_alarm(session, row.id, TWIN, text, at)
