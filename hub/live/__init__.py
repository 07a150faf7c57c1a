"""What goes out at once: one encoded snapshot per tick, shared by every phone that listens."""
