"""The inbox and the office over HTTP: forms with files, receipts, downloads, and everything that is refused."""

import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import setup
from hub.app import create_app
from hub.core import audit
from hub.core.db import Database
from hub.core.web.uploads import MAX_FILES, takes_files
from hub.inbox import api
from hub.settings import Settings
from tests import ready
from tests.hub.core.files import samples
from tests.hub.web.conftest import form_token

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flask.Flask]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("hub"), demo=True, upload_mb=1)
    ready.migrate(settings)
    setup.seed(settings)
    setup.seed_personas(settings)
    setup.seed_personas(settings)
    app = create_app(settings)
    yield app
    app.extensions["database"].close()


def log_in(app: flask.Flask, who: str) -> FlaskClient:
    browser = app.test_client()
    answer = browser.post("/demo/anmelden", data={"csrf": form_token(browser, "/demo"), "who": who})
    assert answer.status_code == 303
    return browser


@pytest.fixture
def erika(town: flask.Flask) -> FlaskClient:
    return log_in(town, "citizen")


@pytest.fixture
def jonas(town: flask.Flask) -> FlaskClient:
    return log_in(town, "parent")


@pytest.fixture
def petra(town: flask.Flask) -> FlaskClient:
    return log_in(town, "clerk")


def fields(browser: FlaskClient, path: str) -> dict[str, object]:
    """The hidden fields of the page's letter form."""
    page = browser.get(path).text
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert key is not None
    assert token is not None
    return {"csrf": token.group(1), "form_key": key.group(1)}


def send(browser: FlaskClient, path: str, *files: tuple[bytes, str], **words: object) -> TestResponse:
    """Fills in the letter form of a page and sends it."""
    attached = [(io.BytesIO(content), name) for content, name in files]
    data = {**fields(browser, path), "files": attached or (io.BytesIO(), ""), **words}
    return browser.post(path, data=data, content_type="multipart/form-data")


def ask(browser: FlaskClient, *files: tuple[bytes, str], subject: str = "Frage", text: str = "Guten Tag") -> str:
    """A new letter to the office; the address of the thread."""
    answer = send(browser, "/konto/postfach/neu", *files, subject=subject, text=text)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("?")[0]


def as_office(path: str) -> str:
    return path.replace("/konto/", "/buergerbuero/")


def file_link(browser: FlaskClient, path: str) -> str:
    return re.findall(r'href="([^"]+/datei/[0-9a-f]{32})"', browser.get(path).text)[-1]


def test_erika_has_one_welcome_with_a_pdf_that_says_what_it_is(erika: FlaskClient) -> None:
    page = erika.get("/konto/postfach").text
    assert page.count("Willkommen im Postfach (Demonstration)") == 1
    path = re.findall(r'href="(/konto/postfach/\d+)"', page)[-1]
    answer = erika.get(file_link(erika, path))
    assert answer.data.startswith(b"%PDF-1.4")
    assert b"Demonstration" in answer.data


def test_a_citizen_writes_with_a_photo_and_a_clerk_reads_it(
    erika: FlaskClient, petra: FlaskClient, town: flask.Flask
) -> None:
    path = ask(erika, (samples.photo("HEIF"), "IMG_0042.HEIC"), subject="Kaputte Laterne", text="Hier das Foto.")
    assert "Noch nicht gelesen" in erika.get(path).text
    listed = petra.get("/buergerbuero/postfach").text
    assert "Erika Muster: Kaputte Laterne" in listed
    assert "Ungelesen" in listed
    page = petra.get(as_office(path)).text
    assert "Hier das Foto." in page
    assert "IMG_0042.jpg" in page
    assert "Von der Stadt gelesen" in erika.get(path).text
    answer = petra.get(file_link(petra, as_office(path)))
    assert samples.opened(answer.data).size == (200, 300)
    database: Database = town.extensions["database"]
    with database.read() as session:
        actions = [one.action for one in audit.newest(session, 4)]
    assert actions[:2] == ["inbox.file-opened", "inbox.opened"]


def test_a_clerk_writes_and_sees_when_it_was_opened(erika: FlaskClient, petra: FlaskClient) -> None:
    words = {"mail": "erika.muster@demo.example", "subject": "Ihr Ausweis", "text": "Bitte holen.", "answerable": "1"}
    sent = send(petra, "/buergerbuero/postfach/neu", (samples.pdf(), "Bescheid.pdf"), **words)
    assert sent.status_code == 303
    path = sent.headers["Location"].partition("?")[0]
    assert "Noch nicht gelesen" in petra.get(path).text
    mine = path.replace("/buergerbuero/", "/konto/")
    assert "Bitte holen." in erika.get(mine).text
    assert "Von der Person gelesen" in petra.get(path).text
    assert send(erika, mine, text="Danke").status_code == 303
    assert erika.get(f"{mine}/loeschen").status_code == 404  # the conversation goes on
    closed = petra.post(f"{path}/abschliessen", data={"csrf": form_token(petra, path)})
    assert closed.status_code == 303
    page = erika.get(mine).text
    assert "Abgeschlossen am" in page
    assert 'name="text"' not in page
    asked = erika.get(f"{mine}/loeschen").text
    assert "Das lässt sich nicht rückgängig machen." in asked
    assert erika.get(mine).status_code == 200  # asking alone deletes nothing
    gone = erika.post(f"{mine}/loeschen", data={"csrf": form_token(erika, f"{mine}/loeschen")})
    assert gone.status_code == 303
    assert erika.get(mine).status_code == 404


