"""How a lower module tells the upper ones: it announces an event, `hub.app` says who listens.

A handler runs in the announcer's transaction, so what it writes stands or falls with the cause.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

Handler = Callable[[Session, Any], None]

_handlers: dict[type, tuple[Handler, ...]] = {}


def wire(table: Mapping[type, Sequence[Handler]]) -> None:
    """Replaces the whole table event -> handlers; called once by `hub.app` (and by tests)."""
    _handlers.clear()
    _handlers.update({event: tuple(handlers) for event, handlers in table.items()})


def announce(session: Session, event: object) -> None:
    """Runs every handler of the event's class, in the order of the table."""
    for handler in _handlers.get(type(event), ()):
        handler(session, event)
