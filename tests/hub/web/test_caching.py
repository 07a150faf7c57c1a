"""What somebody sees who is logged in stays in no cache."""

from flask import Flask

from hub.account import api as account
from hub.core.clock import now_ms
from hub.doors import ACCESS
from tests.hub.account.desk import register


def test_no_page_that_a_visitor_sees_is_kept_by_a_cache(web_app: Flask) -> None:
    database = web_app.extensions["database"]
    person = register(database, "cache@example.org", None, now=now_ms())
    proof = account.Proof(person, frozenset({"swk", "user"}))
    client = web_app.test_client()
    client.set_cookie("sk_session", database.write(lambda s: account.sessions.open_session(s, proof, now_ms())))
    personal = [
        rule.rule
        for rule in web_app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments and ACCESS[rule.endpoint].who == "person"
    ]
    assert {"/konto/dienste", "/konto/postfach", "/konto"} <= set(personal)
    for path in [*personal, "/konto-geloescht", "/admin"]:
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_public_pages_may_be_asked_again_with_an_etag(web_app: Flask) -> None:
    client = web_app.test_client()
    assert client.get("/parken").headers["Cache-Control"] != "no-store"
    assert client.get("/api/parking/sites").headers["Cache-Control"] == "no-cache"