def test_what_was_typed_and_uploaded_stays_when_something_is_wrong(erika: FlaskClient) -> None:
    page = "/konto/postfach/neu"
    first = send(
        erika, page, (samples.photo("JPEG"), "gut.jpg"), (b"MZ", "schlecht.exe"), text="Mein <Text>", subject="S"
    )
    assert first.status_code == 422
    assert "„schlecht.exe“ können wir nicht annehmen" in first.text
    assert "Mein &lt;Text&gt;" in first.text
    assert 'value="S"' in first.text
    kept = re.findall(r'name="kept" value="([0-9a-f]{32})" checked', first.text)
    assert len(kept) == 1
    again = send(erika, page, text="Mein Text", subject="", kept=kept)
    assert again.status_code == 422
    assert re.findall(r'name="kept" value="([0-9a-f]{32})"', again.text) == kept
    sent = send(erika, page, text="Mein Text", subject="S", kept=kept)
    assert sent.status_code == 303
    assert "gut.jpg" in erika.get(sent.headers["Location"]).text
    once_more = send(erika, page, text="Noch ein Text", subject="S", kept=kept)
    assert "gut.jpg" not in erika.get(once_more.headers["Location"]).text


def test_nobody_takes_a_file_that_another_uploaded(erika: FlaskClient, jonas: FlaskClient) -> None:
    page = "/konto/postfach/neu"
    first = send(erika, page, (samples.pdf(), "geheim.pdf"), text="", subject="")
    kept = re.findall(r'name="kept" value="([0-9a-f]{32})"', first.text)
    stolen = send(jonas, page, text="x", subject="S", kept=kept)
    assert "geheim.pdf" not in jonas.get(stolen.headers["Location"]).text


def test_a_form_that_is_sent_twice_is_one_message(erika: FlaskClient) -> None:
    path = ask(erika, subject="Doppelklick")
    data = {**fields(erika, path), "text": "nur einmal"}
    for _ in range(2):
        assert erika.post(path, data=data, content_type="multipart/form-data").status_code == 303
    assert erika.get(path).text.count("nur einmal") == 1
    assert erika.post(path, data={**data, "text": "geändert"}, content_type="multipart/form-data").status_code == 303
    assert erika.get(path).text.count("geändert") == 1


def test_downloads_are_for_saving_and_nobody_else(
    erika: FlaskClient, jonas: FlaskClient, petra: FlaskClient, town: flask.Flask
) -> None:
    path = ask(erika, (samples.pdf(), "Größe & Maß 🏰.pdf"))
    link = file_link(erika, path)
    answer = erika.get(link)
    assert answer.data == samples.pdf()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Gr%C3%B6%C3%9Fe" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert jonas.get(link).status_code == 404
    assert jonas.get(as_office(link)).status_code == 403
    assert petra.get(as_office(link)).status_code == 200
    assert town.test_client().get(link).status_code == 303
    other = ask(erika)
    assert erika.get(f"{other}/datei/{link.rpartition('/')[2]}").status_code == 404
    for wrong in ("0" * 32, "x", "%2e%2e%2f", "A" * 32):
        assert erika.get(f"{path}/datei/{wrong}").status_code == 404


def test_a_file_at_the_limit_is_taken_and_one_beyond_it_is_told_the_limit(erika: FlaskClient) -> None:
    path = "/konto/postfach/neu"
    words = {"subject": "S", "text": "T"}
    at_limit = samples.pdf(b"x" * (MEGABYTE - len(samples.pdf())))
    assert len(at_limit) == MEGABYTE
    assert send(erika, path, (at_limit, "a.pdf"), **words).status_code == 303
    answer = send(erika, path, (at_limit + b"\n", "a.pdf"), **words)
    assert answer.status_code == 422
    assert "höchstens 1 MB" in answer.text
    huge = send(erika, path, (bytes((MAX_FILES + 3) * MEGABYTE), "a.pdf"), **words)
    assert huge.status_code == 413
    assert "Bis zu 5 Dateien mit je höchstens 1 MB" in huge.text
    six = [(samples.pdf(), f"{number}.pdf") for number in range(MAX_FILES + 1)]
    assert "höchstens 5 Dateien" in send(erika, path, *six, **words).text


def test_only_routes_for_files_take_more_than_64_kilobytes(town: flask.Flask, erika: FlaskClient) -> None:
    taking = {name for name, view in town.view_functions.items() if getattr(view, "takes_files", False)}
    assert taking == {"inbox.answer", "inbox.ask", "office.reply", "office.write"}
    large = {"csrf": form_token(erika, "/konto"), "display_name": "x" * 70_000}
    assert erika.post("/konto/name", data=large).status_code in (404, 413)
    token = form_token(erika, "/konto/postfach/einstellungen")
    assert erika.post("/konto/postfach/einstellungen", data={"csrf": token, "mail": "x" * 70_000}).status_code == 413
    assert takes_files(lambda: "") is not None


