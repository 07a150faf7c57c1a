"""Devices that accepted at one node are let in by the others."""

from hub.core.db import Session
from hub.fleet import rules, store


def remember_session(session: Session, node: str, device: str, until: int) -> None:
    """A device accepted at `node` until then (ms); kept only until the other nodes were told."""
    store.add_grant(session, node, device, until)


def has_grants(session: Session) -> bool:
    """Whether `take_grants` would find something."""
    return store.has_grants(session)


def take_grants(session: Session, now: int, limit: int = 500) -> dict[str, list[tuple[str, int]]]:
    """WiFi node -> (device, until) that it shall be told now; what is given out here is deleted with the commit."""
    rows = store.grants(session, limit)
    if not rows:
        return {}
    store.forget_grants(session, rows[-1].id)
    sessions = [(row.node, row.device, row.until) for row in rows if rules.may_be_granted(row.until, now)]
    names = [row.id for row in store.nodes(session) if row.role == "wifi"]
    return {name: found for name in names if (found := rules.grants_for(name, sessions))}
