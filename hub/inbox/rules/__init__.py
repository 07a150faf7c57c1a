"""Which letter is written in which words, who hears of a message when, what a message may be, when it goes."""

from hub.inbox.rules.letters import KEEP_DEMO_MAILS, Letter, Letters, write
from hub.inbox.rules.notices import MailNotice, Waiting, digest, is_at_once
from hub.inbox.rules.threads import (
    KEEP_DAYS,
    MAX_SUBJECT,
    MAX_TEXT,
    Draft,
    Kept,
    deletion_at,
    may_answer,
    may_remove,
    problem,
)

__all__ = [
    "KEEP_DAYS",
    "KEEP_DEMO_MAILS",
    "MAX_SUBJECT",
    "MAX_TEXT",
    "Draft",
    "Kept",
    "Letter",
    "Letters",
    "MailNotice",
    "Waiting",
    "deletion_at",
    "digest",
    "is_at_once",
    "may_answer",
    "may_remove",
    "problem",
    "write",
]
