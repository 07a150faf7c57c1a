"""What the inbox announces; `hub.app` says who listens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NewMessage:
    """The town wrote to a person. Announced once a message, in its transaction, before anybody was told of it.

    `urgent`: it concerns the account's security, so the person hears of it at once whatever they chose. The mail goes
    out from here (`hub.inbox.messages`); another way to the person, such as web push, is one more handler.
    """

    person_id: int
    now: int
    urgent: bool = False
    message_id: int = 0


@dataclass(frozen=True)
class AnswerSent:
    """A person wrote to the town: an answer, or the first message of a thread that they began.

    `sender` is the module whose thread it is; it reads the text with `api.threads.town_thread` and takes what it
    needs. Announced in the transaction that stores the message.
    """

    thread_id: int
    message_id: int
    person_id: int
    sender: str
    now: int
