"""Everything about a person can be had and is gone after a deletion, table by table."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from hub import app
from hub.account import api as account
from hub.account.api import families, organisations
from hub.account.rules import MemberRole
from hub.account.store import people
from hub.core import audit, events, jobs, retention
from hub.core.db import Base, Database
from hub.inbox import api as inbox
from hub.inbox import messages as inbox_messages
from hub.openid import api as openid
from hub.privacy import api
from hub.settings import Settings
from tests.hub.account.desk import DAY, NOW, PASSWORD, RING, person, register

HOUSE = inbox.House("Bad Rappenau", "https://pass.example")

# Columns that name a person without being deleted with them, each with its reason.
STAYS = {
    "account_erased.person_id": "the number stays taken",
    "account_member.given_by": "a number in somebody else's membership",
    "account_code.made_by": "a number in somebody else's code, gone after half an hour",
}


@pytest.fixture
def holders(tmp_path: Path) -> list[api.Holder]:
    return app.person_data(Settings(state_dir=tmp_path))


@pytest.fixture(autouse=True)
def wired(database: Database) -> None:
    table = {event: list(handlers) for event, handlers in app.EVENTS.items()}
    for event, handler in inbox_messages.handlers(HOUSE).items():
        table.setdefault(event, []).append(handler)
    events.wire(table)


def live_fully(database: Database) -> account.Person:
    """Somebody with something in every table that can hold it."""
    rosa = person(database, register(database, "rosa@example.org"))
    otto = person(database, register(database, "otto@example.org"))

    def live(session) -> None:
        account.login.new_recovery_codes(session, RING, rosa.id, NOW)
        firm = organisations.create(session, rosa, "Rosen GmbH", NOW)
        shared = organisations.create(session, otto, "Salz e. V.", NOW)
        organisations.invite(session, rosa, firm, "neu@example.org", MemberRole.MEMBER, None, NOW)
        families.add_child(session, rosa, "Mia", "Quelle", date(2022, 3, 4), NOW, date(2027, 1, 15))
        families.share(session, rosa, families.children(session, rosa.id, NOW)[0].id, "otto@example.org", NOW)
        account.codes.ask(session, RING, "reset", "rosa@example.org", "de", NOW)
        from hub.account.store import circles, keys, people

        circles.set_member(session, shared, rosa.id, role="member", until=None, given_by=otto.id, created_at=NOW)
        keys.add_passkey(
            session,
            person_id=rosa.id,
            credential_id="abc",
            public_key=b"k",
            sign_count=0,
            backed_up=False,
            name="Handy",
            created_at=NOW,
        )
        link = {"issuer": "https://bund.example", "subject": "s1", "person_id": rosa.id, "level": 2}
        people.link_identity(session, {**link, "linked_at": NOW, "used_at": NOW})
        client = openid.add_client(session, "Bad", ["https://bad.example/x"], [], "https://bad.example/out", NOW)
        found = openid.find_client(session, client.client_id)
        assert found is not None
        scopes = frozenset({"openid", "email"})
        openid.agree(session, rosa, found, scopes, scopes, NOW)
        session.execute(
            text(
                "INSERT INTO openid_grant (id, client_id, person_id, session_id, scope, auth_time, acr, amr, "
                "created_at, used_at, revoked_at) "
                "VALUES ('g1', :client, :person, :session, 'openid', 1, '', '', 1, 1, 0)"
            ),
            {"client": client.client_id, "person": rosa.id, "session": rosa.session_id},
        )

    database.write(live)
    return rosa


def holds(database: Database, person_id: int, mail: str) -> dict[str, int]:
    """table.column -> how many rows name the person, over all tables of the hub."""
    found = {}
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                is_person = any(key.column.table.name == "account_person" for key in column.foreign_keys)
                if is_person or column.name in ("person_id", "given_by", "made_by", "invited_by"):
                    rows = session.execute(select(column).where(column == person_id)).all()
                elif column.name in ("mail", "name") and table.name.startswith("account_"):
                    rows = session.execute(select(column).where(column == mail)).all()
                else:
                    continue
                if rows:
                    found[f"{table.name}.{column.name}"] = len(rows)
    return found


def test_no_row_names_a_deleted_person_but_what_stands_in_the_list(
    database: Database, holders: list[api.Holder]
) -> None:
    rosa = live_fully(database)
    before = holds(database, rosa.id, rosa.name)
    assert len(before) >= 14, before
    database.write(lambda session: api.erase(session, holders, rosa.id, NOW + 1))
    after = holds(database, rosa.id, rosa.name)
    assert set(after) <= set(STAYS), after
    with database.read() as session:
        assert account.find(session, rosa.id) is None
        assert not session.execute(text("SELECT 1 FROM account_child")).all()
        names = [row[0] for row in session.execute(text("SELECT name FROM account_organisation"))]
        assert names == ["Salz e. V."]
        assert audit.verify(session).first_bad is None


def test_services_and_the_mail_address_hear_of_the_deletion(database: Database, holders: list[api.Holder]) -> None:
    rosa = live_fully(database)
    database.write(lambda session: jobs.claim(session, 50, now=NOW + 10, lease_ms=DAY * 400) and None)
    database.write(lambda session: api.erase(session, holders, rosa.id, NOW + 20))
    claimed = database.write(lambda session: jobs.claim(session, 50, now=NOW + 30, lease_ms=1000))
    kinds = {one.kind: one.arguments for one in claimed}
    assert kinds[inbox.MAIL_JOB]["to"] == "rosa@example.org"
    assert "gelöscht" in kinds[inbox.MAIL_JOB]["subject"]
    assert kinds[openid.LOGOUT_JOB]["handle"]


def test_the_number_of_a_deleted_account_is_never_given_again(database: Database, holders: list[api.Holder]) -> None:
    first = register(database, "a@example.org")
    database.write(lambda session: api.erase(session, holders, first, NOW))
    second = register(database, "a@example.org")
    database.write(lambda session: api.erase(session, holders, second, NOW))
    assert register(database, "a@example.org") > second > first


def test_an_owner_whom_others_need_hands_over_first(database: Database, holders: list[api.Holder]) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    otto = register(database, "otto@example.org")
    from hub.account.store import circles

    def found(session) -> int:
        firm = organisations.create(session, rosa, "Rosen GmbH", NOW)
        circles.set_member(session, firm, otto, role="member", until=None, given_by=rosa.id, created_at=NOW)
        return firm

    firm = database.write(found)
    with database.read() as session:
        (obstacle,) = account.personal.obstacles(session, rosa.id, NOW)
    assert (obstacle.kind, obstacle.name) == ("last_owner", "Rosen GmbH")
    with pytest.raises(ValueError, match="cannot be deleted"):
        database.write(lambda session: api.erase(session, holders, rosa.id, NOW))
    with database.read() as session:
        assert inbox.listed(session, rosa.id), "nothing was deleted halfway"
    database.write(lambda s: organisations.change(s, rosa, firm, otto, MemberRole.OWNER, None, NOW))
    database.write(lambda session: api.erase(session, holders, rosa.id, NOW))


def test_the_last_admin_cannot_go(database: Database) -> None:
    account.create_admin(database, "leitstelle", PASSWORD)
    with database.read() as session:
        admin = account.find_by_name(session, "leitstelle")
        assert admin is not None
        assert [one.kind for one in account.personal.obstacles(session, admin.id, NOW)] == ["last_admin"]


def test_the_export_holds_what_the_person_has_and_no_secret(database: Database, holders: list[api.Holder]) -> None:
    rosa = live_fully(database)
    with database.read() as session:
        found = api.collect(session, holders, rosa.id, NOW)
        hashes = [row[0] for row in session.execute(text("SELECT password_hash FROM account_person"))]
    archive = zipfile.ZipFile(io.BytesIO(api.bundle(found, "<p>Seite</p>")))
    told = json.loads(archive.read("daten.json"))
    assert sorted(archive.namelist()) == ["daten.html", "daten.json"]
    assert told["account"]["mail"] == "rosa@example.org"
    assert told["account"]["children"][0]["born"] == "2022-03-04"
    assert {one["name"] for one in told["account"]["organisations"]} == {"Rosen GmbH", "Salz e. V."}
    assert told["openid"]["connections"][0]["scopes"] == "email openid"
    assert any(one["action"] == "account.child-added" for one in told["audit"]["entries"])
    assert told["inbox"]["threads"]
    text_of_all = json.dumps(told)
    assert not any(secret in text_of_all for secret in hashes if secret)


def test_unused_accounts_are_warned_and_deleted_and_a_log_in_saves_them(
    database: Database, holders: list[api.Holder]
) -> None:
    rosa, otto = register(database, "rosa@example.org"), register(database, "otto@example.org")
    for one in (rosa, otto):
        person(database, one)
    rules = api.unused_accounts(holders)
    later = NOW + 731 * DAY
    assert [count for _, count in retention.run(database, rules, NOW + 700 * DAY)] == [0, 0]
    assert [count for _, count in retention.run(database, rules, later)] == [2, 0]
    assert [count for _, count in retention.run(database, rules, later + DAY)] == [0, 0], "warned once"
    person(database, otto, now=later + 2 * DAY)
    assert [count for _, count in retention.run(database, rules, later + 30 * DAY, dry=True)] == [0, 1]
    assert [count for _, count in retention.run(database, rules, later + 30 * DAY)] == [0, 1]
    with database.read() as session:
        assert account.find(session, rosa) is None
        assert account.find(session, otto) is not None


@pytest.mark.thorough
def test_a_night_of_many_erasures_lets_others_write_in_between(
    database: Database, holders: list[api.Holder], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + 800 * DAY
    for number in range(120):
        one = register(database, f"p{number}@example.org", None)
        database.write(lambda s, one=one: people.change_person(s, one, seen_at=NOW, warned_at=NOW + 740 * DAY))
    (_warn, rule), erase = api.unused_accounts(holders), api.erase
    erased: list[object] = []

    def counted(session, *arguments) -> None:
        erased.append(arguments)
        erase(session, *arguments)

    monkeypatch.setattr(api, "erase", counted)
    assert retention.run(database, [rule], later, dry=True)[0][1] == 120
    erased.clear()
    wrote: list[int] = []
    write = database.write
    monkeypatch.setattr(database, "write", lambda work: wrote.append(len(erased)) or write(work))
    assert retention.run(database, [rule], later)[0][1] == 120
    steps = [after - before for before, after in zip(wrote, [*wrote[1:], len(erased)], strict=True)]
    assert steps == [50, 50, 20]


def test_two_owners_who_both_went_away_do_not_block_the_night(database: Database, holders: list[api.Holder]) -> None:
    rosa = person(database, register(database, "rosa@example.org"))
    otto, third = register(database, "otto@example.org"), register(database, "third@example.org")
    from hub.account.store import circles

    def found(session) -> None:
        firm = organisations.create(session, rosa, "Rosen GmbH", NOW)
        for one, role in ((otto, "owner"), (third, "member")):
            circles.set_member(session, firm, one, role=role, until=None, given_by=rosa.id, created_at=NOW)

    database.write(found)
    rules, later = api.unused_accounts(holders), NOW + 731 * DAY
    retention.run(database, rules, later)
    counts = [count for _, count in retention.run(database, rules, later + 30 * DAY)]
    assert counts == [0, 2], "one owner stays as long as the member does"


def test_a_dry_run_counts_and_changes_nothing(database: Database) -> None:
    rosa = register(database, "rosa@example.org")
    rules = [
        retention.Rule(
            "everything", "not at all", lambda s, _now: s.execute(text("DELETE FROM account_person")).rowcount
        )
    ]
    assert retention.run(database, rules, NOW, dry=True)[0][1] == 1
    with database.read() as session:
        assert account.find(session, rosa) is not None


def test_every_rule_of_the_night_runs(database: Database, tmp_path) -> None:
    found = retention.run(database, app.retention_rules(Settings(state_dir=tmp_path)), NOW)
    assert len(found) >= 6
