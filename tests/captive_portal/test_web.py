"""The portal's pages over HTTP."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from captive_portal.access import AccessError, Opened, Visitor
from tests.captive_portal.factory import bulletin, client, write_state

LARGEST_PAGE = 14_336  # bytes as sent, headers included: what fits into the first round of TCP


class ClosedGate:
    """A gate that nobody answers at."""

    preview = False

    def remaining_s(self, visitor: Visitor) -> int | None:
        raise AccessError("no gate")

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        raise AccessError("no gate")


class Gate:
    """A gate that keeps sessions by address."""

    preview = False

    def __init__(self) -> None:
        self.until: dict[str, int] = {}

    def remaining_s(self, visitor: Visitor) -> int | None:
        return self.until.get(visitor.address)

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        self.until[visitor.address] = seconds
        return Opened(seconds, len(self.until), False)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return write_state(tmp_path / "node", bulletin())


def as_sent(response) -> int:
    head = sum(len(f"{name}: {value}\r\n") for name, value in response.headers.items())
    return len("HTTP/1.1 200 OK\r\n") + head + len("Date: Tue, 24 Nov 2026 10:00:00 GMT\r\n\r\n") + len(response.data)


def test_the_landing_page_shows_the_town_and_one_button(state: Path) -> None:
    page = client(state).get("/").text
    assert page.count("<form") == 1
    assert page.count("<button") == 1
    assert "Kostenlos verbinden" in page
    assert "Kurpark am See" in page
    assert "<script" not in page


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/", "/?lang=en"])
def test_the_whole_answer_fits_into_the_first_round(state: Path, encoding: str, path: str) -> None:
    response = client(state).get(path, headers={"Accept-Encoding": encoding})
    limit = LARGEST_PAGE if encoding == "gzip" else 4 * LARGEST_PAGE
    assert as_sent(response) <= limit


def test_english_is_complete(state: Path) -> None:
    german, english = client(state).get("/?lang=de").text, client(state).get("/?lang=en").text
    assert 'lang="en"' in english
    assert "Connect" in english
    assert "Kostenlos verbinden" not in english
    assert german != english


def test_the_language_follows_the_phone(state: Path) -> None:
    assert 'lang="en"' in client(state).get("/", headers={"Accept-Language": "fr;q=0.9, en;q=0.8"}).text


def test_without_uplink_the_page_says_so_with_the_age(tmp_path: Path) -> None:
    old = datetime.now(UTC) - timedelta(hours=3)
    state = write_state(tmp_path / "node", bulletin(old), connected=False)
    page = client(state).get("/").text
    assert 'role="status"' in page
    assert "Stand" in page


def test_without_any_bulletin_the_button_is_there_all_the_same(tmp_path: Path) -> None:
    page = client(write_state(tmp_path / "node", None, None)).get("/")
    assert page.status_code == 200
    assert "Kostenlos verbinden" in page.text


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"v": 1}', b"\xff" * 100, b'{"news": 7, "offices": [3]}'])
def test_a_broken_bulletin_file_does_not_break_the_page(tmp_path: Path, garbage: bytes) -> None:
    state = write_state(tmp_path / "node", None)
    (state / "bulletin.json").write_bytes(garbage)
    assert client(state).get("/").status_code == 200


def test_markup_in_the_bulletin_is_text(tmp_path: Path) -> None:
    evil = {"de": "<script>alert(1)</script>", "en": "<b>"}
    news = [{"id": "x", "title": evil, "text": evil, "date": "2026-11-24", "assumed": False}]
    body = bulletin(news=news, events=[], warnings=[])
    assert "<script" not in client(write_state(tmp_path / "node", body)).get("/").text


def test_accepting_opens_the_way_and_loads_a_new_page(state: Path) -> None:
    browser = client(state, Gate())
    answer = browser.post("/verbinden", base_url="http://localhost")
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"], base_url="http://localhost")
    assert "verbunden" in page.text.lower()
    assert re.search(r"4(\s|&nbsp;)Stunden", page.text)


def test_the_api_keeps_rfc_8908(state: Path) -> None:
    browser = client(state, Gate())
    before = browser.get("/captive-portal/api", base_url="http://localhost")
    assert before.content_type == "application/captive+json"
    assert "private" in before.headers["Cache-Control"]
    body = json.loads(before.data)
    assert body["captive"] is True
    assert "seconds-remaining" not in body
    assert {"user-portal-url", "venue-info-url", "can-extend-session"} <= set(body)
    browser.post("/verbinden", base_url="http://localhost")
    body = json.loads(browser.get("/captive-portal/api", base_url="http://localhost").data)
    assert (body["captive"], body["seconds-remaining"]) == (False, 4 * 3600)


@pytest.mark.parametrize(
    "probe",
    [
        "http://captive.apple.com/hotspot-detect.html",
        "http://connectivitycheck.gstatic.com/generate_204",
        "http://www.msftconnecttest.com/connecttest.txt",
        "http://detectportal.firefox.com/canonical.html",
        "http://nmcheck.gnome.org/check_network_status.txt",
    ],
)
def test_a_probe_for_another_host_is_led_to_the_landing_page(state: Path, probe: str) -> None:
    answer = client(state, Gate()).get(probe)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://localhost/"


def test_when_the_gate_is_away_the_page_says_what_to_do_and_claims_nothing(state: Path) -> None:
    browser = client(state, ClosedGate())
    assert browser.get("/", base_url="http://localhost").status_code == 503
    assert browser.post("/verbinden", base_url="http://localhost").status_code == 503
    assert browser.get("/captive-portal/api", base_url="http://localhost").status_code == 503
    assert browser.get("/healthz", base_url="http://localhost").status_code == 503


@pytest.mark.parametrize("path", ["/regeln", "/impressum", "/datenschutz", "/barrierefreiheit"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_legal_texts_are_here_without_the_hub(state: Path, path: str, language: str) -> None:
    page = client(state).get(f"{path}?lang={language}")
    assert page.status_code == 200
    assert "<h1" in page.text


def test_every_page_carries_the_line_of_the_demonstration(state: Path) -> None:
    for path in ("/", "/regeln", "/impressum"):
        assert "Demonstration" in client(state).get(path).text


def test_nothing_from_elsewhere_may_run_or_load(state: Path) -> None:
    response = client(state).get("/")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert re.findall(r'(?:src|href)="(?:https?:)?//(?!www\.badrappenau)', response.text) == []


def test_an_unknown_address_is_a_friendly_page(state: Path) -> None:
    assert client(state).get("/gibt-es-nicht").status_code == 404
