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
    assert ["autofocus" in one for one in found] == [True] + [False] * (len(found) - 1)
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