def test_somebody_who_is_not_logged_in_uploads_nothing(town: flask.Flask, erika: FlaskClient) -> None:
    path = ask(erika)
    stranger = town.test_client()
    token = form_token(stranger, "/anmelden")
    data = {"csrf": token, "text": "x", "files": (io.BytesIO(bytes(200_000)), "a.pdf")}
    answer = stranger.post(path, data=data, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/anmelden")
    assert path.replace("/", "%2F") in answer.headers["Location"]
    body = io.BytesIO(bytes(200_000))
    multipart = {"content_length": 200_000, "content_type": "multipart/form-data; boundary=x"}
    assert stranger.post(path, input_stream=body, **multipart).status_code == 303
    assert body.tell() == 0
    only_text = {"csrf": form_token(stranger, "/anmelden"), "text": "ein langer Text", "files": (io.BytesIO(), "")}
    held = stranger.post(path, data=only_text, content_type="multipart/form-data")
    assert "weiter" in held.headers["Location"]


def test_a_person_without_the_role_sees_nothing_of_the_office(erika: FlaskClient) -> None:
    for path in ("/buergerbuero/postfach", "/buergerbuero/postfach/neu", "/buergerbuero/postfach/1"):
        assert erika.get(path).status_code == 403


def test_a_clerk_with_a_wrong_address_keeps_the_letter(petra: FlaskClient) -> None:
    words = {"mail": "niemand@example.org", "subject": "Ihr Antrag", "text": "Langer Text"}
    answer = send(petra, "/buergerbuero/postfach/neu", (samples.pdf(), "a.pdf"), **words)
    assert answer.status_code == 422
    assert "Kein Konto hat diese E-Mail-Adresse" in answer.text
    assert [word for word in (*words.values(), "a.pdf") if word not in answer.text] == []


def test_the_choice_of_mails_is_kept(erika: FlaskClient) -> None:
    path = "/konto/postfach/einstellungen"
    answer = erika.post(path, data={"csrf": form_token(erika, path), "mail": "daily"})
    assert answer.status_code == 303
    assert re.search(r'value="daily" checked', erika.get(path).text)
    assert erika.post(path, data={"csrf": form_token(erika, path), "mail": "hourly"}).status_code == 400


@pytest.mark.parametrize("path", ["/konto/postfach", "/konto/postfach/neu", "/konto/postfach/einstellungen"])
def test_every_page_is_english_where_it_is_asked_for(erika: FlaskClient, path: str) -> None:
    page = erika.get(f"{path}?lang=en").text
    erika.get(f"{path}?lang=de")
    assert '<html lang="en"' in page
    assert not re.search(r">[^<]*\b(Bürgerbüro schreiben|Einstellungen|Senden|Speichern)\b", page)


def test_two_applications_and_many_threads_upload_at_once(town: flask.Flask) -> None:
    settings: Settings = town.extensions["settings"]
    other = create_app(settings)
    paths, problems = [], []

    def write(app: flask.Flask, who: str, number: int) -> None:
        try:
            browser = log_in(app, who)
            content = samples.pdf(f"% {number} ".encode() * 5_000)
            path = ask(browser, (content, f"{number}.pdf"), (samples.photo("PNG"), "p.png"), text=f"Nummer {number}")
            assert browser.get(file_link(browser, path)).status_code == 200
            links = re.findall(r'href="([^"]+/datei/[0-9a-f]{32})"', browser.get(path).text)
            assert content in {browser.get(link).data for link in links}
            paths.append(path)
        except Exception as error:  # told to the test's own thread
            problems.append(error)

    threads = [
        threading.Thread(target=write, args=((town, other)[number % 2], ("parent", "company")[number % 2], number))
        for number in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    other.extensions["database"].close()
    assert problems == []
    assert len(set(paths)) == 8


def test_in_the_office_an_unknown_number_is_not_found(petra: FlaskClient) -> None:
    assert petra.get("/buergerbuero/postfach/999999").status_code == 404
    assert petra.get("/buergerbuero/postfach?seite=99").status_code == 200


def test_every_sender_and_every_refusal_has_words(town: flask.Flask) -> None:
    source = "".join(path.read_text() for path in Path(api.__file__).parent.glob("*.py"))
    reasons = set(re.findall(r'RefusedError\("([a-z-]+)"\)', source)) | {"subject", "subject-long", "text", "text-long"}
    from hub.core.files import RefusedError
    from hub.core.web import uploads
    from hub.inbox.web import sheets

    with town.test_request_context("/"):
        assert all(sheets.sentence(reason) for reason in reasons)
        kinds = re.findall(r"[a-z]+", (RefusedError.__doc__ or "").partition("reason`:")[2])
        assert len(kinds) >= 9
        assert all(uploads.sentence(RefusedError(kind, "x")) for kind in kinds)
