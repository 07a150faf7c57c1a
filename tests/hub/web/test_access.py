"""The access table: roles, scopes out of the address, and a fresh log-in for whatever staff change."""

from dataclasses import dataclass, replace

import flask
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hub.core.web import MACHINE, PERSON, PUBLIC, Door, Porter, access
from hub.doors import ACCESS, DEMO_ACCESS

HEAD = Door("kita_head", scope="kita")
HEAD_ACTS = replace(HEAD, fresh=True)


@dataclass(frozen=True)
class Somebody:
    """Who sends a request, as far as doors look at them."""

    grants: frozenset[tuple[str, str]]
    id: int = 1
    name: str = "rosa"
    level: int = 1
    fresh: bool = True

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, scope in self.grants if not scope)


class House:
    """A small application with one Kita's page; `visitor` is who asks."""

    def __init__(self) -> None:
        self.visitor: Somebody | None = None
        self.app = Flask("house")
        self.app.add_url_rule("/kita/<kita>", "kita.page", lambda kita: f"in {kita}")
        self.app.add_url_rule("/kita/<kita>", "kita.change", lambda kita: f"changed {kita}", methods=["POST"])
        self.app.add_url_rule("/kita", "kita.all", lambda: "all")
        table = {"kita.page": HEAD, "kita.change": HEAD_ACTS, "kita.all": Door("kita_head"), "static": PUBLIC}
        porter = Porter(lambda: self.visitor, lambda _door, _person: flask.redirect("/anmelden", 303), lambda it: it)
        access.install(self.app, table, porter)

    def ask(self, path: str, *grants: tuple[str, str], method: str = "GET", fresh: bool = True) -> int:
        """The status that somebody with these grants gets."""
        self.visitor = Somebody(frozenset(grants), fresh=fresh)
        return self.app.test_client().open(path, method=method).status_code


@pytest.fixture
def house() -> House:
    return House()


def test_who_heads_one_kita_comes_into_that_one_alone(house: House) -> None:
    salzwichtel = ("kita_head", "salzwichtel")
    assert house.ask("/kita/salzwichtel", salzwichtel) == 200
    assert house.ask("/kita/rosengarten", salzwichtel) == 403
    assert house.ask("/kita/rosengarten", salzwichtel, method="POST") == 403
    assert house.ask("/kita/rosengarten", salzwichtel, ("kita_head", "rosengarten")) == 200


def test_a_role_without_a_scope_holds_everywhere(house: House) -> None:
    assert house.ask("/kita/salzwichtel", ("kita_head", "")) == 200
    assert house.ask("/kita", ("kita_head", "")) == 200


def test_a_role_for_one_place_does_not_open_a_door_without_a_scope(house: House) -> None:
    assert house.ask("/kita", ("kita_head", "salzwichtel")) == 403


def test_another_role_for_the_same_place_opens_nothing(house: House) -> None:
    assert house.ask("/kita/salzwichtel", ("cook", "salzwichtel")) == 403
    assert house.ask("/kita/salzwichtel", ("kita_head", "")) == 200
    assert house.ask("/kita/salzwichtel") == 403


def test_the_place_is_that_of_the_address_and_nothing_else(house: House) -> None:
    mine = ("kita_head", "salzwichtel")
    for path in ("/kita/rosengarten?kita=salzwichtel", "/kita/Salzwichtel", "/kita/salzwichtel%20", "/kita/%73alz"):
        assert house.ask(path, mine) == 403
    assert house.ask("/kita/%73alzwichtel", mine) == 200, "the same address in another spelling"


def test_a_scoped_door_asks_for_a_fresh_log_in_as_others_do(house: House) -> None:
    mine = ("kita_head", "salzwichtel")
    assert house.ask("/kita/salzwichtel", mine, method="POST", fresh=False) == 303
    assert house.ask("/kita/salzwichtel", mine, method="POST") == 200
    assert house.ask("/kita/rosengarten", mine, method="POST", fresh=False) == 403, "no log-in would help"


def test_a_door_whose_scope_is_no_argument_of_its_route_stops_the_start() -> None:
    made = Flask("wrong")
    made.add_url_rule("/kita/<name>", "kita.page", lambda name: name)
    porter = Porter(lambda: None, lambda _door, _person: "", lambda it: it)
    with pytest.raises(ValueError, match="<kita>"):
        access.install(made, {"kita.page": HEAD}, porter)


words = st.text("ab", max_size=3)


@given(st.sets(st.tuples(words, words)), words, words, words)
def test_a_door_opens_for_the_role_everywhere_or_in_the_place_of_the_address(grants, who, place, other) -> None:
    scoped, plain = Door(who, scope="kita"), Door(who)
    assert access.admits(plain, grants, {}) == ((who, "") in grants)
    expected = (who, "") in grants or (who, place) in grants
    assert access.admits(scoped, grants, {"kita": place, "name": other}) == expected


def test_the_roles_that_pass_as_well_pass_where_they_hold_everywhere(house: House) -> None:
    door = Door("technician", scope="name", also=("admin",))
    for grant, opens in (
        (("technician", ""), True),
        (("technician", "market"), True),
        (("technician", "lake"), False),
        (("admin", ""), True),
        (("admin", "market"), False),
        (("clerk", ""), False),
    ):
        assert access.admits(door, {grant}, {"name": "market"}) == opens, grant


def test_everything_that_staff_change_asks_for_a_fresh_log_in(web_app: Flask) -> None:
    """Every method that is no reading one, behind a door that asks for a role."""
    changing = {
        rule.endpoint for rule in web_app.url_map.iter_rules() if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    everybody = {door.who for door in (PUBLIC, MACHINE, PERSON)}
    table = ACCESS | DEMO_ACCESS
    staff = {endpoint for endpoint in changing if table[endpoint].who not in everybody}
    assert {"nodes.ask", "counter.identify", "tasks.take", "audit.export", "operations.pause"} <= staff
    letters = {"office.write", "office.reply", "office.close"}  # the day's letters, which change nobody's rights
    pages = {
        "counter.search",
        "office.write_to",
        "permits.search",
    }  # they change nothing; what is sought stands in no log
    checks = {"wardens.check", "wardens.later"}  # a whole shift in the street; they read, and note that they did
    assert {endpoint for endpoint in staff if not table[endpoint].fresh} == letters | pages | checks


def test_reading_pages_of_staff_change_nothing_and_so_ask_for_no_fresh_log_in(web_app: Flask) -> None:
    for rule in web_app.url_map.iter_rules():
        methods = rule.methods or set()
        if ACCESS[rule.endpoint].who in ("admin", "technician") and ACCESS[rule.endpoint].fresh:
            assert "GET" not in methods, rule
