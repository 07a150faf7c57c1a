"""Pure decisions of the tills."""
