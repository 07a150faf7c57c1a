"""What the nodes send, stored exactly once and acknowledged only when it is committed."""
