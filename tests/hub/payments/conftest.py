"""What payments announce, and money to begin with."""

from collections.abc import Iterator

import pytest

from hub.core import events
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Line

NOW = 1_800_000_000_000


class Ear:
    """Hears what payments announce."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        kinds = (api.PaymentCompleted, api.PaymentFailed, api.PaymentRefunded)
        events.wire({kind: (lambda _session, event: self.heard.append(event),) for kind in kinds})

    def kinds(self) -> list[str]:
        """Names of the events, in their order."""
        return [type(one).__name__.removeprefix("Payment") for one in self.heard]


@pytest.fixture
def ear(database: Database) -> Iterator[Ear]:
    yield Ear()
    events.wire({})


@pytest.fixture
def fill(database: Database):
    """fill(owner, cents): money into a wallet, out of the bank."""

    def put(owner: str, cents: int) -> None:
        line = Line("bank", f"wallet:{owner}", cents)
        database.write(lambda session: api.transfer(session, f"fill {owner} {cents}", [line], NOW, "test"))

    return put


def balance(database: Database, account: str) -> int:
    with database.read() as session:
        return api.balance(session, account)


def is_whole(database: Database) -> bool:
    with database.read() as session:
        found = api.check(session)
    assert found.is_whole, found
    return True
