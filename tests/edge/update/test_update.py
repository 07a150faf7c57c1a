"""A release from the hub to the services: resumed, verified, switched, taken back. Real processes, a real pip."""

import fcntl
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from edge.rules.release import ReleaseError
from edge.update import apply, health, install, signed, use
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
    trial = node.start("apply", "--settle", "60", "--usual", "0.3")
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
def test_a_release_of_the_hub_must_reach_the_broker_even_when_it_was_away_just_before(
    node: Node, releases: Releases
) -> None:
    node.hand_over("r1-1", releases.make("1.0"))
    node.run("apply")
    first, second = node.link("current"), releases.make("2.0")
    node.install_like(first, second)
    node.agent.connected = lambda: False
    node.hand_over("r2-1", second)
    node.run("apply")
    assert node.progress()["state"] == "rolled_back"
    assert node.progress()["text"] == "not well with it: the broker's connection"
    assert node.link("current") == node.link("good") == first


def test_what_was_well_once_while_it_looked_is_what_a_trial_must_keep() -> None:
    class Restarting(health.Services):
        def well(self) -> frozenset[str]:
            return next(seen)

    services = Restarting("", ("a", "b"), Path(), Path())
    seen = iter([frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b", health.BROKER, health.PORTAL})])
    assert health.usual(services, 60) == services.most, "and it ends as soon as all is well"
    seen = iter([frozenset({"a", health.BROKER}), *[frozenset({"b"})] * 9])
    assert health.usual(services, 0.6) == {"a", "b", health.BROKER}


@pytest.fixture
def two(node: Node, releases: Releases) -> tuple[str, str]:
    """A node with a release in use and another one beside it; their names."""
    node.hand_over("r1-1", releases.make("1.0"))
    node.run("apply")
    first, second = node.link("current"), releases.make("2.0")
    node.install_like(first, second)
    return first, signed.verified(second, releases.public, PART).release


@pytest.mark.process
def test_a_release_of_the_playbook_is_tried_kept_or_taken_back_with_a_sentence(
    node: Node, two: tuple[str, str]
) -> None:
    first, second = two
    spoiled = next((node.home / second).glob("lib/python3*/site-packages/edge")) / "BROKEN"
    spoiled.touch()
    code, said = node.ends("use", "--release", second)
    assert code == 1
    assert f"{second} is not well with it: stadtknoten-edge" in said
    assert f"{first} is in use again" in said
    assert "journalctl -u stadtknoten-edge" in said
    assert node.link("current") == node.link("good") == first
    spoiled.unlink()
    asked = iter([False, True])
    node.agent.connected = lambda: next(asked, False)
    assert "the broker's connection" in node.ends("use", "--release", second)[1], (
        "it was there when looked at for the second time"
    )
    assert node.link("current") == node.link("good") == first
    node.agent.connected = lambda: False
    node.run("use", "--release", second)
    assert node.link("current") == node.link("good") == second, "who had no broker before needs none"
    before = (node.root / "systemctl.log").read_text()
    node.run("use", "--release", second)
    assert (node.root / "systemctl.log").read_text() == before
    node.run("use", "--release", first)
    assert node.link("current") == first, "the playbook can go back"
    assert node.ends("use", "--release", "3.0-cccccccccccc")[0] == 1
    assert node.progress()["id"] == "r1-1", "the hub's order is none of its business"


@pytest.mark.process
def test_a_power_cut_during_the_playbooks_trial_brings_the_old_release_back(node: Node, two: tuple[str, str]) -> None:
    first, second = two
    process = node.start("use", "--release", second, "--settle", "60", "--usual", "0.3")
    while node.link("current") != second:
        assert process.poll() is None
    node.run("take-back")
    assert node.link("current") == second, "the end of an update of the hub is not the end of this trial"
    os.kill(process.pid, POWER)
    process.communicate()
    node.run("recover")
    assert node.link("current") == node.link("good") == first
    assert node.progress("own/playbook.json")["state"] == "rolled_back"


@pytest.mark.process
def test_a_release_that_wants_another_file_of_the_node_is_tried_after_that_was_written(
    node: Node, two: tuple[str, str], releases: Releases
) -> None:
    first, second = two
    node.config.write_text("bad\n")
    node.run("use", "--release", second)
    assert (node.link("current"), node.link("good")) == (second, first)
    node.config.write_text("[portal]\n")
    broken = releases.make("3.0")
    node.install_like(first, broken, broken=True)
    node.hand_over("r3-1", broken)
    node.run("apply")
    assert node.link("current") == node.link("good") == first, "not the one that nobody has tried"
    node.run("use", "--release", second, "--now")
    assert node.link("good") == second


@pytest.mark.process
def test_hub_and_playbook_at_once_change_the_links_one_after_the_other(
    node: Node, two: tuple[str, str], releases: Releases
) -> None:
    _first, second = two
    third = releases.make("3.0")
    node.install_like(second, third)
    node.hand_over("r3-1", third)
    quick = ("--patience", "5", "--settle", "1", "--usual", "0.3")
    processes = [node.start("use", "--release", second, *quick), node.start("apply", *quick)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    log = [line for line in (node.root / "systemctl.log").read_text().splitlines() if "try-restart" in line]
    assert len(log) == 3, "the first one's, and one for each"
    assert node.link("current") == node.link("good")
    assert node.progress()["state"] == "done"
    assert node.progress("own/playbook.json")["state"] == "done"


def test_only_root_can_hold_an_update_up(tmp_path: Path) -> None:
    everybodys = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)  # nobody needs a right for more than this
    fcntl.flock(everybodys, fcntl.LOCK_EX)
    with install.alone(tmp_path, 0):
        assert [oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == ["0o600"]
        with pytest.raises(ReleaseError, match="another update is under way"), install.alone(tmp_path, 0):
            pass
    os.close(everybodys)


def test_an_order_that_comes_while_another_update_never_ends_is_refused_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "_OTHER_S", 0)
    here = apply.Node(node.home, node.fetched, node.own, node.root, node.config)
    (node.own / "part.tar").touch()
    node.order("r1-1", "http://hub", "ready.json")
    with install.alone(node.home, 0):
        assert apply.apply(here, health.Services("", (), node.config, node.root)) == 0
    assert (node.progress()["id"], node.progress()["state"]) == ("r1-1", "refused")
    assert "another update is under way here" in str(node.progress()["text"])
    assert not (node.fetched / "ready.json").exists(), "nothing starts it again"
    assert (node.own / "part.tar").exists(), "that may be the other one's"


def test_a_machine_on_which_nothing_runs_yet_takes_a_release_at_once(tmp_path: Path) -> None:
    class Nothing(health.Services):
        def active(self) -> set[str]:
            return set()

        def restart(self) -> None:
            raise AssertionError

    (tmp_path / "1.0-a").mkdir()
    (tmp_path / "1.0-a/complete").touch()
    bare = apply.Node(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path)
    services = Nothing("", (), tmp_path, tmp_path)
    assert use.use(bare, services, "1.0-a", config=None, now=False) == "changed"
    assert install.linked(tmp_path, "current") == install.linked(tmp_path, "good") == "1.0-a"
    assert use.use(bare, services, "1.0-a", config=None, now=False) == "unchanged"


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


def test_a_release_that_nobody_tried_before_the_power_went_is_not_started_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The play ended between the release that cannot read this node's file and that file."""

    class Running(health.Services):
        def active(self) -> set[str]:
            return {"agent"}

    def refuse(*_: object) -> None:
        raise ReleaseError("bad key")

    monkeypatch.setattr(install, "check_configuration", refuse)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "complete").touch()
    for link in ("current", "good"):
        install.switch(tmp_path, link, "old")
    node = apply.Node(tmp_path, tmp_path / "fetched", tmp_path / "own", tmp_path, tmp_path)
    services = Running("", (), tmp_path, tmp_path)
    assert use.use(node, services, "new", config=tmp_path / "node.toml", now=False) == "changed"
    assert (install.linked(tmp_path, "current"), install.linked(tmp_path, "good")) == ("new", "old")
    apply.recover(node, None)
    assert install.linked(tmp_path, "current") == install.linked(tmp_path, "good") == "old"


class Web(http.server.BaseHTTPRequestHandler):
    """Ready with the second release; the first was not, for it has a fault that the second mends."""

    home = Path()

    def do_GET(self) -> None:
        self.send_response(200 if install.linked(self.home, "current") == "second" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.process
def test_a_release_of_the_hub_is_kept_only_when_its_web_server_is_ready(node: Node) -> None:
    for name in ("first", "broken", "second"):
        (node.home / name).mkdir()
        (node.home / name / "complete").touch()
    for link in ("current", "good"):
        install.switch(node.home, link, "first")
    Web.home = node.home
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ready = ("--ready", f"http://127.0.0.1:{server.server_port}/readyz")
        code, said = node.ends("use", "--release", "broken", *ready)
        assert code == 1
        assert "broken is not well with it: the hub's own word that it is ready. first is in use again" in said
        assert "journalctl -u stadtknoten-hub-web" in said
        assert node.link("current") == node.link("good") == "first"
        node.run("use", "--release", "second", *ready)
        server.shutdown()
    assert node.link("current") == node.link("good") == "second"
    kept = [path.name for path in node.home.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(kept) == 2, "the one in use, and one more"
    assert "try-restart stadtknoten-hub-web" in (node.root / "systemctl.log").read_text()


SCRIPT = Path(__file__).parents[3] / "ansible/roles/release/files/use-release"


def test_the_playbooks_script_changes_nothing_when_it_only_looks_and_waits_where_it_shall(tmp_path: Path) -> None:
    script, home = tmp_path / "use-release", tmp_path / "hub"
    shutil.copy(SCRIPT, script)
    home.mkdir()

    def said(how: str, release: str = "1.0-a") -> str:
        return subprocess.run([script, "hub", release, how], capture_output=True, text=True, check=True).stdout.strip()

    assert (said("look"), sorted(home.iterdir())) == ("changed", [])
    install.switch(home, "current", "1.0-a")
    assert (said("later"), install.linked(home, "good")) == ("changed", "1.0-a")
    assert [said(how) for how in ("look", "later", "try")] == ["unchanged"] * 3
    install.switch(home, "current", "2.0-b")
    assert (said("later", "2.0-b"), install.linked(home, "good")) == ("changed", "1.0-a")
    install.switch(home, "current", "1.0-a")
    assert said("finish", "2.0-b") == "unchanged", "it was taken back: nobody's services run into it once more"
