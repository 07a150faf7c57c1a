"""A cheap password hash and a fresh throttle, so that tests take milliseconds."""

import pytest
from argon2 import PasswordHasher

from hub.account.api import guard
from hub.account.api.hashing import Hasher
from hub.account.api.throttle import Throttle


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, throttle = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)), Throttle()
    monkeypatch.setattr(guard, "current_hasher", lambda: hasher)
    monkeypatch.setattr(guard, "current_throttle", lambda: throttle)
