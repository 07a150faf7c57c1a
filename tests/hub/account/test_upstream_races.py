"""Links attacked at once, on SQLite and PostgreSQL: an identity opens one account, an account has one identity."""

import threading
from collections.abc import Callable

import pytest

from hub.account import api
from hub.account.api import registration, upstream
from hub.account.api.codes import RECOVER, Granted
from hub.account.api.upstream import Identity, LinkRefusedError
from hub.account.rules import Arrival, Level
from hub.account.store import codes, people
from hub.core.db import Database
from tests.hub.account.desk import NOW, Ear, person, register

ISSUER = "https://broker.example"


def identity(subject: str) -> Identity:
    return Identity(ISSUER, subject, Level.SUBSTANTIELL, "", NOW)


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each returned or raised."""
    results: list[object] = []
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results.append(work())
        except LinkRefusedError as error:
            results.append(error.arrival)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def linking(database: Database, who: api.Person, subject: str, ticket: str) -> Callable[[], object]:
    return lambda: database.write(lambda s: upstream.link(s, who, identity(subject), ticket, NOW))


def rows(database: Database, person_id: int) -> list[str]:
    with database.read() as session:
        return [row.subject for row in people.identities_of(session, person_id)]


def test_an_identity_that_four_accounts_want_goes_to_one(database: Database) -> None:
    everybody = [person(database, register(database, f"p{n}@example.org")) for n in range(4)]
    found = at_once(*(linking(database, who, "erika", f"ticket {who.id}") for who in everybody))
    assert sum(isinstance(one, api.Proof) for one in found) == 1
    assert found.count(Arrival.ANOTHERS) == 3
    assert sum(len(rows(database, who.id)) for who in everybody) == 1


def test_an_account_that_four_identities_want_takes_one(database: Database) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    ear = Ear()
    found = at_once(*(linking(database, rosa, f"sub{n}", f"ticket {n}") for n in range(4)))
    assert sum(isinstance(one, api.Proof) for one in found) == 1
    assert len(rows(database, rosa.id)) == 1
    assert ear.count(api.SecurityChanged) == 1


def test_a_ticket_used_four_times_at_once_counts_once(database: Database) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    found = at_once(*(linking(database, rosa, "erika", "the same") for _ in range(4)))
    assert sum(isinstance(one, api.Proof) for one in found) == 1
    assert found.count(Arrival.CHANGED) == 3


def test_using_something_once_is_no_error_when_it_happens_twice_at_once(database: Database) -> None:
    found = at_once(*[lambda: database.write(lambda s: codes.use_once(s, "d" * 64, NOW))] * 6)
    assert sorted(found) == [False] * 5 + [True]


def test_a_refused_link_leaves_the_ticket_unused(database: Database) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    otto = person(database, register(database, "otto@example.org"))
    linking(database, otto, "erika", "first")()
    with pytest.raises(LinkRefusedError):
        linking(database, rosa, "erika", "second")()
    with database.read() as session:
        assert session.get(codes.UsedRow, api.keyring.token_digest("second")) is None


def test_recovery_in_person_unlinks(database: Database) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    linking(database, rosa, "erika", "first")()
    granted = Granted(RECOVER, rosa.name, rosa.id)
    database.write(lambda s: registration.start(s, granted, "a ticket", "", "de", NOW, registration.PASSWORD))
    assert rows(database, rosa.id) == []
