"""Tables and queries of the account module."""

from hub.account.store import circles, codes, keys, people, sessions

__all__ = ["circles", "codes", "keys", "people", "sessions"]
