"""Organisations, delegations that end, families, and for whom one acts."""

import threading
from datetime import date

import pytest

from hub.account import api
from hub.account.api import acting, families, organisations
from hub.account.api.organisations import RefusedError
from hub.account.rules import MemberRole
from hub.core.db import Database
from tests.hub.account.desk import DAY, NOW, Ear, person, register

OWNER, MANAGER, MEMBER = MemberRole.OWNER, MemberRole.MANAGER, MemberRole.MEMBER


def people(database: Database, *names: str) -> list[api.Person]:
    return [person(database, register(database, f"{name}@example.org", password=None)) for name in names]


def invite(
    database: Database, who: api.Person, firm: int, mail: str, role: MemberRole = MEMBER, until: int | None = None
) -> str:
    ear = Ear()
    database.write(lambda s: organisations.invite(s, who, firm, mail, role, until, NOW))
    return ear.last(api.Invited).token


def joined(
    database: Database,
    owner: api.Person,
    firm: int,
    who: api.Person,
    role: MemberRole = MEMBER,
    until: int | None = None,
) -> None:
    token = invite(database, owner, firm, who.name, role, until)
    database.write(lambda s: organisations.accept(s, who, token, NOW))


def refused(database: Database, reason: str, work) -> None:
    with pytest.raises(RefusedError, match=reason):
        database.write(work)


