"""What parking does with messages that ingest stored."""

from hub.core.db import Session
from hub.ingest.api import MessagesStored
from hub.parking import api


def on_messages(session: Session, event: MessagesStored) -> None:
    """New readings change their bays in the same transaction."""
    api.apply(session, event.messages)
