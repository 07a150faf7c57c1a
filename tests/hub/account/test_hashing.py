"""argon2 in one polite thread."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from hub.account.api.hashing import MAX_WAITING, BusyError, Hasher


class SlowHasher(PasswordHasher):
    """Holds every check until the gate opens and notes how it was run."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate, self.entered = threading.Event(), threading.Event()
        self.threads: set[int] = set()
        self.niceness: set[int] = set()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 (the library's name)
        self.threads.add(threading.get_ident())
        self.niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        self.entered.set()
        assert self.gate.wait(10)
        return super().verify(hash, password)


def test_the_real_hash_is_argon2id_with_64_mib_and_three_passes() -> None:
    parameters = extract_parameters(Hasher().hash("salz wasser rosen"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, 65536, 3)


def test_all_hashing_happens_in_one_thread_of_low_priority() -> None:
    slow = SlowHasher()
    slow.gate.set()
    hasher = Hasher(slow)
    stored = hasher.hash("one")
    with ThreadPoolExecutor(3) as callers:
        assert all(callers.map(lambda _: hasher.verify(stored, "one"), range(3)))
    assert len(slow.threads) == 1
    assert min(slow.niceness) > os.getpriority(os.PRIO_PROCESS, 0)


def test_who_comes_when_four_wait_already_is_refused_at_once() -> None:
    slow = SlowHasher()
    hasher = Hasher(slow)
    stored = hasher.hash("one")
    with ThreadPoolExecutor(1 + MAX_WAITING) as callers:
        waiting = [callers.submit(hasher.verify, stored, "one") for _ in range(1 + MAX_WAITING)]
        assert slow.entered.wait(10)
        while hasher._seats._value:  # until all five sit
            threading.Event().wait(0.01)
        with pytest.raises(BusyError):
            hasher.verify(stored, "one")
        slow.gate.set()
        assert all(future.result() for future in waiting)
    assert hasher.verify(stored, "one")


def test_an_unknown_name_costs_one_real_check_too() -> None:
    slow = SlowHasher()
    slow.gate.set()
    assert not Hasher(slow).verify(None, "anything")
    assert slow.threads


def test_garbage_in_the_database_is_a_wrong_password_and_no_crash() -> None:
    assert not Hasher(PasswordHasher(1, 8, 1)).verify("not a hash", "one")