def test_an_invitation_is_for_one_address_and_counts_once(database: Database) -> None:
    owner, otto, eva = people(database, "owner", "otto", "eva")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    token = invite(database, owner, firm, otto.name)
    refused(database, "other_address", lambda s: organisations.accept(s, eva, token, NOW))
    got = []

    def accept() -> None:
        try:
            got.append(database.write(lambda s: organisations.accept(s, otto, token, NOW)))
        except RefusedError as error:
            got.append(error.reason)

    threads = [threading.Thread(target=accept) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(firm) == 1
    assert got.count("gone") == 7


def test_an_invitation_is_over_after_two_weeks_and_when_its_sender_left(database: Database) -> None:
    owner, otto, eva = people(database, "owner", "otto", "eva")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    token = invite(database, owner, firm, otto.name)
    refused(database, "gone", lambda s: organisations.accept(s, otto, token, NOW + organisations.INVITATION_MS))
    joined(database, owner, firm, eva, MANAGER)
    of_eva = invite(database, eva, firm, otto.name)
    database.write(lambda s: organisations.remove(s, owner, firm, eva.id, NOW))
    refused(database, "gone", lambda s: organisations.accept(s, otto, of_eva, NOW))


def test_managers_invite_members_and_nobody_gives_more_than_they_may(database: Database) -> None:
    owner, otto, eva = people(database, "owner", "otto", "eva")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    joined(database, owner, firm, otto, MANAGER)
    joined(database, otto, firm, eva)
    for who, role in ((otto, MANAGER), (otto, OWNER), (eva, MEMBER)):
        refused(
            database,
            "not_allowed",
            lambda s, who=who, role=role: organisations.invite(s, who, firm, "x@example.org", role, None, NOW),
        )
    refused(database, "not_allowed", lambda s: organisations.change(s, otto, firm, owner.id, MEMBER, None, NOW))
    refused(database, "not_allowed", lambda s: organisations.remove(s, eva, firm, otto.id, NOW))
    refused(database, "not_allowed", lambda s: organisations.close(s, otto, firm, NOW))


def test_somebody_with_all_rights_always_stays(database: Database) -> None:
    owner, otto = people(database, "owner", "otto")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    joined(database, owner, firm, otto, OWNER, NOW + DAY)  # an owner for a day is no owner who stays
    refused(database, "last_owner", lambda s: organisations.remove(s, owner, firm, owner.id, NOW))
    refused(database, "last_owner", lambda s: organisations.change(s, owner, firm, owner.id, MEMBER, None, NOW))
    refused(database, "last_owner", lambda s: organisations.change(s, owner, firm, owner.id, OWNER, NOW + DAY, NOW))


def test_a_delegated_owner_cannot_escape_the_end_of_the_delegation(database: Database) -> None:
    owner, otto, eva = people(database, "owner", "otto", "eva")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    joined(database, owner, firm, otto, OWNER, NOW + DAY)
    joined(database, owner, firm, eva, MANAGER, NOW + 2 * DAY)
    for until in (None, NOW + 2 * DAY, NOW + DAY):
        refused(
            database,
            "not_allowed",
            lambda s, until=until: organisations.change(s, otto, firm, otto.id, OWNER, until, NOW),
        )
    refused(database, "not_allowed", lambda s: organisations.remove(s, otto, firm, owner.id, NOW))
    refused(database, "not_allowed", lambda s: organisations.change(s, otto, firm, owner.id, MEMBER, NOW + 1, NOW))
    refused(database, "not_allowed", lambda s: organisations.invite(s, otto, firm, "x@b.de", OWNER, NOW + 1, NOW))
    refused(database, "not_allowed", lambda s: organisations.close(s, otto, firm, NOW))
    refused(database, "beyond", lambda s: organisations.change(s, otto, firm, eva.id, MANAGER, None, NOW))
    database.write(lambda s: organisations.change(s, otto, firm, eva.id, MANAGER, NOW + DAY, NOW))
    database.write(lambda s: organisations.remove(s, otto, firm, otto.id, NOW))


def test_who_manages_for_a_day_gives_nothing_that_lasts_longer(database: Database) -> None:
    owner, otto, eva = people(database, "owner", "otto", "eva")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    joined(database, owner, firm, otto, MANAGER, NOW + 3 * DAY)
    for until in (None, NOW + 3 * DAY + 1):
        refused(
            database,
            "beyond",
            lambda s, until=until: organisations.invite(s, otto, firm, "x@b.de", MEMBER, until, NOW),
        )
    token = invite(database, otto, firm, eva.name, MEMBER, NOW + 3 * DAY)
    database.write(lambda s: organisations.change(s, owner, firm, otto.id, MANAGER, NOW + DAY, NOW))
    refused(database, "gone", lambda s: organisations.accept(s, eva, token, NOW))


def test_a_delegation_ends_by_itself_and_so_does_acting(database: Database) -> None:
    owner, otto = people(database, "owner", "otto")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    joined(database, owner, firm, otto, MEMBER, NOW + DAY)
    key = f"organisation:{firm}"
    database.write(lambda s: acting.act_for(s, otto, key, NOW))
    with database.read() as session:
        acts = api.Person(otto.id, otto.name, frozenset(), session_id=otto.session_id, acting_for=key)
        assert acting.principal(session, acts, NOW + DAY - 1) is not None
        assert acting.principal(session, acts, NOW + DAY) is None
        assert acting.choices(session, otto.id, NOW + DAY) == []
    refused(database, "not_allowed", lambda s: acting.act_for(s, otto, key, NOW + DAY))
    refused(
        database, "too_long", lambda s: organisations.invite(s, owner, firm, "a@b.de", MEMBER, NOW + 400 * DAY, NOW)
    )
    refused(database, "ended", lambda s: organisations.invite(s, owner, firm, "a@b.de", MEMBER, NOW, NOW))


def test_nobody_acts_for_a_stranger(database: Database) -> None:
    owner, otto = people(database, "owner", "otto")
    firm = database.write(lambda s: organisations.create(s, owner, "Salz GmbH", NOW))
    child = database.write(
        lambda s: families.add_child(s, owner, "Mia", "Quelle", date(2024, 2, 1), NOW, date(2027, 1, 15))
    )
    for key in (f"organisation:{firm}", f"child:{child}", "organisation:1 OR 1=1", "person:1"):
        refused(database, "not_allowed", lambda s, key=key: acting.act_for(s, otto, key, NOW))


def test_two_parents_share_a_child_and_the_last_one_takes_it_along(database: Database) -> None:
    rosa, otto, eva = people(database, "rosa", "otto", "eva")
    child = database.write(
        lambda s: families.add_child(s, rosa, " Mia  Sofie", "Quelle", date(2024, 2, 1), NOW, date(2027, 1, 15))
    )
    refused(database, "not_allowed", lambda s: families.share(s, eva, child, otto.name, NOW))
    ear = Ear()
    database.write(lambda s: families.share(s, rosa, child, otto.name, NOW))
    token = ear.last(api.Invited).token
    refused(database, "other_address", lambda s: families.accept(s, eva, token, NOW))
    database.write(lambda s: families.accept(s, otto, token, NOW))
    with database.read() as session:
        (found,) = families.children(session, otto.id, NOW)
        assert (found.first_name, len(found.guardians)) == ("Mia Sofie", 2)
    database.write(lambda s: families.leave(s, rosa, child, NOW))
    with database.read() as session:
        assert families.get(session, rosa.id, child, NOW) is None
        assert families.get(session, otto.id, child, NOW) is not None
    database.write(lambda s: families.leave(s, otto, child, NOW))
    refused(database, "not_allowed", lambda s: families.leave(s, otto, child, NOW))


@pytest.mark.parametrize(
    ("first", "born", "reason"),
    [
        ("", date(2024, 1, 1), "name"),
        ("x" * 61, date(2024, 1, 1), "name"),
        ("Mia", date(2027, 1, 16), "born"),
        ("Mia", date(2000, 1, 1), "born"),
        ("Mi\u202ea", date(2024, 1, 1), "name"),
    ],
)
def test_a_childs_entry_must_make_sense(database: Database, first: str, born: date, reason: str) -> None:
    (rosa,) = people(database, "rosa")
    refused(database, reason, lambda s: families.add_child(s, rosa, first, "Quelle", born, NOW, date(2027, 1, 15)))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 121,
        "Gewinn: https://evil.example",
        "WWW.evil.example",
        "evil.example/pay",
        "a@evil.example",
        "a\u202eb",
    ],
)
def test_a_firms_name_is_no_letter_to_strangers(database: Database, name: str) -> None:
    (rosa,) = people(database, "rosa")
    refused(database, "organisation_name", lambda s: organisations.create(s, rosa, name, NOW))


@pytest.mark.parametrize(
    "name", ["Salz & Söhne GmbH", "Turnverein 1848 e. V.", "Dr.Müller", "S/W-Foto", "wetter.com AG"]
)
def test_usual_names_of_firms_are_taken(database: Database, name: str) -> None:
    (rosa,) = people(database, "rosa")
    assert database.write(lambda s: organisations.create(s, rosa, name, NOW))


def test_nobody_owns_more_than_twenty_firms(database: Database) -> None:
    (rosa,) = people(database, "rosa")
    for number in range(organisations.MAX_OWNED):
        database.write(lambda s, number=number: organisations.create(s, rosa, f"Firma {number}", NOW))
    refused(database, "too_many", lambda s: organisations.create(s, rosa, "Noch eine", NOW))
