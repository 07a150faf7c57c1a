"""A payment provider for the demonstration and for tests: a process of its own that knows nothing of the hub.

It has faults on purpose, which `POST /v1/faults` sets: {"late_s": 5, "lost": 1, "double": true, "shuffle": true,
"down": false, "amount": 1, "currency": "USD"}.
"""
