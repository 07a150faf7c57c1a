"""The portal's pages over HTTP."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.access import AccessError, Opened, Standing, Visitor
from captive_portal.api import answer_kind
from captive_portal.probes import PROBES
from tests.captive_portal.factory import bulletin, client, write_state

LARGEST_PAGE = 14_336  # bytes as sent, headers included: what fits into the first round of TCP


class ClosedGate:
    """A gate that nobody answers at."""

    preview = False

    def look(self, visitor: Visitor) -> Standing:
        raise AccessError("no gate")

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        raise AccessError("no gate")

    def count(self) -> dict[str, int]:
        raise AccessError("no gate")


class Gate:
    """A gate that keeps sessions by address, with 5 MB for everybody."""

    preview = False

    def __init__(self, refusal: str = "") -> None:
        self.until: dict[str, int] = {}
        self.refusal = refusal

    def look(self, visitor: Visitor) -> Standing:
        if self.refusal == "quota":
            return Standing(None, spent_s=600)
        seconds = self.until.get(visitor.address)
        return Standing(seconds, 5_000_000 if seconds else None)

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        if self.refusal:
            raise AccessError("refused", self.refusal)
        self.until[visitor.address] = seconds
        return Opened(seconds, len(self.until), False)

    def count(self) -> dict[str, int]:
        return {"sessions": len(self.until), "spent": 0, "places": 500, "bytes": 12}


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


def api(browser, **headers: str):
    return browser.get("/captive-portal/api", base_url="http://localhost", headers=headers)


def test_the_api_keeps_rfc_8908(state: Path) -> None:
    browser = client(state, Gate())
    before = api(browser)
    assert before.content_type == "application/captive+json"
    assert "private" in before.headers["Cache-Control"]
    body = json.loads(before.data)
    assert body["captive"] is True
    assert not {"seconds-remaining", "bytes-remaining"} & set(body)
    assert {"user-portal-url", "venue-info-url", "can-extend-session"} <= set(body)
    browser.post("/verbinden", base_url="http://localhost")
    body = json.loads(api(browser).data)
    assert (body["captive"], body["seconds-remaining"], body["bytes-remaining"]) == (False, 4 * 3600, 5_000_000)
    assert body["can-extend-session"] is True


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("application/captive+json", 200),
        ("application/captive+json, application/json;q=0.9", 200),
        ("text/html;q=0.3, application/captive+json;q=0.5", 200),
        ("APPLICATION/CAPTIVE+JSON; q=0.8", 200),
        ("application/*;q=0.1", 200),
        ("application/json", 200),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 302),
        ("image/png", 406),
        ("application/captive+json;q=0", 406),
    ],
)
def test_the_accept_header_is_read_as_a_list_with_weights(state: Path, accept: str, status: int) -> None:
    assert api(client(state, Gate()), Accept=accept).status_code == status


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60))
def test_no_accept_header_breaks_the_api(accept: str) -> None:
    assert answer_kind(accept) in ("json", "page", "none")


def test_who_has_used_the_quota_is_told_so_and_cannot_extend(state: Path) -> None:
    browser = client(state, Gate("quota"))
    body = json.loads(api(browser).data)
    assert (body["captive"], body["can-extend-session"]) == (True, False)
    assert "Datenmenge" in browser.get("/", base_url="http://localhost").text
    answer = browser.post("/verbinden", base_url="http://localhost")
    assert answer.status_code == 503
    assert "Datenmenge" in answer.text


def test_a_full_node_says_so_instead_of_a_general_failure(state: Path) -> None:
    answer = client(state, Gate("full")).post("/verbinden", base_url="http://localhost")
    assert "alle Plätze" in answer.text


@pytest.mark.parametrize(("kind", "host"), [(kind, host) for kind, hosts in PROBES.items() for host in hosts])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_vendors_probe_is_redirected_and_never_told_success(
    state: Path, kind: str, host: str, method: str
) -> None:
    answer = client(state, Gate()).open(f"http://{host}/generate_204", method=method)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://localhost/"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Success" not in answer.text


def test_the_probes_are_counted_by_their_kind_and_visitors_see_no_metrics(state: Path) -> None:
    browser = client(state, Gate(), metrics="127.0.0.1:9101")
    browser.get("http://captive.apple.com/hotspot-detect.html")
    browser.post("/verbinden", base_url="http://localhost")
    assert browser.get("/metrics", base_url="http://localhost").status_code == 404
    page = browser.get("/metrics", base_url="http://127.0.0.1:9101").text
    assert 'stadtknoten_portal_probes_total{kind="apple"} 1' in page
    assert "stadtknoten_portal_accepts_total 1" in page
    assert "stadtknoten_portal_bytes_total 12" in page
    assert 'stadtknoten_portal_request_seconds_bucket{le="+Inf"}' in page


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


def test_the_terms_tell_their_version(tmp_path: Path) -> None:
    legal = bulletin()["legal"]
    state = write_state(tmp_path / "node", bulletin(legal={**legal, "terms": {**legal["terms"], "version": "2026-11"}}))
    assert "Fassung 2026-11" in client(state).get("/regeln?lang=de").text
