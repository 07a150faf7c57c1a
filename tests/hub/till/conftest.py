"""A pool with a till, a guest with money and a phone."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hub.core import events
from hub.core.db import Database
from hub.payments import api as payments
from hub.settings import Settings
from hub.till import api
from hub.till import messages as till_messages
from hub.till.api.sales import Wanted
from hub.till.api.tills import Counter
from tests.hub.account.desk import person, register
from tests.hub.till.phones import LonelyTill, Phone

NOW = 1_800_000_000_000  # 15 January 2027
MINUTE = 60_000


@dataclass
class Pool:
    """The pool's till, a guest, and their phone."""

    database: Database
    key: str
    counter: Counter
    guest: object
    phone: Phone
    alone: LonelyTill

    @property
    def owner(self) -> str:
        """Whose wallet the guest's is."""
        return f"person:{self.guest.id}"

    def again(self) -> Counter:
        """The till as it stands in the table now."""
        with self.database.read() as session:
            found = api.tills.find(session, self.key)
        return Counter(found, self.counter.town, self.counter.signer)

    def sell(self, number: str = "1", code: str | None = None, now: int = NOW, **change):
        """A sale of one adult out of the wallet, or what `change` says."""
        facts = {"way": "wallet", "lines": (("adult", 1, None),), "cents": 600, **change}
        wanted = Wanted(number, code=self.phone.code(now) if code is None else code, **facts)
        return self.database.write(lambda session: api.sales.sell(session, self.counter, wanted, now))

    def accept(self, offer, clock: int = NOW, now: int = NOW):
        """Sends an offer."""
        counter = self.again()
        return self.database.write(lambda session: api.offers.accept(session, counter, *offer, clock, now))

    def balance(self, account: str = "") -> int:
        """Cents on an account, the guest's wallet unless it is named."""
        with self.database.read() as session:
            return payments.balance(session, account or f"wallet:{self.owner}")

    def is_whole(self) -> bool:
        """Whether the ledger adds up."""
        with self.database.read() as session:
            return payments.check(session).is_whole


@pytest.fixture
def fill(database: Database) -> Callable[[str, int], None]:
    """fill(owner, cents): money into a wallet."""

    def put(owner: str, cents: int) -> None:
        line = payments.Line("bank", f"wallet:{owner}", cents)
        database.write(lambda session: payments.transfer(session, f"fill {owner} {cents}", [line], NOW, "test"))

    return put


@pytest.fixture
def pool(database: Database, fill: Callable[[str, int], None]) -> Pool:
    """100.00 in the wallet."""
    town = api.town_of(Settings().town_dir)
    from hub.inbox import api as inbox

    table = till_messages.handlers(town, inbox.House("Bad Rappenau", "https://pass.example"), {})
    events.wire({event: (handler,) for event, handler in table.items()})
    guest = person(database, register(database, "rosa@example.org"))
    fill(f"person:{guest.id}", 10_000)
    key = database.write(lambda session: api.tills.add(session, town, "pool-1", "pool", "cli", NOW))
    alone = LonelyTill()

    def begin(session):
        till = api.tills.find(session, key)
        api.tills.set_public_key(session, till, alone.signer.public_key)
        return api.tills.find(session, key)

    till = database.write(begin)
    counter = Counter(till, town, api.Signer.hub(b"s" * 32))
    return Pool(database, key, counter, guest, Phone(database, guest, NOW), alone)
