"""The invented people of the demonstration cannot be anybody outside of it."""

from pathlib import Path

import pytest

from hub import setup
from hub.app import create_app
from hub.settings import Settings
from tests.hub.web.conftest import form_token


def town(directory: Path, *, demo: bool):
    settings = Settings(state_dir=directory, demo=demo)
    setup.migrate(settings)
    setup.seed(settings)
    return settings, create_app(settings)


def test_in_the_demonstration_a_button_logs_one_in(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    setup.seed_personas(settings)  # a second start changes nothing
    for who, word in (("parent", "Jonas Muster"), ("company", "Aylin Beispiel"), ("clerk", "Bürgerbüro")):
        client = app.test_client()
        answer = client.post("/demo/anmelden", data={"csrf": form_token(client, "/demo"), "who": who})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/konto")
        assert word in client.get("/konto").text
    client = app.test_client()
    assert client.post("/demo/anmelden", data={"csrf": form_token(client, "/demo"), "who": "admin"}).status_code == 404
    app.extensions["database"].close()


def test_elsewhere_there_are_neither_the_buttons_nor_the_people_nor_the_mails(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=False)
    with pytest.raises(ValueError, match="demonstration"):
        setup.seed_personas(settings)
    client = app.test_client()
    assert "Ausprobieren als" not in client.get("/demo").text
    token = form_token(client, "/anmelden")
    assert client.post("/demo/anmelden", data={"csrf": token, "who": "citizen"}).status_code == 404
    assert client.get("/demo/postamt").status_code == 404
    app.extensions["database"].close()


def test_the_people_of_a_demonstration_have_no_key_that_would_work_later(tmp_path: Path) -> None:
    settings, app = town(tmp_path, demo=True)
    setup.seed_personas(settings)
    app.extensions["database"].close()
    later = create_app(Settings(state_dir=tmp_path, demo=False))
    client = later.test_client()
    fields = {"csrf": form_token(client, "/anmelden"), "name": "erika.muster@demo.example", "password": ""}
    assert client.post("/anmelden", data=fields).status_code == 401
    later.extensions["database"].close()
