"""The landing page with the demo's own bulletin, in every language."""

import re
import time
from pathlib import Path

import pytest

from captive_portal.words import LANGUAGES
from tests.captive_portal.demo import demo_bulletin
from tests.captive_portal.factory import client, write_state
from tests.captive_portal.test_web import LARGEST_PAGE, as_sent


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_state(tmp_path_factory.mktemp("node"), demo_bulletin(int(time.time() * 1000)))


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_answer_fits_into_the_first_round_in_every_language(
    state: Path, language: str, encoding: str
) -> None:
    answer = client(state).get("/", headers={"Accept-Encoding": encoding, "Accept-Language": language})
    assert as_sent(answer) <= LARGEST_PAGE


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_said_with_its_direction_and_foreign_parts_are_marked(state: Path, language: str) -> None:
    page = client(state).get(f"/?lang={language}").text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert page.count("<form") == page.count("<button") == 1
    if language not in ("de", "en"):
        assert '<bdi lang="en">' in page
    for code, name in LANGUAGES.items():
        assert re.search(rf'<a href="\?lang={code}" lang="{code}" dir="(ltr|rtl)"[^>]*>{name}</a>', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_city_information_comes_before_the_button(state: Path, language: str) -> None:
    page = client(state).get(f"/?lang={language}").text
    assert page.count("<li>") >= 8
    assert page.index('<ul class="z">') < page.index("<button>")
