"""The pass, the manifest, the service worker and the page for notices, without a browser."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text

from hub import app as wiring
from hub import setup
from hub.account import api as account
from hub.citypass import rules
from hub.citypass.web import shell
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.push import api as push
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register
from tests.hub.push.phones import Phones, push_service
from tests.hub.web.conftest import form_token


@pytest.fixture(scope="module")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    with push_service(tmp_path_factory.mktemp("push")) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, phones: Phones) -> Iterator[Flask]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("hub"), push_hosts=phones.host)
    ready.migrate(settings)
    setup.seed(settings)
    made = wiring.create_app(settings)
    yield made
    events.wire({})
    made.extensions["database"].close()


@pytest.fixture
def client(town: Flask) -> FlaskClient:
    return town.test_client()


@pytest.fixture
def rosa(town: Flask) -> Iterator[int]:
    database: Database = town.extensions["database"]
    yield register(database, "rosa@example.org", now=now_ms())
    database.write(lambda s: s.execute(text("DELETE FROM account_person")) and None)


def log_in(town: Flask, client: FlaskClient, person_id: int) -> str:
    database: Database = town.extensions["database"]
    proof = account.Proof(person_id, frozenset({"swk", "user"}), trusted=True)
    token = database.write(lambda s: account.sessions.open_session(s, proof, now_ms(), "Firefox auf Linux"))
    client.set_cookie("sk_session", token)
    return token


def number_on(page: str) -> str:
    found = re.search(r"[0-9A-Y]{4}-[0-9A-Y]{4}-[0-9A-Y]{4}", page)
    assert found is not None
    return found.group()


def test_the_pass_shows_name_number_and_level_and_no_cache_keeps_it(
    town: Flask, client: FlaskClient, rosa: int
) -> None:
    log_in(town, client, rosa)
    answer = client.get("/pass")
    assert answer.headers["Cache-Control"] == "no-store"
    for words in ("rosa@example.org", "Basis", "nicht geprüft", "Bad Rappenau-Pass"):
        assert words in answer.text
    number = number_on(answer.text)
    assert rules.read_number(number) == number
    log_in(town, client, rosa)
    assert number_on(client.get("/pass").text) == number


def test_the_pass_says_for_whom_one_acts_and_that_an_identity_document_was_seen(
    town: Flask, client: FlaskClient, rosa: int
) -> None:
    database: Database = town.extensions["database"]
    clerk = account.Person(register(database, "clerk@example.org", now=now_ms()), "clerk", frozenset({"clerk"}))
    database.write(lambda s: account.staff.identify(s, clerk, rosa, "Rosa Quelle", now_ms()))
    log_in(town, client, rosa)
    token = form_token(client, "/konto/familie")
    client.post(
        "/konto/familie",
        data={"csrf": token, "first_name": "Mia", "last_name": "Quelle", "born": "2022-03-04"},
    )
    with database.read() as session:
        (child,) = account.acting.choices(session, rosa, now_ms())
    client.post("/konto/handeln", data={"csrf": token, "key": child.key})
    page = client.get("/pass").text
    for words in ("Rosa Quelle", "handelt für Mia Quelle", "Substantiell", "geprüft, gilt bis"):
        assert words in page


def test_who_is_not_logged_in_is_sent_to_the_log_in(client: FlaskClient) -> None:
    for path in ("/pass", "/konto/hinweise"):
        assert client.get(path).status_code == 303


def test_only_who_is_logged_in_sees_the_pass_in_the_bars(town: Flask, client: FlaskClient, rosa: int) -> None:
    assert 'href="/pass"' not in client.get("/").text
    log_in(town, client, rosa)
    assert client.get("/").text.count('href="/pass"') == 2


def test_the_pages_say_whose_log_in_it_is_and_nobody_can_read_it(town: Flask, client: FlaskClient, rosa: int) -> None:
    assert client.get("/").headers["Sk-Session"] == "-"
    log_in(town, client, rosa)
    first = {client.get(path).headers["Sk-Session"] for path in ("/", "/pass", "/gibt-es-nicht")}
    log_in(town, client, rosa)
    second = client.get("/pass").headers["Sk-Session"]
    assert len(first) == 1
    assert second not in first | {"-"}


@pytest.mark.parametrize(("lang", "name"), [("de", "Parken"), ("en", "Parking")])
def test_the_manifest_is_complete_in_both_languages(client: FlaskClient, lang: str, name: str) -> None:
    answer = client.get(f"/manifest.webmanifest?lang={lang}")
    assert answer.mimetype == "application/manifest+json"
    found = json.loads(answer.text)
    assert (found["id"], found["scope"], found["name"], found["lang"]) == ("/", "/", "Bad Rappenau-Pass", lang)
    assert [one["url"] for one in found["shortcuts"]] == ["/parken", "/pass"]
    assert found["shortcuts"][0]["name"] == name
    assert (found["theme_color"], found["background_color"]) == ("#E2F0EF", "#F2F6F5")
    purposes = {(icon["sizes"], icon["purpose"]) for icon in found["icons"]}
    assert purposes == {(f"{n}x{n}", purpose) for n in (192, 512) for purpose in ("any", "maskable")}
    for icon in found["icons"]:
        picture = Image.open(BytesIO(client.get(icon["src"]).data))
        assert icon["sizes"] == f"{picture.width}x{picture.height}"


def test_a_maskable_icon_and_that_of_apple_have_no_holes(client: FlaskClient) -> None:
    for name in ("icon-maskable-512", "apple-touch-icon"):
        picture = Image.open(BytesIO(client.get(f"/static/icons/{name}.png").data)).convert("RGBA")
        assert picture.getchannel("A").getextrema() == (255, 255)


def test_every_page_names_manifest_icon_and_colours_of_both_themes(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<link rel="manifest" href="/manifest.webmanifest?lang=de">' in page
    assert '<link rel="apple-touch-icon" href="/static/icons/apple-touch-icon.png">' in page
    assert re.findall(r'theme-color" content="(#\w+)" media="\(prefers-color-scheme: (\w+)\)"', page) == [
        ("#E2F0EF", "light"),
        ("#0D2027", "dark"),
    ]
    assert '<meta name="theme-color" content="#0D2027">' in client.get("/?theme=dark").text


def test_the_service_worker_comes_fresh_and_keeps_only_what_is_there(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert answer.headers["Service-Worker-Allowed"] == "/"
    facts = json.loads(answer.text.partition(";\n")[0].removeprefix("const HUB = "))
    assert facts["release"] == shell.release()
    assert len(facts["kept"]) > 10
    for path in facts["kept"]:
        assert client.get(path).status_code == 200, path


def test_a_changed_file_is_another_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = shell.release()
    changed = tmp_path / "tokens.css"
    changed.write_text((shell.STATIC / "css/tokens.css").read_text() + " ")
    parts = [changed if path.name == "tokens.css" else path for path in shell._parts()]
    monkeypatch.setattr(shell, "_parts", lambda: iter(parts))
    shell.release.cache_clear()
    try:
        assert shell.release() != before
    finally:
        monkeypatch.undo()
        shell.release.cache_clear()


def test_pages_that_phones_keep_need_only_files_that_phones_keep(town: Flask, client: FlaskClient, rosa: int) -> None:
    log_in(town, client, rosa)
    kept = {f"/static/{name}" for name in shell.KEPT}
    shown_elsewhere = {"/static/icons/apple-touch-icon.png"}
    for path in ("/pass", "/parken", "/offline"):
        used = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(path).text))
        assert used - shown_elsewhere <= kept, path


def test_the_line_for_times_without_a_connection_is_where_the_worker_looks_for_it(client: FlaskClient) -> None:
    worker = client.get("/sw.js").text
    for needle in ("data-offline hidden", "<span data-offline-time>"):
        assert needle in worker
        assert client.get("/parken").text.count(needle) == 1


def test_the_page_without_a_connection_asks_for_nobody(town: Flask, client: FlaskClient) -> None:
    for lang, words in (("de", "Gerade keine Verbindung"), ("en", "No connection right now")):
        assert words in client.get(f"/offline?lang={lang}").text


class Notices:
    """The page for notices as a browser uses it."""

    def __init__(self, town: Flask, client: FlaskClient, phones: Phones) -> None:
        self.town, self.client, self.phones = town, client, phones

    def switch_on(self, **change: str):
        phone = self.phones.subscribe()
        fields = {"endpoint": phone.endpoint, "p256dh": phone.p256dh, "auth": phone.auth, **change}
        return self.client.post("/konto/hinweise", data={"csrf": form_token(self.client, "/konto/hinweise"), **fields})

    def devices(self, person_id: int) -> list[push.Device]:
        with self.town.extensions["database"].read() as session:
            return push.devices(session, person_id, "")

    def post(self, path: str) -> int:
        token = form_token(self.client, "/konto/hinweise")
        return self.client.post(path, data={"csrf": token}).status_code


@pytest.fixture
def notices(town: Flask, client: FlaskClient, phones: Phones) -> Notices:
    return Notices(town, client, phones)


def test_notices_are_switched_on_tried_and_switched_off(town: Flask, notices: Notices, rosa: int) -> None:
    log_in(town, notices.client, rosa)
    assert "Hinweise einschalten" in notices.client.get("/konto/hinweise").text
    answer = notices.switch_on()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/konto/hinweise?gesagt=an")
    cookie = answer.headers["Set-Cookie"]
    assert "sk_push=" in cookie
    assert "HttpOnly" in cookie
    page = notices.client.get("/konto/hinweise").text
    assert "Hinweise sind an." in page
    assert "Hinweise einschalten" not in page
    (device,) = notices.devices(rosa)
    assert notices.post(f"/konto/hinweise/{device.id}/probe") == 303
    assert notices.post(f"/konto/hinweise/{device.id}/aus") == 303
    assert notices.devices(rosa) == []


def test_an_endpoint_that_is_no_push_service_is_refused_in_plain_words(
    town: Flask, notices: Notices, rosa: int
) -> None:
    log_in(town, notices.client, rosa)
    answer = notices.switch_on(endpoint="https://169.254.169.254/latest")
    assert answer.status_code == 422
    assert "Der Hinweisdienst Ihres Browsers ist uns nicht bekannt." in answer.text
    assert notices.devices(rosa) == []


def test_devices_of_others_cannot_be_touched(town: Flask, notices: Notices, rosa: int) -> None:
    log_in(town, notices.client, rosa)
    notices.switch_on()
    (device,) = notices.devices(rosa)
    otto = register(town.extensions["database"], "otto@example.org", now=now_ms())
    stranger = Notices(town, town.test_client(), notices.phones)
    log_in(town, stranger.client, otto)
    for verb in ("probe", "aus"):
        assert stranger.post(f"/konto/hinweise/{device.id}/{verb}") == 404
    assert len(notices.devices(rosa)) == 1


def test_a_log_out_ends_the_notices_of_this_browser(town: Flask, notices: Notices, rosa: int) -> None:
    log_in(town, notices.client, rosa)
    notices.switch_on()
    token = form_token(notices.client, "/konto/hinweise")
    notices.client.post("/abmelden", data={"csrf": token})
    assert notices.devices(rosa) == []


def test_a_later_log_in_of_the_same_person_goes_on_and_that_of_another_ends_them(
    town: Flask, notices: Notices, rosa: int
) -> None:
    otto = register(town.extensions["database"], "otto@example.org", now=now_ms())
    log_in(town, notices.client, rosa)
    notices.switch_on()
    log_in(town, notices.client, rosa)
    assert "Hinweise sind an." in notices.client.get("/konto/hinweise").text
    log_in(town, notices.client, otto)
    assert "Hinweise sind an." not in notices.client.get("/konto/hinweise").text
    assert notices.devices(rosa) == []
