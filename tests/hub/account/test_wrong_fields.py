"""A form that was not taken: everything typed is still there, the wrong field is marked and has the focus."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.hub.account.citizens import citizen, house
from tests.hub.web.conftest import form_token

LONG = "x" * 130


@pytest.fixture
def rosa(tmp_path: Path) -> Iterator[FlaskClient]:
    with house(tmp_path) as app:
        yield citizen(app, "rosa@example.org")


def with_firm(rosa: FlaskClient) -> str:
    """The page of a firm of her own."""
    made = rosa.post("/konto/firmen", data={"csrf": form_token(rosa, "/konto/firmen"), "name": "Salzgarten"})
    return made.headers["Location"]


def fields(page: str) -> dict[str, str]:
    """name -> what stands in the input fields that people see."""
    inputs = re.findall(r'<input id="[^"]+" name="([^"]+)" type="[^"]+"(?: value="([^"]*)")?', page)
    return dict(inputs)


def marked(page: str) -> list[str]:
    """The wrong fields; the first of them must have the focus, and no other."""
    found = [one for one in re.findall(r"<input [^>]*>", page) if 'aria-invalid="true"' in one]
    assert ["autofocus" in one for one in found] == [at == 0 for at in range(len(found))]
    return [re.search(r' name="([^"]+)"', one).group(1) for one in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "values", "wrong"),
    [
        ("/konto/name", {"display_name": LONG}, ["display_name"]),
        ("/konto/firmen", {"name": LONG}, ["name"]),
        (
            "/konto/familie",
            {"first_name": LONG, "last_name": "Quelle", "born": "2020-02-29"},
            ["first_name", "last_name"],
        ),
        ("/konto/familie", {"first_name": "Mia", "last_name": "Quelle", "born": "1020-02-29"}, ["born"]),
        ("firm/einladen", {"mail": "niemand", "until": "2099-01-01"}, ["mail"]),
        ("firm/einladen", {"mail": "otto@example.org", "until": "2020-01-01"}, ["until"]),
        ("firm/einladen", {"mail": "otto@example.org", "until": "9999-12-31"}, ["until"]),
    ],
)
def test_nothing_typed_is_lost(rosa: FlaskClient, path: str, values: dict[str, str], wrong: list[str]) -> None:
    path = path.replace("firm/", f"{with_firm(rosa)}/") if path.startswith("firm/") else path
    answer = rosa.post(path, data={**values, "csrf": form_token(rosa, "/konto")})
    assert (answer.status_code, marked(answer.text)) == (422, wrong)
    assert values.items() <= fields(answer.text).items()
    assert answer.text.count('id="problem"') == 1


def test_a_weak_password_is_told_where_it_was_typed(rosa: FlaskClient) -> None:
    answer = rosa.post("/konto/sicherheit/passwort", data={"csrf": form_token(rosa, "/konto"), "password": "kurz"})
    assert (answer.status_code, marked(answer.text)) == (422, ["password"])
    assert "kurz" not in fields(answer.text).values()
    assert answer.text.index('id="passwort"') < answer.text.index('id="problem"') < answer.text.index('id="password"')


def test_what_nobody_typed_wrong_is_not_marked(rosa: FlaskClient) -> None:
    """Who takes another passkey, or comes too often, has made no mistake in a field."""
    rosa.delete_cookie("sk_session")
    token = form_token(rosa, "/anmelden")
    refused = rosa.post("/anmelden/passkey", data={"csrf": token, "answer": "{}", "ticket": "x"})
    assert (refused.status_code, marked(refused.text)) == (401, [])
    wrong = rosa.post("/anmelden", data={"csrf": token, "name": "rosa@example.org", "password": "falsch"})
    assert (wrong.status_code, marked(wrong.text)) == (401, ["name", "password"])
    for _try in range(6):
        late = rosa.post("/konto/neu", data={"csrf": token, "mail": "quelle@example.org"})
    assert (late.status_code, marked(late.text)) == (429, [])
    assert fields(late.text)["mail"] == "quelle@example.org"


def test_the_picture_for_the_app_fits_its_frame(rosa: FlaskClient) -> None:
    """A picture with a size of its own would be cut at the edge, and no phone could read it."""
    picture = re.search(r'<div class="ko-qr".*?(<svg[^>]*>)', rosa.get("/konto/sicherheit/app").text).group(1)  # type: ignore[union-attr]
    assert "viewBox=" in picture
    assert " width=" not in picture


def test_who_was_invited_learns_at_the_log_in_which_address_counts(rosa: FlaskClient) -> None:
    rosa.delete_cookie("sk_session")
    sentence = "Legen Sie es mit der E-Mail-Adresse an"
    assert sentence in rosa.get("/anmelden?next=/konto/einladung/abc").text
    assert sentence not in rosa.get("/anmelden?next=/konto").text
