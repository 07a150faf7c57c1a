"""Car parks and their bays: what is free now."""
