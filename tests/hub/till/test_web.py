"""The calls of tills and the pages around them, without a browser."""

import base64
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import __main__ as command_line
from hub import app as wiring
from hub import setup
from hub.account import api as account
from hub.account.store import people
from hub.core import events
from hub.core.clock import now_ms
from hub.payments import api as payments
from hub.settings import Settings
from hub.setup import tills
from hub.till.gateway import Signer
from tests import ready
from tests.hub.account.desk import register
from tests.hub.till.phones import LonelyTill, Phone
from tests.hub.web.conftest import form_token

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(state_dir=tmp_path_factory.mktemp("hub"))
    ready.migrate(made)
    setup.seed(made)
    return made


@pytest.fixture(scope="module")
def web_app(settings: Settings) -> Iterator[Flask]:
    made = wiring.create_app(settings)
    yield made
    events.wire({})
    made.extensions["database"].close()


class Shop:
    """A till with its key, and a guest with a phone and 50.00."""

    def __init__(self, app: Flask, settings: Settings, name: str) -> None:
        self.app, self.client, self.database = app, app.test_client(), app.extensions["database"]
        self.name, self.alone = name, LonelyTill()
        self.key = json.loads(tills.add_till(settings, name, "pool", as_json=True))["key"]
        self.guest = register(self.database, f"{name}@example.org", now=now_ms())
        with self.database.read() as session:
            person = account.find(session, self.guest)
        self.phone = Phone(self.database, person, now_ms())
        line = payments.Line("bank", f"wallet:person:{self.guest}", 5_000)
        self.database.write(lambda s: payments.transfer(s, f"fill {name}", [line], now_ms(), "test"))

    def call(self, method: str, path: str, body: object = None, key: str | None = None):
        """(status, JSON)."""
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        answer = self.client.open(f"/api/till/v1{path}", method=method, json=body, headers=headers)
        return answer.status_code, answer.json

    def sale(self, number: str, **change) -> dict:
        """A sale of one adult for cash."""
        lines = [{"article": "adult", "count": 1}]
        return {"number": number, "way": "cash", "lines": lines, "cents": 600, **change}


@pytest.fixture
def shop(web_app: Flask, settings: Settings) -> Shop:
    return Shop(web_app, settings, f"pool-{next(NUMBERS)}")


def test_a_till_learns_what_it_sells_and_whose_codes_are_good(shop: Shop) -> None:
    status, found = shop.call("GET", "/sync?after=0")
    assert (status, found["till"], found["operation"], found["has_key"]) == (200, shop.name, "pool", False)
    assert {one["id"] for one in found["articles"]} >= {"adult", "ten-adult", "season-family"}
    assert shop.phone.key in {one["id"] for one in found["devices"]}
    last = found["devices"][-1]["number"]
    assert shop.call("GET", f"/sync?after={last}")[1]["devices"] == []
    assert shop.call("GET", "/sync?after=x")[0] == 400


def test_a_stranger_or_a_blocked_till_does_nothing(shop: Shop, settings: Settings) -> None:
    for path in ("/sales", "/sync"):
        assert shop.call("GET", path, key="x" * 43)[0] == 401
    tills.end_till(settings, shop.name)
    for method, path in (("GET", "/sync"), ("GET", "/sales"), ("POST", "/sales"), ("POST", "/closings")):
        assert shop.call(method, path, {})[0] == 403
    assert shop.call("POST", "/sync", {"clock": now_ms(), "offers": []})[0] == 200
    with pytest.raises(ValueError, match="works"):
        tills.end_till(settings, shop.name)


def test_a_day_at_a_till(shop: Shop) -> None:
    assert shop.call("POST", "/sales", shop.sale("1"))[0] == 201
    assert shop.call("POST", "/sales", shop.sale("1"))[0] == 200
    code = shop.phone.code(now_ms())
    assert shop.call("POST", "/scans", {"code": code})[1]["tickets"] == []
    status, sold = shop.call("POST", "/sales", shop.sale("2", way="wallet", code=code))
    assert (status, sold["sale"]["state"], sold["parking"]) == (201, "paid", [])
    refused = shop.call("POST", "/sales", shop.sale("3", way="wallet", code=code))
    assert refused[0] == 409
    assert (refused[1]["error"], bool(refused[1]["text"])) == ("replay", True)
    assert shop.call("POST", "/sales/1/cancel")[1]["sale"]["state"] == "cancelled"
    assert shop.call("POST", "/sales/9/cancel")[0] == 404
    assert shop.call("POST", "/sales/2/refund", {"cents": 100, "key": "r"})[1]["sale"]["refunded"] == 100
    assert shop.call("GET", "/sales")[1]["open"] == {"entries": 4, "cash": 0}
    status, closed = shop.call("POST", "/closings", {"key": "z"})
    assert (status, closed["number"], closed["gross"]) == (201, 1, 500)
    assert shop.call("POST", "/closings", {"key": "z"})[0] == 200
    assert shop.call("POST", "/closings", {"key": "y"})[1]["error"] == "nothing"
    receipt = shop.client.get(f"/kasse/beleg/{sold['sale']['receipt']}")
    assert "Erwachsene" in receipt.text
    assert "Davon erstattet" in receipt.text
    assert shop.client.get("/kasse/beleg/none").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"number": "a b"},
        {"way": "card"},
        {"lines": []},
        {"lines": ["adult"]},
        {"cents": "600"},
        {"cents": True},
        {"code": "no code!"},
    ],
)
def test_what_is_no_sale_is_refused_with_a_sentence(shop: Shop, change: dict) -> None:
    status, said = shop.call("POST", "/sales", {**shop.sale("1"), **change})
    assert (status, bool(said["error"])) == (400, True)


