"""A process that books is killed at random moments: the sum is zero, no answer is lost, nothing happened twice."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Line
from tests.hub.payments.clerk import CLIENTS, answered, order
from tests.hub.payments.conftest import NOW, balance, is_whole
from tests.spine.processes import Process, wait_until

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    "kills", [pytest.param(10, marks=pytest.mark.thorough), pytest.param(50, marks=pytest.mark.slow)]
)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    database: Database, database_url: str, tmp_path: Path, kills: int
) -> None:
    rich = [Line("bank", f"wallet:person:{number}", 10_000_000) for number in range(3)]

    def begin(session) -> None:
        api.transfer(session, "rich", rich, NOW, "start")
        for number in range(3):
            session.execute(
                text("UPDATE payments_account SET day_limit = NULL WHERE name = :name"),
                {"name": f"wallet:person:{number}"},
            )

    database.write(begin)
    file, chance = tmp_path / "answers", random.Random(6)
    clerk = Process(["-m", "tests.hub.payments.clerk", database_url, str(file)])
    try:
        for _ in range(kills):
            before = _count(file)
            assert wait_until(lambda before=before: _count(file) > before + 3 * CLIENTS, 60)
            time.sleep(chance.uniform(0, 0.15))
            clerk.kill()
            clerk.start()
    finally:
        clerk.kill()
    given = [order(client, number).key for client, numbers in answered(file).items() for number in numbers]
    with database.read() as session:
        paid = session.execute(text("SELECT key FROM payments_payment")).scalars().all()
        booked = session.execute(text("SELECT key FROM payments_transfer WHERE key LIKE 'pay:%'")).scalars().all()
    assert set(given) <= set(paid), "an answer was given for what is not there"
    assert sorted(booked) == sorted(f"pay:{key}" for key in paid)
    assert len(set(paid)) == len(paid)
    assert len(paid) - len(given) <= kills * CLIENTS
    assert balance(database, "revenue:pool:7") == len(paid)
    assert is_whole(database)


def _count(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0
