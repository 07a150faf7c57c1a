"""Updates over the air: signature, two slots, one trial, rollback."""

import base64
import json
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from firmware import bundle
from hub.fleet.api import rollouts
from tests.edge.update.town import Releases, build
from tests.firmware.device import SETTINGS, Device, Wake, byte_code, echo, hub

pytestmark = pytest.mark.process  # each test starts Node

NEW = "1.1.0"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


@cache
def _bundle(version: str = NEW, spoil: str = "") -> bytes:
    """A bundle of the present code under another version; `spoil` goes into run(), an import on top."""
    named = bundle.sources()
    main = named["main"].replace('VERSION = "1.0.0"', f'VERSION = "{version}"')
    if spoil.startswith("import"):
        main = main.replace("\nVERSION", f"\n{spoil}\nVERSION", 1)
    elif spoil:
        main = main.replace("    device = settings.load()\n", f"    {spoil}\n    device = settings.load()\n", 1)
    code = {name: data for name, data in byte_code().items() if name not in bundle.FIXED}
    return bundle.pack(version, code | bundle.compile_all({"main": main}))


def _device() -> Device:
    return Device({**SETTINGS, "update_key": bundle.modulus(_key())})


def _offer(data: bytes, version: str = NEW, **other: object) -> dict[str, object]:
    return {"version": version, "url": "https://hub.example/firmware/x", **bundle.sign(data, _key()), **other}


def _scene(data: bytes, offer: dict[str, object], **more: object) -> dict[str, object]:
    """A hub that offers this firmware, and the web server that has it."""
    config = {"v": 5, "ts": "2026-11-24T10:00:00.000Z", "firmware": offer}
    web = {"/firmware/x": base64.b64encode(data).decode()}
    return {**echo("no car"), **hub(), "retained": {"config": config}, "web": web, "ticks": 1_000_000, **more}


def _software(wake: Wake) -> object:
    return wake.messages("status")[-1]["software"] if wake.messages("status") else None


def test_a_signed_newer_version_is_tried_and_kept_after_a_whole_cycle_with_an_ack() -> None:
    device, scene = _device(), _scene(_bundle(), _offer(_bundle()))
    wakes = device.wakes([scene] * 5)
    assert [_software(one) for one in wakes] == [None, "1.0.0", NEW, NEW, NEW]
    assert device.files["/slots.json"] == b'{"slot": "a"}', "no trial any more"
    assert [len(one.all("get")) for one in wakes] == [0, 1, 0, 0, 0]
    assert [name for name in device.files if name.startswith("/a/edge/wire/")]


def test_the_next_update_goes_into_the_other_slot() -> None:
    device = _device()
    device.wakes([_scene(_bundle(), _offer(_bundle()))] * 4)
    newer = _bundle("1.2.0")
    scene = _scene(newer, _offer(newer, "1.2.0"))
    scene["retained"]["config"]["v"] = 6
    wakes = device.wakes([scene] * 3)
    assert _software(wakes[-1]) == "1.2.0" and device.files["/slots.json"] == b'{"slot": "b"}'


def test_a_wrong_signature_digest_address_or_version_is_refused_with_a_reason_and_not_tried_again() -> None:
    good = _bundle()
    other_key = bundle.sign(good, rsa.generate_private_key(65537, 3072))["signature"]
    older = _bundle("0.9.0")
    broken = b"no bundle at all\n"
    cases = [
        (good, _offer(good, signature=other_key), "signature does not match"),
        (good, _offer(good, signature="00" * 384), "signature does not match"),
        (good, _offer(good, signature="f" * 768), "signature does not match"),
        (good, _offer(good, signature=None), "signature does not match"),
        (good + b" ", _offer(good), "digest does not match"),
        (good, _offer(good, url="http://hub.example/firmware/x"), "url must be https"),
        (good, _offer(good, url="https://hub.example:x/firmware/x"), "invalid syntax for integer with base 10: 'x'"),
        (older, _offer(older, "0.9.0"), "older than 1.0.0"),
        (good, _offer(good, "1.3.0"), "another version is inside"),
        (good, _offer(good, "newest"), "not a version"),
        (broken, _offer(broken), "not a bundle"),
        (b"x" * (257 * 1024), _offer(b"x"), "size must be 1 to 262144 bytes"),
    ]
    for data, offer, why in cases:
        device = _device()
        wakes = device.wakes([_scene(data, offer)] * 4)
        status = wakes[3].messages("status")[-1]
        assert status["software"] == "1.0.0", why
        assert (status["refused_v"], status["refused_why"]) == (5, f"firmware {offer['version']}: {why}")
        assert sum(len(one.all("get")) for one in wakes) <= 1
        assert not [name for name in device.files if name.startswith("/a/main")], why


@pytest.mark.parametrize(
    ("spoil", "ends"),
    [
        ("raise ValueError('spoilt')", "deepsleep"),
        ("from time import sleep_ms; [sleep_ms(100) for _ in range(999)]", "watchdog"),
        ("import time\nwhile True: time.sleep_ms(100)", "watchdog"),
        ("import nothing_of_this_name", "deepsleep"),
    ],
)
def test_a_trial_that_crashes_or_hangs_three_times_is_rolled_back_and_reported(spoil: str, ends: str) -> None:
    data = _bundle(spoil=spoil)
    device, scene = _device(), _scene(data, _offer(data))
    wakes = device.wakes([scene] * 8)
    assert _software(wakes[1]) == "1.0.0"
    assert [one.end for one in wakes[2:5]] == [ends] * 3 and not any(one.messages("status") for one in wakes[2:5])
    alarms = [body for one in wakes for body in one.messages("alarm")]
    assert [(body["code"], body["text"]) for body in alarms] == [
        ("update_rolled_back", "1.1.0: no ack of the hub within 3 boots")
    ]
    status = wakes[7].messages("status")[-1]
    assert (status["software"], status["refused_v"]) == ("1.0.0", 5)
    assert sum(len(one.all("get")) for one in wakes) == 1, "the version is not fetched again"


