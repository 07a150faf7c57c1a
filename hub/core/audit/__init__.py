"""Who did what, when and for whom: an append-only log in which every entry carries the hash of the one before.

A changed, removed or inserted entry breaks the chain. A cut-off end does not: for that the newest hash is kept
elsewhere (`python -m hub audit verify` prints it, `--expect-head` compares it).
"""

from hub.core.audit.rules import ALL, CLI, Entry, Wanted, entry_hash
from hub.core.audit.table import Verdict, about, entries, following, has_hash, newest, note, verify

__all__ = [
    "ALL",
    "CLI",
    "Entry",
    "Verdict",
    "Wanted",
    "about",
    "entries",
    "entry_hash",
    "following",
    "has_hash",
    "newest",
    "note",
    "verify",
]
