"""A technician's doors: nodes and rollouts open, people and money shut; one node alone for who has the role for it."""

import re
from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient

from hub.account import api as account
from hub.account.store import people
from hub.core.clock import now_ms
from hub.doors import ACCESS
from tests.hub.dashboard.conftest import LAKE, MARKET, Town

Log = Callable[..., FlaskClient]
THEIRS = {"fleet_pages", "nodes", "node_history", "node_settings", "node_preview", "node_update", "rollouts"}


@pytest.fixture
def log_in(app: flask.Flask, town: Town) -> Log:
    """A browser of somebody with these (role, scope) pairs."""

    def open_one(*grants: tuple[str, str]) -> FlaskClient:
        def make(session) -> str:
            row = people.add_person(session, name=f"{len(grants)}@example.org", handle=b"h", created_at=now_ms())
            for role, scope in grants:
                people.add_role(session, row.id, role, scope)
            proof = account.Proof(row.id, frozenset({"swk", "user"}))
            return account.sessions.open_session(session, proof, now_ms())

        client = app.test_client()
        client.set_cookie("sk_session", town.database.write(make))
        return client

    return open_one


def staff_doors(app: flask.Flask, method: str) -> list[tuple[str, str]]:
    """(endpoint, an address) of every door that asks for a role."""
    everybody = ("public", "machine", "person")
    found = []
    for rule in app.url_map.iter_rules():
        if ACCESS[rule.endpoint].who in everybody or method not in (rule.methods or ()):
            continue
        values = dict.fromkeys(rule.arguments, "1") | {"name": MARKET, "kind": "csv", "at": "1"}
        with app.test_request_context():
            found.append((rule.endpoint, flask.url_for(rule.endpoint, **{key: values[key] for key in rule.arguments})))
    return found


def test_of_all_staff_doors_a_technician_passes_exactly_those_of_the_nodes(app: flask.Flask, log_in: Log) -> None:
    client = log_in(("technician", ""))
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/konto").text)
    assert token is not None
    for method in ("GET", "POST"):
        doors = staff_doors(app, method)
        assert doors
        for endpoint, path in doors:
            status = client.open(path, method=method, data={"csrf": token[1]} if method == "POST" else None).status_code
            assert (status != 403) == (endpoint.partition(".")[0] in THEIRS), f"{method} {path}: {status}"


def test_what_a_technician_sees_leads_nowhere_that_is_shut(app: flask.Flask, log_in: Log, town: Town) -> None:
    town.status(MARKET)
    client = log_in(("technician", ""))
    for page in (
        "/admin/knoten",
        f"/admin/knoten/{MARKET}",
        f"/admin/knoten/{MARKET}/verlauf",
        "/admin/rollouts",
        "/konto",
    ):
        for link in set(re.findall(r'href="(/(?:admin|buergerbuero|kasse)[^"#]*)', client.get(page).text)):
            assert client.get(link.replace("&amp;", "&")).status_code == 200, f"{page} leads to {link}"


def test_a_role_for_one_node_opens_that_node_alone(log_in: Log) -> None:
    client = log_in(("technician", LAKE))
    assert client.get(f"/admin/knoten/{LAKE}").status_code == 200
    assert client.get(f"/admin/knoten/{LAKE}/verlauf").status_code == 200
    assert f'href="/admin/knoten/{LAKE}"' in client.get("/konto").text
    for path in (f"/admin/knoten/{MARKET}", f"/admin/knoten/{MARKET}/werte.csv", "/admin/knoten", "/admin/rollouts"):
        assert client.get(path).status_code == 403, path
    links = re.findall(r'href="(/admin[^"#]*)', client.get(f"/admin/knoten/{LAKE}").text)
    assert {client.get(link).status_code for link in links} <= {200}


@pytest.mark.parametrize("role", ["clerk", "editor", "warden", "cashier"])
def test_nobody_else_comes_in(log_in: Log, role: str) -> None:
    client = log_in((role, ""))
    for path in ("/admin/knoten", f"/admin/knoten/{MARKET}", "/admin/rollouts"):
        assert client.get(path).status_code == 403


def test_a_technician_identifies_restarts_and_blocks(log_in: Log, town: Town) -> None:
    client = log_in(("technician", ""))
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(f"/admin/knoten/{MARKET}").text)
    assert token is not None
    for path, fields in (
        ("befehl", {"befehl": "identify"}),
        ("befehl", {"befehl": "restart"}),
        ("sperren", {"geraet": "1a2b3c4d"}),
        ("ring", {"ring": "canary"}),
    ):
        answer = client.post(f"/admin/knoten/{MARKET}/{path}", data={"csrf": token[1], **fields})
        assert answer.status_code == 303, path


@pytest.mark.parametrize("scope", ["", MARKET])
def test_every_navigation_of_a_technician_has_links_and_the_way_out(log_in: Log, scope: str) -> None:
    page = log_in(("technician", scope)).get(f"/admin/knoten/{MARKET}").text
    navigations = re.findall(r'<nav class="ad-nav".*?</nav>', page, re.DOTALL)
    assert navigations
    assert all("<a " in one for one in navigations)
    assert 'href="/konto"' in navigations[0]
    assert 'class="ad-abmelden"' in navigations[0]
