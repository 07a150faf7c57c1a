"""Keys of the day, hashes of devices, and grants."""

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.devices import DayKeys, Devices, GrantError, Grants, advanced, device_hash, read_grants

MAC, DAY = "02:77:00:00:00:01", date(2026, 11, 24)
FIRST = DayKeys(DAY, b"k" * 32, b"b" * 32)
HUB = Ed25519PrivateKey.generate()
KEY = HUB.public_key().public_bytes_raw()
NOW = 1_795_515_330_123


@given(st.integers(0, 200), st.integers(0, 200))
def test_nodes_that_slept_differently_long_agree_on_the_key_of_the_day(first: int, second: int) -> None:
    day = DAY + timedelta(days=first + second)
    stepwise = advanced(advanced(FIRST, DAY + timedelta(days=first)), day)
    assert stepwise.key == advanced(FIRST, day).key


def test_a_hash_of_today_says_nothing_tomorrow_but_yesterdays_key_is_still_there() -> None:
    tomorrow = advanced(FIRST, DAY + timedelta(days=1))
    assert device_hash(tomorrow.key, MAC) != device_hash(FIRST.key, MAC)
    assert tomorrow.before == FIRST.key
    assert FIRST.key not in (
        advanced(FIRST, DAY + timedelta(days=2)).key,
        advanced(FIRST, DAY + timedelta(days=2)).before,
    )


def test_a_clock_in_the_past_or_far_ahead_throws_no_key_away(tmp_path: Path) -> None:
    assert advanced(FIRST, date(1970, 1, 1)) == FIRST
    assert advanced(FIRST, date(2038, 1, 1)) == FIRST


def test_the_key_survives_a_restart_and_lies_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "device.key"
    before = Devices(file, lambda: DAY).current(MAC)
    assert Devices(file, lambda: DAY).current(MAC) == before
    assert Devices(file, lambda: DAY + timedelta(days=1)).names(MAC)[1] == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["day"] == "2026-11-25"


def sealed(content: object, key: Ed25519PrivateKey = HUB) -> bytes:
    body = json.dumps(content)
    return json.dumps({"body": body, "signature": key.sign(body.encode()).hex()}).encode()


def test_a_grant_of_the_hub_for_this_node_is_believed_until_its_end() -> None:
    message = sealed({"node": "bahnhof", "ts": NOW, "grants": [["a" * 32, NOW + 1000], ["b" * 32, NOW - 1]]})
    assert read_grants(message, "bahnhof", KEY, NOW) == {"a" * 32: NOW + 1000}
    assert read_grants(message, "bahnhof", KEY, NOW + 1000) == {}


@pytest.mark.parametrize(
    "message",
    [
        sealed({"node": "kurpark", "ts": NOW, "grants": []}),
        sealed({"node": "bahnhof", "ts": NOW - 25 * 3600 * 1000, "grants": []}),
        sealed({"node": "bahnhof", "ts": NOW, "grants": []}, Ed25519PrivateKey.generate()),
        sealed(["bahnhof"]),
        b"",
    ],
    ids=["another node", "old", "another signer", "another shape", "empty"],
)
def test_any_other_grant_is_refused(message: bytes) -> None:
    with pytest.raises(GrantError):
        read_grants(message, "bahnhof", KEY, NOW)


def test_what_is_no_regular_file_does_not_hold_the_gate_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.json")
    (tmp_path / "2.json").symlink_to("/etc/passwd")
    (tmp_path / "3.json").write_bytes(sealed({"node": "bahnhof", "ts": NOW, "grants": [["a" * 32, NOW + 1000]]}))
    grants = Grants(tmp_path, "bahnhof", KEY)
    grants.collect(NOW)
    assert grants.until_ms(("a" * 32,)) == NOW + 1000
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_message_breaks_the_reader(message: bytes) -> None:
    with pytest.raises(GrantError):
        read_grants(message, "bahnhof", KEY, NOW)
