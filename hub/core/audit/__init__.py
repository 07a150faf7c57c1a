"""Who did what, when and for whom: an append-only log in which every entry carries the hash of the one before.

A changed, removed or inserted entry breaks the chain. A cut-off end does not: for that the newest hash is kept
elsewhere (`python -m hub audit verify` prints it, `--expect-head` compares it).
"""

from hub.core.audit.rules import Entry, entry_hash
from hub.core.audit.table import Verdict, about, entries, has_hash, newest, note, verify

__all__ = ["Entry", "Verdict", "about", "entries", "entry_hash", "has_hash", "newest", "note", "verify"]
