"""Messages between the town and a person, with files and answers, and the mails that leave the house.

For a city module: `send_message` (a letter of letters.json) or `begin` (free text) starts a thread under the module's
name, `reply` goes on in it, `town_thread` reads it, `mark_read_by_town` and `close` say what became of it. Answers
come as the event `AnswerSent`, for which the module registers a handler in `hub.app`.
"""

from hub.inbox.api import demo, notices, office, reading, rights, threads
from hub.inbox.api.events import AnswerSent, NewMessage
from hub.inbox.api.letters import (
    MAIL_JOB,
    DemoMail,
    House,
    demo_mails,
    house_of,
    keep_demo_mail,
    letters,
    send_mail,
)
from hub.inbox.api.reading import (
    PAGE,
    Listed,
    Message,
    Thread,
    case_of,
    listed,
    listed_of_town,
    stored_file,
    thread,
    town_thread,
    unread,
    unread_of_town,
)
from hub.inbox.api.rights import export, file_ids, forget_person, tidy
from hub.inbox.api.threads import (
    ACCOUNT,
    OFFICE,
    Letter,
    RefusedError,
    Terms,
    answer,
    ask,
    begin,
    close,
    mark_read,
    mark_read_by_town,
    remove,
    reply,
    send_message,
)
from hub.inbox.rules import KEEP_DAYS, MAX_SUBJECT, MAX_TEXT, MailNotice

__all__ = [
    "ACCOUNT",
    "KEEP_DAYS",
    "MAIL_JOB",
    "MAX_SUBJECT",
    "MAX_TEXT",
    "OFFICE",
    "PAGE",
    "AnswerSent",
    "DemoMail",
    "House",
    "Letter",
    "Listed",
    "MailNotice",
    "Message",
    "NewMessage",
    "RefusedError",
    "Terms",
    "Thread",
    "answer",
    "ask",
    "begin",
    "case_of",
    "close",
    "demo",
    "demo_mails",
    "export",
    "file_ids",
    "forget_person",
    "house_of",
    "keep_demo_mail",
    "letters",
    "listed",
    "listed_of_town",
    "mark_read",
    "mark_read_by_town",
    "notices",
    "office",
    "reading",
    "remove",
    "reply",
    "rights",
    "send_mail",
    "send_message",
    "stored_file",
    "thread",
    "threads",
    "tidy",
    "town_thread",
    "unread",
    "unread_of_town",
]
