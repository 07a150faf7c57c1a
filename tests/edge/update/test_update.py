"""A release from the hub to the services: resumed, verified, switched, taken back. Real processes, a real pip."""

import json
import os
import signal
from pathlib import Path

import pytest

from edge.rules.release import ReleaseError
from edge.update import install, signed
from tests.edge.update.town import PART, Node, Releases, hub

POWER = signal.SIGKILL


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path / "releases")


@pytest.fixture
def node(tmp_path: Path, releases: Releases) -> Node:
    return Node(tmp_path / "node", releases.public)


@pytest.mark.process
def test_a_download_goes_on_where_it_ended_also_after_a_power_cut(node: Node, releases: Releases) -> None:
    bundle = releases.make("1.0", padding=600_000)
    size = (bundle / f"{PART}.tar").stat().st_size
    with hub(bundle, cut=250_000) as here:
        node.order("r1-1", here.url)
        process = node.start("fetch")
        partial = node.fetched / f"{PART}.tar.part"
        while not partial.exists() or partial.stat().st_size < 100_000:
            assert process.poll() is None
        os.kill(process.pid, POWER)
        process.communicate()
        node.run("fetch")
        assert (node.fetched / f"{PART}.tar").read_bytes() == (bundle / f"{PART}.tar").read_bytes()
        assert json.loads((node.fetched / "ready.json").read_text())["id"] == "r1-1"
        assert node.progress("state/update/fetch.json")["state"] == "waiting"
        assert len(here.ranges) >= 3
        assert here.ranges == sorted(here.ranges)
        assert here.served < size + 250_000, "what was there was not fetched twice"


@pytest.mark.process
def test_a_release_is_installed_beside_the_old_one_and_taken_back_when_broken(node: Node, releases: Releases) -> None:
    node.hand_over("r1-1", releases.make("1.0"))
    node.run("apply")
    first = node.link("current")
    assert node.progress() | {"old": "", "new": ""} == {
        **{"id": "r1-1", "state": "done", "percent": 100, "text": "", "old": "", "new": ""}
    }
    assert first.startswith("1.0-")
    assert node.link("good") == first
    assert "try-restart" in (node.root / "systemctl.log").read_text()

    broken = releases.make("2.0")
    node.install_like(first, broken, broken=True)
    node.hand_over("r2-1", broken)
    node.run("apply")
    assert node.progress()["state"] == "rolled_back"
    assert "not well with it: stadtknoten-edge" in str(node.progress()["text"])
    assert node.link("current") == node.link("good") == first

    third = releases.make("3.0")
    node.install_like(first, third)
    node.hand_over("r3-1", third)
    trial = node.start("apply", "--settle", "60")
    node.wait_for("trial")
    while not node.link("current").startswith("3.0-"):
        assert trial.poll() is None
    assert node.link("good") == first
    os.kill(trial.pid, POWER)
    trial.communicate()
    node.run("recover")
    assert node.link("current") == first
    assert node.progress()["state"] == "rolled_back"
    assert node.progress()["text"] == "the power went away during the trial"

    node.config.write_text("bad\n")
    node.hand_over("r4-1", third)
    node.run("apply")
    assert (node.progress()["state"], node.progress()["text"]) == ("refused", "bad key"), (
        "it cannot read this node's file"
    )
    assert node.link("current") == first


@pytest.mark.process
def test_a_power_cut_while_it_installs_changes_nothing_and_it_begins_again(node: Node, releases: Releases) -> None:
    bundle = releases.make("1.0")
    node.hand_over("r1-1", bundle)
    process = node.start("apply")
    node.wait_for("installing")
    while not list(node.home.glob("1.0-*/pyvenv.cfg")):
        assert process.poll() is None
    os.kill(process.pid, POWER)
    process.communicate()
    node.run("recover")
    assert node.progress()["state"] == "interrupted"
    assert node.link("current") == ""
    node.hand_over("r1-1", bundle)
    node.run("apply")
    assert node.progress()["state"] == "done"
    assert (node.home / "current/complete").exists()
    node.hand_over("r1-1", bundle)
    before = (node.root / "systemctl.log").read_text()
    node.run("apply")
    assert (node.root / "systemctl.log").read_text() == before, "an order is obeyed once"


@pytest.mark.process
def test_nothing_is_installed_that_the_town_did_not_sign_or_that_is_older(node: Node, releases: Releases) -> None:
    second = releases.make("2.0")
    (node.home / "2.0-aaaaaaaaaaaa").mkdir()
    (node.home / "2.0-aaaaaaaaaaaa/manifest.json").write_bytes((second / "manifest.json").read_bytes())
    install.switch(node.home, "current", "2.0-aaaaaaaaaaaa")
    present = node.link("current")
    stranger = Releases(node.root / "stranger")
    broken = releases.make("2.1")
    archive = broken / f"{PART}.tar"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    for number, (bundle, why) in enumerate(
        (
            (stranger.make("3.0"), "the signature is not the town's"),
            (broken, "is not what was signed"),
            (releases.make("1.0", made=1), "is older than the release in use"),
        )
    ):
        node.hand_over(f"r{number + 2}-1", bundle)
        node.run("apply")
        assert node.progress()["state"] == "refused"
        assert why in str(node.progress()["text"])
        assert node.link("current") == present


def test_a_link_or_a_fifo_is_no_archive(node: Node, releases: Releases, tmp_path: Path) -> None:
    bundle = releases.make("1.0")
    part = signed.verified(bundle, releases.public, PART)
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(bundle / f"{PART}.tar")
    os.mkfifo(pipe)
    for source in (link, pipe):
        with pytest.raises((ReleaseError, OSError)):
            signed.copy_verified(source, tmp_path / "copy", part)


def test_the_links_change_in_one_step_and_old_releases_go(tmp_path: Path) -> None:
    for age, name in enumerate(("d", "c", "b", "a")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    install.switch(tmp_path, "current", "a")
    install.switch(tmp_path, "good", "a")
    install.switch(tmp_path, "current", "b")
    assert (install.linked(tmp_path, "current"), install.linked(tmp_path, "good")) == ("b", "a")
    install.prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.is_symlink()) == ["a", "b", "d"]