def test_offers_come_in_order_and_one_that_cannot_be_read_holds_up_nobody(shop: Shop) -> None:
    assert shop.call("POST", "/key", {"key": shop.alone.signer.public_key})[0] == 200
    assert shop.call("POST", "/key", {"key": Signer.new().public_key})[0] == 409
    now = now_ms()
    good = shop.alone.sent("off-1", now, code=shop.phone.code(now))
    broken = {"body": "{", "signature": base64.urlsafe_b64encode(b"s" * 64).decode().rstrip("=")}
    status, found = shop.call("POST", "/sync", {"clock": now, "offers": [broken, good, good]})
    assert status == 200
    assert [one["state"] for one in found["results"]] == ["refused", "paid", "known"]
    assert shop.call("POST", "/sync", {"clock": now, "offers": [good] * 21})[0] == 400


def log_in(app: Flask, client: FlaskClient, person_id: int) -> None:
    proof = account.Proof(person_id, frozenset({"swk", "user"}), trusted=True)
    token = app.extensions["database"].write(lambda s: account.sessions.open_session(s, proof, now_ms()))
    client.set_cookie("sk_session", token)


def test_cashiers_see_their_own_tills_alone(shop: Shop, settings: Settings) -> None:
    client = shop.app.test_client()
    pages = (f"/kasse/{shop.name}", f"/kasse/{shop.name}/abschluesse", f"/kasse/{shop.name}/abschluss/1.csv", "/kasse")
    for page in pages:
        assert client.get(page).status_code == 303
    log_in(shop.app, client, shop.guest)
    for page in pages:
        assert client.get(page).status_code == 403
    shop.database.write(lambda s: people.add_role(s, shop.guest, "cashier", "library"))
    assert client.get("/kasse").status_code == 200
    assert client.get(f"/kasse/{shop.name}").status_code == 403
    shop.database.write(lambda s: people.add_role(s, shop.guest, "cashier", "pool"))
    answer = client.get(f"/kasse/{shop.name}")
    assert answer.status_code == 200
    assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
    assert shop.name in client.get("/kasse").text
    assert client.get(f"/kasse/{shop.name}/abschluss/1").status_code == 404
    assert client.get("/").headers["Permissions-Policy"].startswith("camera=()")


def test_a_phone_is_enrolled_shown_and_taken_off(shop: Shop) -> None:
    client = shop.app.test_client()
    log_in(shop.app, client, shop.guest)
    page = client.get("/pass").text
    assert re.search(r'data-code="BP1[0-9A-X]+"', page)
    fields = {"csrf": form_token(client, "/konto"), "key": Signer.new().public_key}
    answer = client.post("/pass/geraet", data=fields)
    assert answer.status_code == 201
    assert client.post("/pass/geraet", data=fields).status_code == 409
    assert answer.json["key"] in client.get("/pass").text
    path = f"/pass/geraet/{answer.json['key']}/entfernen"
    assert client.post(path, data=fields).status_code == 303
    assert client.post(path, data=fields).status_code == 404
    assert client.post("/pass/geraet", data={**fields, "csrf": "x"}).status_code == 403


def test_tickets_are_bought_in_the_account(shop: Shop) -> None:
    client = shop.app.test_client()
    log_in(shop.app, client, shop.guest)
    page = client.get("/konto/karten")
    assert "Noch keine." in page.text
    fields = {"csrf": form_token(client, "/konto/karten"), "operation": "pool", "article": "ten-child"}
    assert client.post("/konto/karten", data={**fields, "ticket": "short"}).status_code == 422
    for _ in range(2):
        assert client.post("/konto/karten", data={**fields, "ticket": "k" * 22}).status_code == 303
    assert client.get("/konto/karten").text.count("noch 10") == 1
    poor = client.post("/konto/karten", data={**fields, "article": "season-adult", "ticket": "s" * 22})
    assert (poor.status_code, "Laden Sie zuerst" in poor.text) == (422, True)


def test_the_command_line_makes_lists_and_blocks_tills(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_STATE_DIR", str(settings.state_dir))
    assert command_line.main(["till", "add", "cli-1", "--operation", "market", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["till"], made["operation"], len(made["key"])) == ("cli-1", "market", 43)
    assert made["url"].endswith("/kasse/cli-1")
    assert command_line.main(["till", "add", "cli-1", "--operation", "market"]) == 2
    assert "already" in capsys.readouterr().err
    assert command_line.main(["till", "end", "cli-1"]) == 0
    assert command_line.main(["till", "list"]) == 0
    assert re.search(r"cli-1 +market +blocked", capsys.readouterr().out)


def test_every_file_of_the_till_is_there(web_app: Flask) -> None:
    facts = json.loads(web_app.test_client().get("/sw.js").text.partition(";\n")[0].removeprefix("const HUB = "))
    assert len(facts["till"]) >= 5
    for path in facts["till"]:
        assert (Path(wiring.__file__).parent / path.lstrip("/")).exists(), path
