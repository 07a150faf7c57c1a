"""Every page in both languages, closed to what it must not do."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import app as wiring
from hub.core import i18n
from hub.core.web import PUBLIC
from hub.doors import ACCESS
from hub.settings import Settings
from tests.hub.web.conftest import PUBLIC_PAGES, TEMPLATES

INLINE = re.compile(r"""<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=["']""")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_every_page_renders_in_its_language_with_the_demonstration_line(
    client: FlaskClient, path: str, lang: str
) -> None:
    answer = client.get(
        path, query_string={"lang": lang} if "?" not in path else None, headers={"Accept-Language": lang}
    )
    assert answer.status_code == 200
    assert f'<html lang="{lang}"' in answer.text
    assert i18n.translate("Angaben teils angenommen.", lang) in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_no_page_has_inline_scripts_styles_or_foreign_addresses(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    assert not INLINE.search(text)
    loaded = re.sub(r'<a rel="(license|external noreferrer)" href="[^"]+">', "", text)  # links that people may follow
    assert not re.search(r'(src|href)="(https?:)?//', loaded)
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self' http://localhost:8093" in policy


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_no_page_has_a_dead_link(client: FlaskClient, path: str) -> None:
    links = set(re.findall(r'href="(/[^"#]*)', client.get(path).text))
    dead = {link for link in links if client.get(link.replace("&amp;", "&")).status_code >= 400}
    assert not {link for link in dead if not link.startswith("/static/vendor/")}  # npm's part is made by `make assets`


def test_every_route_is_in_the_access_table_and_nothing_else_is(web_app: Flask) -> None:
    assert set(web_app.view_functions) == set(ACCESS)


def test_a_route_that_is_not_in_the_table_is_closed(settings: Settings) -> None:
    made = wiring.create_app(settings)
    made.add_url_rule("/vergessen", "forgotten", lambda: "secret")
    answer = made.test_client().get("/vergessen")
    made.extensions["database"].close()
    assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_pages_for_staff_send_strangers_to_the_log_in(client: FlaskClient) -> None:
    for path in (rule for rule, door in (("/admin", ACCESS["dashboard.overview"]),) if door != PUBLIC):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/anmelden?next=%2Fadmin")


def test_the_language_comes_from_the_address_then_the_cookie_then_the_browser_then_german(web_app: Flask) -> None:
    def shown(client: FlaskClient, address: str = "/", accept: str = "") -> str:
        return client.get(address, headers={"Accept-Language": accept}).text.split('<html lang="')[1][:2]

    client = web_app.test_client()
    assert shown(client) == "de"
    assert shown(client, accept="en-US,en;q=0.8") == "en"
    assert shown(client, accept="fr") == "de"
    assert shown(client, "/?lang=en") == "en"
    assert shown(client) == "en"  # the cookie
    assert shown(client, "/?lang=xx", accept="de") == "en"


def test_the_theme_is_kept_in_a_cookie(web_app: Flask) -> None:
    client = web_app.test_client()
    assert "data-kern-theme" not in client.get("/").text
    assert 'data-kern-theme="dark"' in client.get("/?theme=dark").text
    assert 'data-kern-theme="dark"' in client.get("/wlan").text
    assert "data-kern-theme" not in client.get("/wlan?theme=auto").text


def test_an_error_has_plain_words_and_an_id_that_stands_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    made = wiring.create_app(settings)

    def broken() -> str:
        raise RuntimeError("the inner truth")

    made.view_functions["bulletin.wifi"] = broken
    page, other = made.test_client().get("/wlan"), made.test_client().get("/gibt-es-nicht")
    made.extensions["database"].close()
    error_id = re.search(r"Rückfragen: (\w{8})", page.text)
    assert page.status_code == 500
    assert error_id is not None
    assert error_id[1] in caplog.text
    assert "the inner truth" not in page.text
    assert other.status_code == 404
    assert "Diese Seite gibt es nicht" in other.text


def test_templates_use_no_inline_style_or_script() -> None:
    downloaded = TEMPLATES / "privacy" / "export.html"  # lies on the person's own disk, no policy holds there
    for file in set(TEMPLATES.rglob("*.html")) - {downloaded}:
        assert not INLINE.search(file.read_text()), file
