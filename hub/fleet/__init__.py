"""The nodes: which there are, when each was last heard, what is wrong with one."""
