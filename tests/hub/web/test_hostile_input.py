"""Every route of the hub, called with NULs and with numbers that no row can have, on SQLite and PostgreSQL."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import app as wiring
from hub.account import api as account
from hub.account.api.keyring import new_handle
from hub.account.store import people
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Base, Database
from hub.settings import Settings

pytestmark = pytest.mark.thorough

SOURCE = Path(wiring.__file__).parent
# every name under which some page reads its query or form
NAMES = sorted(
    {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r"""(?:args|form|values|arguments)\.get\("(\w+)"|number\("(\w+)"\)""", path.read_text())
        for name in name
        if name
    }
)
NUMBERS = (str(2**31 - 1), str(2**31), "9" * 25, "9" * 5000)
ENDED_BY_ITSELF = {"account.log_out", "openid_logout.confirmed"}


class House:
    """The hub as a member of staff with every role sees it."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self.person = database.write(self._staff)

    @staticmethod
    def _staff(session) -> int:
        row = people.add_person(session, name="leitung@example.org", handle=new_handle(), created_at=now_ms())
        for role in account.staff.ROLES:
            people.add_role(session, row.id, role)
        return row.id

    def browser(self) -> tuple[FlaskClient, str]:
        """Freshly logged in, with the token of its forms."""
        proof = account.Proof(self.person, frozenset({"swk", "user"}))
        token = self.database.write(lambda s: account.sessions.open_session(s, proof, now_ms()))
        client = self.app.test_client()
        client.set_cookie("sk_session", token)
        return client, client.get("/konto").text.split('name="csrf" value="')[1].split('"')[0]

    def addresses(self, number: str, text: str) -> Iterator[tuple[str, str, str]]:
        """(endpoint, method, path) of every route with these values in it."""
        for rule in self.app.url_map.iter_rules():
            path = re.sub(r"<int:\w+>", number, rule.rule)
            path = re.sub(r"<[^>]+>", text, path)
            for method in (rule.methods or set()) & {"GET", "POST"}:
                yield rule.endpoint, method, path


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    app = wiring.create_app(Settings(state_dir=tmp_path, database_url=database_url, demo=True))
    yield House(app, database)
    events.wire({})
    database.close()
    app.extensions["database"].close()


def broken(house: House, number: str, text: str, values: dict[str, str]) -> list[tuple[str, str, int]]:
    """Requests that were answered with a fault of ours."""
    client, token = house.browser()
    found = []
    for endpoint, method, path in house.addresses(number, text):
        if method == "GET":
            answer = client.get(path, query_string=values)
        else:
            answer = client.post(path, data={"csrf": token} | values)
        if answer.status_code >= 500:
            found.append((method, path[:80], answer.status_code))
        if endpoint in ENDED_BY_ITSELF or answer.status_code == 401:
            client, token = house.browser()
    return found


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: f"{len(text)} digits")
def test_no_number_in_an_address_or_a_form_breaks_a_page(house: House, number: str) -> None:
    assert broken(house, number, number[:200], dict.fromkeys(NAMES, number[:200])) == []


def test_no_nul_in_a_path_breaks_a_page(house: House) -> None:
    assert broken(house, "1", "a%00b", {}) == []


def test_no_nul_in_a_query_or_a_form_breaks_a_page(house: House) -> None:
    assert len(NAMES) > 40
    assert broken(house, "1", "a", dict.fromkeys(NAMES, "a\x00b")) == []
    assert broken(house, "1", "a", {"a\0b": "1"}) == []


@pytest.mark.parametrize("name", ["mail", "code", "code_id", "client_id", "name", "next", "display_name", "person"])
def test_one_nul_alone_breaks_no_page(house: House, name: str) -> None:
    """The other values are of the kind that is wanted, so that pages read on."""
    good = dict.fromkeys(NAMES, "1") | {"mail": "a@example.org", "sure": "", "password": "vier zufällige wörter am see"}
    assert broken(house, "1", "a", good | {name: "a\0@example.org"}) == []


def test_a_nul_is_answered_as_each_door_speaks(house: House) -> None:
    client, token = house.browser()
    page = client.get("/anmelden?next=/%00")
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert client.post("/anmelden", data={"csrf": token, "name": "a\0", "password": "x"}).status_code == 400
    for path in ("/oauth/token", "/oauth/par", "/oauth/revoke"):
        answer = client.post(path, data={"client_id": "a\0", "grant_type": "refresh_token"})
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    answer = client.get("/api/parking/sites?a=%00")
    assert (answer.status_code, answer.mimetype) == (400, "application/json")


def test_a_nul_in_the_name_of_a_service_is_a_wrong_service(house: House) -> None:
    """In the header, base 64 or percent, where no form looks."""
    for name in ("a\0", "a%00"):
        answer = house.app.test_client().post(
            "/oauth/token", data={"grant_type": "refresh_token", "refresh_token": "x"}, auth=(name, "secret")
        )
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["a\0", "\ud800", "9" * 5000])
def test_machines_get_an_answer_to_strange_json(house: House, text: str) -> None:
    client = house.app.test_client()
    for path in ("/api/fleet/enrol", "/api/fleet/renew"):
        answer = client.post(path, json=dict.fromkeys(("code", "csr", "certificate", "proof"), text))
        assert answer.status_code == 400


def test_a_file_with_a_nul_in_its_name_is_not_taken(house: House) -> None:
    client, token = house.browser()
    for name, filename in (("files", "a\0.pdf"), ("fi\0les", "a.pdf")):
        answer = client.post("/konto/postfach/neu", data={"csrf": token, name: (io.BytesIO(b"x"), filename)})
        assert answer.status_code == 400
