"""Jobs that are done exactly once, later, with patience: their rules, tables and the loop that does them."""
