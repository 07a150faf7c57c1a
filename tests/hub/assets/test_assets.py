"""What npm brings is pinned, comes from nowhere in particular, and only what is used is taken."""

import json

from hub import assets

LOCK = assets.HERE / "package-lock.json"


def test_the_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    installed = {name: entry for name, entry in packages.items() if name}
    assert installed
    assert all(entry["integrity"].startswith("sha512-") for entry in installed.values())
    assert "resolved" not in LOCK.read_text()
    assert "://" not in LOCK.read_text()


def test_htmx_stays_in_version_2() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    assert packages["node_modules/htmx.org"]["version"].startswith("2.")


def test_a_style_sheet_is_taken_apart_into_its_top_level_rules() -> None:
    css = "a{b:c}@media (x){d{e:f}g{h:i}}.kern-btn{j:k}"
    assert list(assets.rules(css)) == ["a{b:c}", "@media (x){d{e:f}g{h:i}}", ".kern-btn{j:k}"]


def test_only_used_parts_of_kern_are_taken() -> None:
    assert assets.is_used(".kern-btn--primary{color:red}")
    assert assets.is_used("@media (forced-colors: active){.kern-btn{border:1px solid}}")
    assert not assets.is_used(".kern-kopfzeile{color:red}")
    assert not assets.is_used("@font-face{font-family:x}")
