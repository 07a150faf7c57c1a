"""What comes of an upstream log-in, by rules alone; and the settings that switch it on."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.account import rules
from hub.account.rules import Arrival, Level
from hub.settings import Settings

PEOPLE = st.none() | st.integers(1, 3)
NOW = 1_800_000_000_000
GOOD = {"aud": "us", "sub": "erika", "iat": NOW // 1000}


@pytest.mark.parametrize(
    ("acr", "level"),
    [
        ("STORK-QAA-Level-1", Level.BASIS),
        ("STORK-QAA-Level-2", Level.BASIS),
        ("STORK-QAA-Level-3", Level.SUBSTANTIELL),
        ("STORK-QAA-Level-4", Level.HOCH),
        ("STORK-QAA-1", Level.BASIS),
        ("STORK-QAA-3", Level.SUBSTANTIELL),
        ("STORK-QAA-4", Level.HOCH),
        ("http://eidas.europa.eu/LoA/low", Level.BASIS),
        ("http://eidas.europa.eu/LoA/substantial", Level.SUBSTANTIELL),
        ("http://eidas.europa.eu/LoA/high", Level.HOCH),
    ],
)
def test_levels_of_bundid_and_eidas(acr: str, level: Level) -> None:
    assert rules.level_of_acr(acr) == level


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_whatever_else_comes_as_acr_proves_basis(acr: object) -> None:
    assert rules.level_of_acr(acr) == Level.BASIS


@pytest.mark.parametrize("level", Level)
def test_the_level_that_is_asked_for_is_the_one_that_is_understood(level: Level) -> None:
    assert rules.level_of_acr(rules.acr_of(level)) == level


@given(PEOPLE, PEOPLE, PEOPLE, st.booleans())
def test_nobody_gets_into_an_account_by_an_identity_that_is_not_its_own(
    owner: int | None, visitor: int | None, asked_by: int | None, has_other: bool
) -> None:
    found = rules.arrival(owner, visitor, asked_by, has_other=has_other)
    if found is Arrival.ENTER:
        assert (visitor, owner is not None) == (None, True)
        assert asked_by in (None, owner)
    if found is Arrival.RAISE:
        assert owner == visitor
    if found is Arrival.LINK:
        assert owner is None
        assert visitor is not None
        assert not has_other
    if asked_by is not None and visitor not in (None, asked_by):
        assert found is Arrival.CHANGED


@given(
    st.dictionaries(
        st.sampled_from(["aud", "azp", "sub", "iat", "auth_time", "nonce"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_any_claims_get_an_answer_and_never_an_error(claims: dict[str, object]) -> None:
    assert isinstance(rules.token_problem({**GOOD, **claims}, "us", NOW, NOW), str | None)
    assert len(rules.shown_name({"name": claims.get("sub"), "family_name": claims.get("nonce")})) <= 100


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "a\nb"},
        {"sub": ""},
        {"sub": 5},
        {"azp": "them"},
        {"aud": ["us", "them"]},
        {"iat": NOW // 1000 - 700},
        {"iat": True},
        {"iat": float("nan")},
        {"auth_time": float("nan")},
        {"auth_time": NOW // 1000 - 61},
        {"auth_time": "now"},
    ],
)
def test_what_is_wrong_with_a_token_is_said(change: dict[str, object]) -> None:
    assert rules.token_problem({**GOOD, **change}, "us", NOW, NOW) is not None


@pytest.mark.parametrize(
    "change", [{}, {"azp": "us"}, {"aud": ["us", "them"], "azp": "us"}, {"auth_time": NOW // 1000 - 59}]
)
def test_a_good_token_has_no_problem(change: dict[str, object]) -> None:
    assert rules.token_problem({**GOOD, **change}, "us", NOW, NOW) is None


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": " Erika  Muster "}, "Erika Muster"),
        ({"given_name": "Erika", "family_name": "Muster"}, "Erika Muster"),
        ({"name": ["Erika"]}, ""),
        ({"name": "Eri\u202eka"}, ""),
        ({"name": "x" * 300}, "x" * 100),
        ({}, ""),
    ],
)
def test_the_name_that_is_shown(claims: dict[str, object], name: str) -> None:
    assert rules.shown_name(claims) == name


@given(st.integers(0, rules.WAITING_MS))
def test_a_proof_that_waited_counts_from_its_own_moment(waited: int) -> None:
    session = rules.new_session(NOW - rules.HOUR)
    raised = rules.raised(session, frozenset(), Level.SUBSTANTIELL, NOW, NOW - waited)
    assert raised.level_until == NOW - waited + rules.RAISED_MS
    assert raised.authenticated_at == max(session.authenticated_at, NOW - waited)


def secret(directory: Path, mode: int = 0o600, text: str = "geheim") -> Path:
    file = directory / "secret"
    file.write_text(text)
    file.chmod(mode)
    return file


def start(directory: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "HUB_STATE_DIR": str(directory),
        "HUB_BUNDID_ISSUER": "https://broker.example",
        "HUB_BUNDID_CLIENT_ID": "stadt",
        "PATH": "/usr/bin",
        **more,
    }
    command = [sys.executable, "-m", "hub", "migrate"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_a_secret_that_others_may_read_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    file = secret(tmp_path, 0o640)
    result = start(tmp_path, HUB_BUNDID_CLIENT_SECRET_FILE=str(file))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "HUB_BUNDID_CLIENT_SECRET_FILE" in result.stderr
    assert "chmod 600" in result.stderr
    file.chmod(0o600)
    assert start(tmp_path, HUB_BUNDID_CLIENT_SECRET_FILE=str(file)).returncode == 0


@pytest.mark.process
def test_a_missing_secret_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    for more in ({}, {"HUB_BUNDID_CLIENT_SECRET_FILE": str(tmp_path / "none")}):
        result = start(tmp_path, **more)
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1
        assert "HUB_BUNDID_CLIENT_SECRET_FILE" in result.stderr


def test_an_empty_secret_and_a_missing_client_are_refused(tmp_path: Path) -> None:
    file, issuer = secret(tmp_path, text=" \n"), "https://broker.example"
    with pytest.raises(ValidationError, match="is empty"):
        Settings(bundid_issuer=issuer, bundid_client_id="stadt", bundid_client_secret_file=file)
    with pytest.raises(ValidationError, match="HUB_BUNDID_ISSUER needs it"):
        Settings(bundid_issuer=issuer, bundid_client_secret_file=secret(tmp_path))


@pytest.mark.parametrize(
    "issuer",
    [
        "http://broker.example",
        "http://127.0.0.1.evil.example",
        "https://",
        "https://a:b@broker.example",
        "https://broker.example?x=1",
        "ftp://broker.example",
    ],
)
def test_an_unsafe_issuer_is_refused(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ValidationError):
        Settings(bundid_issuer=issuer, bundid_client_id="stadt", bundid_client_secret_file=secret(tmp_path))


def test_the_secret_is_read_without_the_line_end(tmp_path: Path) -> None:
    file = secret(tmp_path, text="geheim\n")
    made = Settings(bundid_issuer="http://localhost:9400", bundid_client_id="stadt", bundid_client_secret_file=file)
    assert made.bundid_secret() == "geheim"
    assert Settings().bundid_secret() == ""
