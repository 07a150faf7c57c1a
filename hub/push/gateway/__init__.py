"""The hub's key for push services, and talking to them."""
