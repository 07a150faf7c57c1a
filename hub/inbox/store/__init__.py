"""Tables and queries of the inbox."""

from hub.inbox.store import mails, preferences, threads

__all__ = ["mails", "preferences", "threads"]
