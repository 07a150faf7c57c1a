"""Tables and queries of the tills."""

from hub.till.store import book, passes, tables, tickets, tills

__all__ = ["book", "passes", "tables", "tickets", "tills"]
