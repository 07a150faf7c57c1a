"""The invented people of the demonstration cannot be anybody outside of it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from hub import setup
from hub.account import api as account
from hub.account.api import sessions
from hub.app import create_app
from hub.core.clock import now_ms
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import PASSWORD
from tests.hub.web.conftest import form_token


def town(directory: Path, *, demo: bool):
    settings = Settings(state_dir=directory, demo=demo)
    ready.migrate(settings)
    setup.seed(settings)
    return settings, create_app(settings)


def test_in_the_demonstration_a_button_logs_one_in(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    setup.seed_personas(settings)  # a second start changes nothing
    places = {
        "citizen": ("/konto", "Erika Muster"),
        "parent": ("/konto", "Jonas Muster"),
        "company": ("/konto", "Aylin Beispiel"),
        "clerk": ("/konto", "Bürgerbüro"),
        "editor": ("/konto", "Timo Wort"),
        "warden": ("/parken/kontrolle", "Kennzeichen"),
        "cashier": ("/kasse", "Kassen"),
        "technician": ("/admin/knoten", "Alle Knoten"),
        "admin": ("/admin", "Leitstelle"),
    }
    page = app.test_client().get("/demo").text
    assert re.findall(r'name="who" value="(\w+)"', page) == list(places)
    assert "<code>" not in page, "and no password anywhere"
    for who, (place, word) in places.items():
        client = become(app, who)
        assert word in client.get(place).text
        assert (client.get("/admin").status_code == 200) == (who == "admin")
    client = app.test_client()
    for nobody in ("", "root", "karla.leitung@demo.example"):
        answer = client.post("/demo/anmelden", data={"csrf": form_token(client, "/demo"), "who": nobody})
        assert answer.status_code == 404
    app.extensions["database"].close()


def become(app: Flask, who: str) -> FlaskClient:
    """The button's press."""
    client = app.test_client()
    answer = client.post("/demo/anmelden", data={"csrf": form_token(client, "/demo"), "who": who})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin" if who == "admin" else "/konto")
    return client


def test_where_a_fresh_log_in_is_needed_a_click_is_enough_for_them_and_for_nobody_else(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    setup.set_admin(settings, "leitstelle", password="salz wasser rosen turm")
    database, client = app.extensions["database"], become(app, "admin")
    database.write(lambda s: s.execute(text("UPDATE account_session SET authenticated_at = 1")) and None)
    fields = {"csrf": form_token(client, "/admin/rollen"), "name": "erika.muster@demo.example", "role": "editor"}
    asked = client.post("/admin/rollen", data=fields)
    assert urlsplit(asked.headers["Location"]).path == "/anmelden/bestaetigen"
    page = client.get(asked.headers["Location"]).text
    assert "Als Karla Leitung bestätigen" in page
    token, target = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "next"))
    back = client.post("/demo/bestaetigen", data={"csrf": token, "next": target})
    assert back.headers["Location"] == target
    assert "Alles noch da" in client.get(target).text
    away = client.post("/demo/bestaetigen", data={"csrf": token, "next": "https://evil.example/"})
    assert away.headers["Location"] == "/"
    with database.read() as session:
        person = account.find_by_name(session, "leitstelle")
    assert person is not None
    own = database.write(lambda s: sessions.open_session(s, account.Proof(person.id, frozenset({"pwd"})), now_ms()))
    client.set_cookie("sk_session", own)
    assert client.post("/demo/bestaetigen", data={"csrf": token, "next": "/admin"}).status_code == 404
    assert "In der Demonstration haben" not in client.get("/anmelden/bestaetigen").text
    database.close()


def test_elsewhere_there_are_neither_the_buttons_nor_the_people_nor_the_mails(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=False)
    with pytest.raises(ValueError, match="demonstration"):
        setup.seed_personas(settings)
    client = app.test_client()
    assert "Ausprobieren als" not in client.get("/demo").text
    token = form_token(client, "/anmelden")
    for who in ("citizen", "admin"):
        assert client.post("/demo/anmelden", data={"csrf": token, "who": who}).status_code == 404
    assert client.post("/demo/bestaetigen", data={"csrf": token, "next": "/admin"}).status_code == 404
    assert client.get("/demo/postamt").status_code == 404
    app.extensions["database"].close()


def test_neither_sessions_nor_keys_of_a_demonstration_open_anything_later(tmp_path: Path) -> None:
    """Even where a visitor gave the invented admin a password, and the state directory is used again in earnest."""
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    client, database = become(app, "admin"), app.extensions["database"]
    assert client.get("/admin").status_code == 200
    with database.read() as session:
        karla = account.find_by_name(session, "karla.leitung@demo.example")
    assert karla is not None
    hashed = account.secrets.hash_password(PASSWORD, karla.name, None)
    database.write(lambda session: account.secrets.set_password(session, karla.id, hashed, now_ms()))
    cookie = client.get_cookie("sk_session")
    database.close()
    later = create_app(Settings(state_dir=tmp_path, demo=False))
    client = later.test_client()
    client.set_cookie("sk_session", cookie.value if cookie is not None else "")
    assert client.get("/admin").status_code == 303
    for password in ("", PASSWORD):
        fields = {"csrf": form_token(client, "/anmelden"), "name": karla.name, "password": password}
        client.post("/anmelden", data=fields)
        assert client.get("/admin").status_code == 303
        assert client.get("/konto").status_code == 303
    later.extensions["database"].close()


def test_roles_that_visitors_took_from_the_invented_come_back_at_the_next_start(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    database = app.extensions["database"]
    database.write(lambda session: session.execute(text("DELETE FROM account_role")) and None)
    setup.seed_personas(settings)
    assert become(app, "admin").get("/admin").status_code == 200
    database.close()