def test_a_trial_that_the_hub_never_acks_is_rolled_back() -> None:
    device, scene = _device(), _scene(_bundle(), _offer(_bundle()))
    device.wakes([scene] * 2)
    deaf = {key: value for key, value in scene.items() if key != "hub"}
    wakes = device.wakes([deaf] * 4)
    assert [_software(one) for one in wakes] == [NEW, NEW, NEW, "1.0.0"]
    assert [one.slept_ms for one in wakes[:3]] == [60_000] * 3, "a short outage of the hub is no reason to go back"


def test_a_broken_download_is_tried_again_with_the_next_report() -> None:
    device, scene = _device(), _scene(_bundle(), _offer(_bundle()))
    wakes = device.wakes([scene, {**scene, "web_cut": 5_000}, {**scene, "web": {}}, scene, scene])
    assert [_software(one) for one in wakes] == [None, "1.0.0", "1.0.0", "1.0.0", NEW]


def _enough_flash(data: bytes) -> int:
    """About how many bytes are written until the new version is marked."""
    low, high = 3_000, 200_000
    while high - low > 100:
        device, scene, middle = _device(), _scene(data, _offer(data)), (low + high) // 2
        cut = device.wakes([scene, {**scene, "flash_bytes": middle}])[1].end == "power_cut"
        low, high = (middle, high) if cut else (low, middle)
    return high


def test_a_power_cut_while_the_slot_is_filled_or_marked_leaves_a_version_that_runs() -> None:
    data = _bundle()
    ends, enough = set(), _enough_flash(data)
    for budget in (2 * enough, enough + 200, enough, enough - 100, enough - 300, enough // 3, 3_000):
        device, scene = _device(), _scene(data, _offer(data))
        wakes = device.wakes([scene, {**scene, "flash_bytes": budget}, {**scene, "cause": 1}, scene, scene, scene])
        ends.add(wakes[1].end)
        assert _software(wakes[-1]) == NEW
    assert ends == {"power_cut", "deepsleep"}


def test_a_power_cut_at_any_byte_of_the_state_file_leaves_the_old_or_the_new_state() -> None:
    script = """
import slots
old, new = {"slot": "a"}, {"slot": "b", "old": "a", "trial": True, "version": "1.1.0"}
slots.save(old)
found = []
for budget in range(200):
    set_flash(budget)
    try:
        slots.save(new)
    except End:
        pass
    set_flash(None)
    found.append(slots.load())
    if found[-1] == new:
        break
say("result", cuts=len(found), good=all(state == old for state in found[:-1]) and found[-1] == new)
"""
    result = _device().script(script)[-1]
    assert result["good"] is True and int(str(result["cuts"])) > 50


def test_the_signature_check_takes_what_cryptography_signs_and_nothing_else() -> None:
    digest = bundle.sign(b"text", _key())
    flipped = f"{int(digest['signature'], 16) ^ 1:0768x}"
    script = """
import update
say("checked", results=[update.is_signed(*case) for case in CASES])
"""
    cases = [
        (digest["sha256"], digest["signature"], bundle.modulus(_key())),
        (digest["sha256"], flipped, bundle.modulus(_key())),
        ("0" * 64, digest["signature"], bundle.modulus(_key())),
        (digest["sha256"], digest["signature"], "f" * 768),
        (digest["sha256"], digest["signature"].upper(), bundle.modulus(_key())),
        (digest["sha256"], "0" + digest["signature"], bundle.modulus(_key())),
    ]
    event = _device().script(script.replace("CASES", repr(cases)))[-1]
    assert event["results"] == [True, False, False, False, False, False]


def test_what_a_signed_release_brings_to_the_hub_is_what_the_sensor_believes(tmp_path: Path) -> None:
    """From the bundle over the hub's directory of releases into the sensor: its own key decides at the end."""
    releases = Releases(tmp_path / "made")
    made = releases.make("1.0")
    (made / "firmware.bundle").write_bytes(_bundle())
    about = {"version": NEW, **bundle.sign(_bundle(), _key()), "update_key": bundle.modulus(_key())}
    (made / "firmware.json").write_text(json.dumps(about))
    build.sign(made, "1.0", releases.key)
    kept = rollouts.Releases(tmp_path / "kept", releases.public)
    release = kept.take_in(made)
    offer = rollouts.firmware_of(kept, release, "https://hub.example")
    file = kept.file(release.name, "firmware.bundle")
    assert file is not None
    scene = _scene(b"", dict(offer))
    scene["web"] = {offer["url"].removeprefix("https://hub.example"): base64.b64encode(file.read_bytes()).decode()}
    wakes = _device().wakes([scene] * 4)
    assert [_software(one) for one in wakes] == [None, "1.0.0", NEW, NEW]
    stranger = Device({**SETTINGS, "update_key": bundle.modulus(rsa.generate_private_key(65537, 3072))})
    said = stranger.wakes([scene] * 3)[-1].messages("status")[-1]
    assert "signature does not match" in str(said["refused_why"])
