"""The audit log's page: readable, filtered, checked on demand, exported; and no way to change an entry."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

import hub
from hub.account import api as account
from hub.account.store import people
from hub.app import JOBS
from hub.core import audit
from hub.core.audit import Entry
from hub.core.clock import now_ms
from hub.core.db import Session
from hub.doors import ACCESS
from hub.openid import api as openid
from hub.operations import api
from hub.operations.web import log, words
from tests.hub.dashboard.conftest import MARKET, Town

PATH = "/admin/protokoll"
DAY = 86_400_000


def page(client: FlaskClient, **query: str | int) -> str:
    answer = client.get(PATH, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def post(client: FlaskClient, action: str, **fields: str) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', page(client))
    assert token is not None
    return client.post(f"{PATH}/{action}", data={"csrf": token.group(1), **fields})


def note(town: Town, action: str = "account.login", actor: str = "person:7", subject: str = "", at: int = 0, **details):
    moment = at or now_ms()
    town.database.write(
        lambda session: audit.note(session, action, actor=actor, subject=subject, now=moment, details=details)
    )


def many(town: Town, count: int, actor: str = "person:7") -> None:
    """Entries of one transaction."""

    def work(session: Session) -> None:
        for _ in range(count):
            audit.note(session, "account.login", actor=actor, subject=actor, now=now_ms())

    town.database.write(work)


@pytest.fixture
def german(app: flask.Flask) -> Iterator[None]:
    """Inside a request, where texts have a language."""
    with app.test_request_context():
        yield


def numbers(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'op-nr">(\d+)<', html)]


def citizen(town: Town, name: str = "rosa@example.org") -> int:
    return town.database.write(
        lambda session: people.add_person(session, name=name, handle=name, created_at=1, seen_at=1).id
    )


def test_only_an_admin_sees_it_and_presses_its_buttons(app: flask.Flask, admin: FlaskClient) -> None:
    stranger = app.test_client()
    assert stranger.get(PATH).status_code == 303
    for action in ("pruefung", "export"):
        assert stranger.post(f"{PATH}/{action}").status_code in (401, 403)
        assert admin.post(f"{PATH}/{action}").status_code == 403, "without a form token"


def test_entries_are_sentences_in_both_languages_the_newest_first(admin: FlaskClient, town: Town) -> None:
    note(town, "fleet.commanded", "person:1", f"node:{MARKET}", command="restart")
    html = page(admin)
    assert numbers(html) == sorted(numbers(html), reverse=True)
    assert "Befehl an einen Knoten" in html
    assert "Befehl: restart" in html
    assert f'href="/admin/knoten/{MARKET}"' in html
    assert "Command to a node" in page(admin, lang="en")


def test_citizens_stay_numbers_staff_have_names_and_the_deleted_are_called_so(admin: FlaskClient, town: Town) -> None:
    rosa = citizen(town)
    note(town, "account.identified", "person:1", f"person:{rosa}")
    note(town, "account.erased", "person:99", "person:99")
    html = page(admin)
    assert f"Konto {rosa}" in html
    assert "rosa" not in html.replace("prosa", "")
    assert "gelöschtes Konto 99" in html
    assert re.search(r'href="/admin/rollen#konto-1">Konto 1 <span class="sk-leise">\(leitstelle\)', html)
    town.database.write(lambda session: people.delete_person(session, rosa, 1))
    assert f"gelöschtes Konto {rosa}" in page(admin)


def test_who_acts_for_somebody_is_shown_with_them_and_services_have_their_names(admin: FlaskClient, town: Town) -> None:
    made = town.database.write(
        lambda session: openid.add_client(session, "Stadtwerke", ["https://sw.example/cb"], [], "", 5)
    )
    note(town, "account.member-invited", "person:1 for organisation:3", "person:1")
    note(town, "openid.consent", "person:1", f"client:{made.client_id}")
    html = page(admin)
    assert "Firma oder Verein 3" in html
    assert "Dienst Stadtwerke" in html
    assert "Kommandozeile" in html


def test_filters_find_what_was_asked_for(admin: FlaskClient, town: Town) -> None:
    now = now_ms()
    note(town, "account.role-given", "person:17", "person:170", now - 10 * DAY)
    note(town, "account.login", "person:17 for child:3", "person:17", now - 5 * DAY)
    note(town, "account.login", "person:171", "person:171", now - 5 * DAY)
    note(town, "fleet.commanded", "person:17", "node:17", now)
    with town.database.read() as session:
        first, second, third, last = (one.number for one in audit.newest(session, 4)[::-1])
    day = lambda days: log.i18n.local(now - days * DAY).date().isoformat()  # noqa: E731
    assert numbers(page(admin, konto=17)) == [last, second, first]
    assert numbers(page(admin, vorgang="account.role-given", konto=17)) == [first]
    assert numbers(page(admin, betrifft=17)) == [last, second]
    assert numbers(page(admin, betrifft="node:17")) == [last]
    assert numbers(page(admin, von=day(5), bis=day(5))) == [third, second]
    assert numbers(page(admin, bis=day(6))) == [first]
    assert "Dazu gibt es keinen Eintrag." in page(admin, konto=4711)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"von": "gestern"}, "Das ist kein Tag"),
        ({"bis": "9999-12-31"}, "Das ist kein Tag"),
        ({"konto": "rosa"}, "Ein Konto hat eine Nummer"),
        ({"konto": "٣"}, "Ein Konto hat eine Nummer"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_input_stays(admin: FlaskClient, query: dict[str, str], said: str) -> None:
    html = page(admin, **query)
    assert said in html
    assert f'value="{next(iter(query.values()))}"' in html


@pytest.mark.parametrize(
    "query",
    [
        {"vorgang": "x' OR 1=1"},
        {"betrifft": "%"},
        {"betrifft": "a:" + "x" * 500},
        {"vor": "x"},
        {"nach": "-1"},
        {"vor": "9" * 30},
    ],
)
def test_a_strange_address_is_no_error(admin: FlaskClient, query: dict[str, str]) -> None:
    page(admin, **query)


def test_pages_follow_each_other_in_both_directions_without_gaps(admin: FlaskClient, town: Town) -> None:
    many(town, 120)
    found, html = numbers(page(admin)), page(admin)
    seen = [found]
    while older := re.search(r'vor=(\d+)[^"]*#eintraege', html):
        html = page(admin, vor=older.group(1))
        seen.append(numbers(html))
    every = [number for some in seen for number in some]
    assert every == list(range(every[0], 0, -1))
    assert all(len(some) == 50 for some in seen[:-1])
    back = re.search(r'nach=(\d+)[^"]*#eintraege', html)
    assert back is not None
    assert numbers(page(admin, nach=back.group(1))) == seen[-2]


def test_a_filter_stays_while_one_turns_pages(admin: FlaskClient, town: Town) -> None:
    many(town, 60, "person:17")
    older = re.search(r'href="([^"]*vor=\d+[^"]*)"', page(admin, konto=17))
    assert older is not None
    assert "konto=17" in older.group(1)


def test_the_chain_is_checked_on_demand_and_the_check_is_an_entry(admin: FlaskClient, town: Town) -> None:
    assert "Kette noch nicht geprüft" in page(admin)
    many(town, 1200)
    assert post(admin, "pruefung").status_code == 303
    html = page(admin)
    with town.database.read() as session:
        newest, before = audit.newest(session, 2)
    assert "Kette vollständig" in html
    assert f"{log.i18n.number(before.number, 'de')} Einträge" in html
    assert (newest.action, newest.actor) == ("audit.checked", "person:1")
    assert json.loads(newest.details) == {"entries": before.number, "head": before.hash}


def tamper(town: Town) -> None:
    for statement in (
        "DROP TRIGGER audit_no_update",
        "UPDATE audit_entry SET actor = 'person:2', details = '=cmd()' WHERE number = 1",
    ):
        town.database.write(lambda session, one=statement: session.execute(text(one)) and None)


def test_a_broken_chain_is_said_and_the_page_still_comes(admin: FlaskClient, town: Town) -> None:
    tamper(town)
    post(admin, "pruefung")
    html = page(admin)
    assert "Kette unterbrochen" in html
    assert "ab Eintrag 1" in html


def test_json_lines_are_those_of_the_command_line_up_to_the_exports_own_entry(admin: FlaskClient, town: Town) -> None:
    many(town, 2100)
    answer = post(admin, "export", format="jsonl")
    rows = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["action"] == "audit.exported"
    assert (rows[-1]["actor"], json.loads(rows[-1]["details"])) == ("person:1", {"format": "jsonl"})
    assert re.fullmatch(r'attachment; filename="protokoll-[\d-]+\.jsonl"', answer.headers["Content-Disposition"])
    assert audit.entry_hash(rows[0]["hash"], *list(rows[1].values())[:-1]) == rows[1]["hash"]


def test_an_export_is_sent_while_it_is_read(admin: FlaskClient, town: Town) -> None:
    note(town)
    answer = post(admin, "export", format="csv")
    assert answer.is_streamed


def test_a_csv_holds_the_filtered_entries_alone_and_the_log_says_which(admin: FlaskClient, town: Town) -> None:
    note(town, actor="person:17")
    note(town, "account.role-given", "person:17", "person:5", role="admin")
    answer = post(admin, "export", format="csv", konto="17", vorgang="account.role-given")
    body = answer.get_data(as_text=True)
    assert body.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(body.removeprefix("\ufeff")), delimiter=";")
    assert header == list(log.COLUMNS)
    assert [row[2:5] for row in rows] == [["person:17", "account.role-given", "person:5"]]
    with town.database.read() as session:
        (entry,) = audit.newest(session, 1)
    assert json.loads(entry.details) == {"format": "csv", "actor": "person:17", "action": "account.role-given"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    """An honest entry never begins like that; one that somebody wrote into the database may."""
    evil = f"{start}HYPERLINK(1)"
    body = "".join(log.as_csv(iter([[Entry(1, 0, evil, evil, evil, evil, evil)]]))).removeprefix("\ufeff")
    _, row = csv.reader(io.StringIO(body, newline=""), delimiter=";")
    assert row[2:] == [f"'{evil}"] * 5


def test_a_filter_that_cannot_be_read_exports_nothing(admin: FlaskClient, town: Town) -> None:
    assert post(admin, "export", format="csv", von="gestern").status_code == 400
    with town.database.read() as session:
        assert not audit.newest(session, 1, wanted=audit.Wanted(action="audit.exported"))


def test_no_route_changes_entries(app: flask.Flask, admin: FlaskClient, town: Town) -> None:
    """Three addresses, of which two only add; every other method is refused, and the old entries stay as they are."""
    note(town)
    rules = {(rule.endpoint, rule.rule) for rule in app.url_map.iter_rules() if rule.endpoint.startswith("audit.")}
    assert rules == {("audit.overview", PATH), ("audit.check", f"{PATH}/pruefung"), ("audit.export", f"{PATH}/export")}
    with town.database.read() as session:
        before = audit.following(session, 100)
    for path in (PATH, f"{PATH}/pruefung", f"{PATH}/export"):
        for method in ("put", "patch", "delete"):
            assert getattr(admin, method)(path).status_code in (403, 405)
    post(admin, "pruefung")
    post(admin, "export")
    with town.database.read() as session:
        assert audit.following(session, len(before)) == before
        assert audit.verify(session).first_bad is None


def test_a_log_in_of_long_ago_is_not_enough_to_export(app: flask.Flask, admin: FlaskClient, town: Town) -> None:
    def old(session: Session) -> str:
        return account.sessions.open_session(session, account.Proof(1, frozenset({"pwd"})), now_ms() - 11 * 60_000)

    client = app.test_client()
    client.set_cookie("sk_session", town.database.write(old))
    assert client.get(PATH).status_code == 200
    for action in ("pruefung", "export"):
        assert post(client, action).headers["Location"].startswith("/anmelden/bestaetigen?")
    with town.database.read() as session:
        found = audit.newest(session, 1)[0]
    assert found.action == "account.login"
    assert all(ACCESS[endpoint].fresh for endpoint in ("audit.check", "audit.export"))


SOURCE = Path(hub.__file__).parent
NOTES = {"note": ("", 1), "record": ("account.", 2), "record_change": ("account.", 2)}


def used_actions() -> Iterator[tuple[str, str]]:
    """(file, action) of every literal that reaches the audit log through note, record or record_change."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if not isinstance(node, ast.Call) or name not in NOTES:
                continue
            prefix, place = NOTES[name]
            action = node.args[place] if len(node.args) > place else None
            if isinstance(action, ast.Constant) and isinstance(action.value, str):
                yield str(file.relative_to(SOURCE)), prefix + action.value


