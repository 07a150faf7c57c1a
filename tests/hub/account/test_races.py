"""Two at once, on SQLite and PostgreSQL: the last key, owner, parent and admin stays, and nothing is our fault."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from hub.account import api
from hub.account.api import families, organisations, passkeys, personal, registration, secrets, staff
from hub.account.api.codes import REGISTER, Granted
from hub.account.api.keyring import new_handle
from hub.account.api.organisations import RefusedError
from hub.account.api.staff import NotAllowedError
from hub.account.rules import MemberRole
from hub.account.store import circles, codes, keys, people
from hub.core.db import Database, Session
from hub.openid import api as openid
from hub.openid import store as openid_store
from tests.hub.account.desk import NOW, RING, person, register
from tests.hub.account.races import ROUNDS, at_once


@pytest.fixture
def two(database: Database) -> tuple[api.Person, api.Person]:
    """Rosa and Otto, without a key."""
    rosa, otto = (person(database, register(database, f"{name}@example.org", None)) for name in ("rosa", "otto"))
    return rosa, otto


MEMBER = {"role": "member", "until": None, "given_by": None, "created_at": NOW}


def writing(database: Database, work: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: database.write(lambda session: work(session, *arguments))


def new_passkey(session: Session, person_id: int, credential: str) -> bool:
    facts = {"public_key": b"", "sign_count": 0, "backed_up": False, "transports": "", "created_at": NOW, "used_at": 0}
    return keys.add_passkey(session, person_id=person_id, credential_id=credential, name="x", **facts)


def passkey_ids(database: Database, who: api.Person) -> list[int]:
    with database.read() as session:
        return [row.id for row in keys.passkeys_of(session, who.id)]


def owners(database: Database, firm: int) -> list[int]:
    with database.read() as session:
        return [one.person_id for one in organisations.members(session, firm, NOW) if one.role == MemberRole.OWNER]


def shared_firm(session: Session, rosa: api.Person, otto: api.Person) -> int:
    firm = organisations.create(session, rosa, "Salz GmbH", NOW)
    circles.set_member(session, firm, otto.id, role="owner", until=None, given_by=rosa.id, created_at=NOW)
    return firm


def shared_child(session: Session, rosa: api.Person, otto: api.Person) -> int:
    child = families.add_child(session, rosa, "Mia", "Quelle", date(2024, 2, 1), NOW, date(2027, 1, 15))
    circles.add_guardian(session, child, otto.id, NOW)
    return child


def test_of_two_last_passkeys_one_stays(database: Database, two) -> None:
    rosa, _otto = two
    for number in range(ROUNDS):
        database.write(lambda s: keys.remove_passkeys(s, rosa.id))
        for name in "ab":
            database.write(lambda s, name=name, number=number: new_passkey(s, rosa.id, f"{name}{number}"))
        found = at_once(*(writing(database, passkeys.remove, rosa, one, NOW) for one in passkey_ids(database, rosa)))
        assert (sorted(found), len(passkey_ids(database, rosa))) == ([False, True], 1)


def test_of_the_last_passkey_and_the_password_one_stays(database: Database, two) -> None:
    rosa, _otto = two
    for number in range(ROUNDS):
        database.write(lambda s: keys.remove_passkeys(s, rosa.id))
        database.write(lambda s: people.change_person(s, rosa.id, password_hash="x"))
        database.write(lambda s, number=number: new_passkey(s, rosa.id, f"a{number}"))
        (passkey,) = passkey_ids(database, rosa)
        found = at_once(
            writing(database, passkeys.remove, rosa, passkey, NOW),
            writing(database, secrets.remove_password, rosa, NOW),
        )
        assert sorted(found) == [False, True]


def test_of_two_owners_who_leave_one_stays(database: Database, two) -> None:
    rosa, otto = two
    for _ in range(ROUNDS):
        firm = database.write(lambda s: shared_firm(s, rosa, otto))
        found = at_once(*(writing(database, organisations.remove, one, firm, one.id, NOW) for one in two))
        assert [error.reason for error in found if isinstance(error, RefusedError)] == ["last_owner"]
        assert len(owners(database, firm)) == 1


def test_of_two_owners_who_step_down_one_stays(database: Database, two) -> None:
    rosa, otto = two
    for _ in range(ROUNDS):
        firm = database.write(lambda s: shared_firm(s, rosa, otto))
        member = MemberRole.MEMBER
        at_once(*(writing(database, organisations.change, one, firm, one.id, member, None, NOW) for one in two))
        assert len(owners(database, firm)) == 1


def test_of_two_owners_who_erase_their_accounts_one_is_refused_while_somebody_needs_the_firm(
    database: Database, two
) -> None:
    rosa, otto = two
    eva = person(database, register(database, "eva@example.org", None))
    for number in range(ROUNDS):
        rosa, otto = (person(database, register(database, f"{number}{one}@example.org", None)) for one in "ab")
        firm = database.write(lambda s, pair=(rosa, otto): shared_firm(s, *pair))
        database.write(partial(circles.set_member, organisation_id=firm, person_id=eva.id, **MEMBER))
        found = at_once(*(writing(database, personal.erase, one.id, NOW) for one in (rosa, otto)))
        assert [type(one) for one in found if one is not None] == [ValueError]
        assert len(owners(database, firm)) == 1


def test_a_child_goes_with_its_last_parent_also_when_both_leave_at_once(database: Database, two) -> None:
    rosa, otto = two
    for _ in range(ROUNDS):
        child = database.write(lambda s: shared_child(s, rosa, otto))
        assert at_once(*(writing(database, families.leave, one, child, NOW) for one in two)) == [None, None]
        with database.read() as session:
            assert circles.child(session, child) is None


def test_of_two_admins_who_take_each_others_role_one_stays(database: Database, two) -> None:
    rosa, otto = two
    for _ in range(ROUNDS):
        for one in two:
            database.write(lambda s, one=one: people.add_role(s, one.id, api.ADMIN))
        pairs = ((rosa, otto), (otto, rosa))
        found = at_once(*(writing(database, staff.take_role, a, b.id, api.ADMIN, "", NOW) for a, b in pairs))
        assert [error.reason for error in found if isinstance(error, NotAllowedError)] == ["no_admin"]
        with database.read() as session:
            assert sum((api.ADMIN, "") in people.roles_of(session, one.id) for one in two) == 1


def test_of_the_last_two_admins_who_erase_their_accounts_one_is_refused(database: Database) -> None:
    made = [person(database, register(database, f"{one}@example.org", None)) for one in ("a", "b")]
    for one in made:
        database.write(lambda s, one=one: people.add_role(s, one.id, api.ADMIN))
    found = at_once(*(writing(database, personal.erase, one.id, NOW) for one in made))
    assert [type(one) for one in found if one is not None] == [ValueError]


def test_a_child_that_is_added_while_its_parent_erases_the_account_belongs_to_somebody_or_is_not_there(
    database: Database,
) -> None:
    for number in range(ROUNDS):
        rosa = person(database, register(database, f"{number}@example.org", None))
        add = partial(families.add_child, first_name="M", last_name="Q", born=date(2024, 2, 1), now=NOW)
        at_once(
            writing(database, personal.erase, rosa.id, NOW),
            lambda rosa=rosa, add=add: database.write(lambda s: add(s, rosa, today=date(2027, 1, 15))),
        )
        with database.read() as session:
            assert session.query(circles.ChildRow).all() == []


def test_one_address_registered_twice_at_once_becomes_one_account(database: Database) -> None:
    for number in range(ROUNDS):
        granted = Granted(REGISTER, f"neu{number}@example.org")
        tickets = [api.codes.seal(RING, granted, NOW + one) for one in range(3)]
        found = at_once(
            *(
                writing(database, registration.start, granted, one, new_handle(), "de", NOW, registration.PASSWORD)
                for one in tickets
            )
        )
        assert sorted(type(one).__name__ for one in found) == ["TakenError", "TakenError", "int"]


def test_what_is_there_already_is_no_fault_when_four_add_it_at_once(database: Database, two) -> None:
    rosa, _otto = two
    firm = database.write(lambda s: organisations.create(s, rosa, "Salz GmbH", NOW))
    child = database.write(lambda s: circles.add_child(s, "Mia", "Quelle", date(2024, 2, 1), NOW))
    service = database.write(lambda s: openid.add_client(s, "Dienst", ["https://a.example/cb"], [], "", NOW))
    for number in range(ROUNDS):
        who = register(database, f"p{number}@example.org", None)
        for work in (
            partial(people.add_role, person_id=who, role="clerk"),
            partial(circles.set_member, organisation_id=firm, person_id=who, **MEMBER),
            partial(circles.add_guardian, child_id=child, person_id=who, now=NOW),
            partial(
                openid_store.set_consent,
                person_id=who,
                client_id=service.client_id,
                scope="openid",
                declined="",
                now=NOW,
            ),
        ):
            assert at_once(*[writing(database, work)] * 4) == [None] * 4
        once = writing(database, codes.use_once, f"digest {number}", NOW)
        assert sorted(at_once(*[once] * 4)) == [False, False, False, True]
        key = writing(database, new_passkey, who, f"credential {number}")
        assert sorted(at_once(*[key] * 4)) == [False, False, False, True]


def test_recovery_codes_made_twice_at_once_are_ten(database: Database, two) -> None:
    rosa, _otto = two
    for _ in range(ROUNDS):
        at_once(*[writing(database, api.login.new_recovery_codes, RING, rosa.id, NOW)] * 3)
        with database.read() as session:
            assert keys.recovery_codes_left(session, rosa.id) == 10
