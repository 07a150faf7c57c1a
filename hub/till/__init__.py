"""Tills of the pool, the library and the market: sales, tickets, closings, parking fees that go back."""