LITERAL = re.compile(r'"((?:account|privacy|openid|fleet|radio|jobs|tasks|audit)\.[a-z]+(?:-[a-z]+)*)"')


@pytest.mark.usefixtures("german")
def test_every_action_of_the_code_has_words() -> None:
    known = words.actions()
    passed_on = {  # through a variable: _keep, _revoke, _noted
        (str(file.relative_to(SOURCE)), action)
        for file in SOURCE.rglob("api/*.py")
        for action in LITERAL.findall(file.read_text())
    }
    used = {one for one in set(used_actions()) | passed_on if one[1] not in ACCESS}
    assert len(used) > 40
    assert {one for one in used if one[1] not in known} == set()
    assert {action.split(".")[0] for action in known} == set(words.areas())


@pytest.mark.usefixtures("german")
def test_every_kind_of_job_has_words() -> None:
    assert set(JOBS) == set(words.kinds())


def _is_of_details(node: ast.AST) -> bool:
    """details={...} in a call, or a variable of this name."""
    if isinstance(node, ast.keyword):
        return node.arg == "details"
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(one, ast.Name) and one.id == "details" for one in targets)


@pytest.mark.usefixtures("german")
def test_every_detail_of_the_code_has_a_word() -> None:
    keys = {
        key.value
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if _is_of_details(node) and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    }
    assert {"command", "version", "kind"} - {"version"} <= keys | {"version"}
    assert keys <= set(words.details())


def test_no_page_shows_a_raw_code(app: flask.Flask, admin: FlaskClient, town: Town) -> None:
    with app.test_request_context():
        known = words.actions()
    for action in known:
        note(town, action)
    for lang in ("de", "en"):
        html = page(admin, lang=lang)
        shown = re.findall(r'op-was">([^<]+)<', html)
        assert len(shown) == 50
        assert set(shown).isdisjoint(known)


def test_a_batch_ends_where_the_export_began(town: Town) -> None:
    for _ in range(5):
        note(town)
    found = [entry.number for some in api.batches(town.database, audit.ALL, 3) for entry in some]
    assert found == [1, 2, 3]
