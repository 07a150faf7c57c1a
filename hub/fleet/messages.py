"""What the fleet does with messages that ingest stored."""

from hub.core.db import Session
from hub.fleet import api
from hub.ingest.api import AnswerReceived, BackupReceived, MessagesStored, SessionReceived, StatusReceived


def on_messages(session: Session, event: MessagesStored) -> None:
    """Last seen, twins, visitors, alarms."""
    api.heard(session, {message.node: (message.outbox, message.received_at) for message in event.messages})
    for message in event.messages:
        if message.kind == "portal":
            api.portal_event(session, message.node, str(message.body["event"]))
        elif message.kind == "alarm":
            code, text = str(message.body["code"]), str(message.body["text"])
            api.raise_alarm(session, message.node, code, text, message.received_at)


def on_status(session: Session, event: StatusReceived) -> None:
    """The latest word of a node about itself."""
    api.status(session, event.node, event.body, event.received_at)


def on_session(session: Session, event: SessionReceived) -> None:
    """A visitor accepted: the other nodes shall let the device in."""
    api.remember_session(session, event.node, event.device, event.until)


def on_backup(session: Session, event: BackupReceived) -> None:
    """A node's own file, to be kept for it."""
    api.keep_backup(session, event.node, event.body, event.received_at)


def on_answer(session: Session, event: AnswerReceived) -> None:
    """A node says what became of a command."""
    api.answered(session, event.node, event.body)
