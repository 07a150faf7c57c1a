"""What parking does with messages that ingest stored, and what drivers hear of their stays."""

from collections.abc import Callable
from typing import Any

from hub.core import i18n
from hub.core.db import Session
from hub.inbox import api as inbox
from hub.ingest.api import MessagesStored
from hub.parking import api
from hub.parking.api.stays import StayChanged


def on_messages(session: Session, event: MessagesStored) -> None:
    """New readings change their bays in the same transaction."""
    api.apply(session, event.messages)


def telling(house: inbox.House, names: dict[str, str]) -> Callable[[Session, Any], None]:
    """A letter to the driver: the bay is free, the end comes near, the wallet is empty. `names` is site -> name."""

    def on_stay(session: Session, event: StayChanged) -> None:
        if event.person_id is None or event.kind == "settled":
            return
        end = i18n.clock_time(event.end, "de") if event.end is not None else ""
        values = {"site": names.get(event.site, event.site), "token": event.token, "end": end}
        inbox.send_message(session, house, event.person_id, "parking", f"stay-{event.kind}", event.now, values)

    return on_stay
