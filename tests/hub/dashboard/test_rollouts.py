"""A release goes through the town: who is told, what the page shows, who may hold it, and what nodes download."""

import json
import re
import threading
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from edge import wire
from edge.rules.release import changes as changes_on_node
from edge.rules.release import part_of
from hub import distribution
from hub.core import audit
from hub.core.clock import now_ms
from hub.core.db import Session
from hub.fleet.api import config_now, rollouts
from hub.fleet.rules import release as release_rules
from hub.settings import Settings
from tests.edge.update.town import PART, Releases, build
from tests.hub.dashboard.conftest import BOARD, LAKE, MARKET, Town

OLD = "0.9-aaaaaaaaaaaa"
MINUTE = 60_000


@pytest.fixture
def made(tmp_path: Path, settings: Settings) -> Releases:
    """The town's own signer, whose key the hub knows."""
    found = Releases(tmp_path / "made")
    settings.stored_releases_dir.mkdir()
    settings.release_key.write_bytes(found.public.read_bytes())
    return found


class Worker:
    """The worker's rounds and what it said to the nodes; `now` is the hub's clock."""

    def __init__(self, town: Town, settings: Settings) -> None:
        self.town, self.settings, self.now = town, settings, now_ms()
        self.told: list[tuple[str, dict[str, object]]] = []
        self.takes = True

    def turn(self, later_ms: int = 0) -> list[str]:
        """The nodes that were told in this round."""
        self.now += later_ms
        before = len(self.told)
        kept = rollouts.Releases(self.settings.stored_releases_dir, self.settings.release_key)
        rollouts.turn_rollout(self.town.database, self._publish, kept, "https://hub.example", ("mail",), self.now)
        return [node for node, _ in self.told[before:]]

    def _publish(self, topic: str, payload: bytes, retain: bool) -> bool:
        if self.takes:
            assert not retain
            self.told.append((topic.split("/")[2], wire.decode("update", payload)))
        return self.takes

    def say(self, node: str, state: str = "", percent: int = 0, text: str = "", release: str = "") -> None:
        """A node's status; with `state` of the newest order that it was told. It runs what it was told once done."""
        newest = next((body for name, body in reversed(self.told) if name == node), {"id": "", "url": ""})
        order = newest["id"]
        if not release and state == "done":
            kept = rollouts.Releases(self.settings.stored_releases_dir, self.settings.release_key)
            (release,) = kept.load(str(newest["url"]).rpartition("/")[2]).installed
        release = release or OLD
        update = {"update": {"id": order, "state": state, "percent": percent, "text": text}} if state else {}
        self.town.status(node, self.now, release=release, **update)

    def show(self) -> rollouts.RolloutNow:
        with self.town.database.read() as session:
            return rollouts.last_rollouts(session, self.now)[0]


@pytest.fixture
def worker(town: Town, settings: Settings) -> Worker:
    found = Worker(town, settings)
    for node in (MARKET, LAKE, BOARD):
        found.say(node)
    return found


def begin(settings: Settings, bundle: Path) -> None:
    assert "Begun" in distribution.start(settings, str(bundle), MARKET, 30, dry_run=False)


def test_one_canary_then_a_tenth_then_all_and_a_full_bar_at_the_end(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    begin(settings, made.make("1.0"))
    assert worker.turn() == [MARKET]
    assert worker.told[0][1]["url"] == f"https://hub.example/api/fleet/releases/{worker.show().release}"
    assert worker.turn() == [], "once is enough"
    worker.say(MARKET, "downloading", 40)
    worker.turn()
    assert worker.show().nodes[0].percent == 40
    worker.say(MARKET, "done", 100)
    assert worker.turn() == [], "the canary must be well for half an hour"
    for node in (MARKET, LAKE, BOARD):
        worker.now += 0
        worker.say(node, *(("done", 100) if node == MARKET else ()))
    worker.now += 30 * MINUTE
    for node in (LAKE, BOARD):
        worker.say(node)
    worker.say(MARKET, "done", 100)
    early = worker.turn()
    assert len(early) == 1
    assert worker.show().ring == 1
    worker.say(early[0], "done", 100)
    worker.turn()
    worker.now += 30 * MINUTE
    for node in (MARKET, LAKE, BOARD):
        worker.say(node, *(("done", 100) if node in (MARKET, *early) else ()))
    last = worker.turn()
    assert sorted([MARKET, *early, *last]) == sorted([MARKET, LAKE, BOARD])
    worker.say(last[0], "done", 100)
    worker.turn()
    assert (worker.show().state, worker.show().percent) == ("done", 100)
    begin(settings, made.make("1.1"))


def test_nothing_is_done_that_a_node_only_remembers_or_does_not_run(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    begin(settings, made.make("1.0"))
    worker.turn()
    worker.town.status(MARKET, worker.now, release=OLD, update={"id": "r1-1", "state": "done", "percent": 100})
    worker.turn()
    assert worker.show().nodes[0].state == "working", "an order of before the backup, under a name that came again"
    worker.say(MARKET, "done", 100, release=OLD)
    worker.turn()
    first = worker.show().nodes[0]
    assert (first.state, first.text) == ("failed", f"said done, but runs {OLD}")
    assert worker.show().state == "halted"


def test_two_rollouts_of_a_hub_that_was_set_up_twice_ask_under_different_names(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    bundle, orders = made.make("1.0"), []
    for _ in range(2):
        begin(settings, bundle)
        worker.turn()
        orders.append(worker.told[-1][1]["id"])
        distribution.change(settings, "stop")
        worker.town.database.write(lambda session: rollouts.forget_old(session, worker.now + 500 * 24 * 60 * MINUTE))
    assert orders[0] != orders[1]


def test_a_canary_that_takes_it_back_stops_everything_and_resume_asks_again(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    begin(settings, made.make("1.0"))
    worker.turn()
    first = worker.told[-1][1]["id"]
    worker.say(MARKET, "rolled_back", 90, "not well with it: the landing page")
    assert worker.turn() == []
    shown = worker.show()
    assert (shown.state, shown.nodes[0].text) == ("halted", "not well with it: the landing page")
    with worker.town.database.read() as session:
        from hub.fleet import store

        (notice,) = store.notices(session, worker.now, 5)
        assert json.loads(notice.body)["code"] == "rollout_halted"
    assert worker.turn(24 * 60 * MINUTE) == []
    worker.say(MARKET)
    distribution.change(settings, "resume")
    assert worker.turn() == [MARKET]
    assert worker.told[-1][1]["id"] != first, "a new order, which the node obeys"
    distribution.change(settings, "stop")
    assert worker.turn() == []
    assert worker.show().state == "stopped"
    with pytest.raises(rollouts.RolloutError):
        distribution.change(settings, "pause")


def test_what_the_broker_does_not_take_is_told_again_and_a_pause_tells_nobody(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    begin(settings, made.make("1.0"))
    worker.takes = False
    assert worker.turn() == []
    worker.takes = True
    distribution.change(settings, "pause")
    assert worker.turn() == []
    distribution.change(settings, "resume")
    assert worker.turn() == [MARKET]
    assert worker.turn(5 * MINUTE) == []
    worker.say(MARKET)
    assert worker.turn(6 * MINUTE) == [MARKET], "no word of it: the broker may have lost it"


def test_nobody_is_told_who_is_away(worker: Worker, settings: Settings, made: Releases) -> None:
    begin(settings, made.make("1.0"))
    worker.now += 10 * MINUTE
    assert worker.turn() == []
    worker.say(MARKET)
    assert worker.turn() == [MARKET]


def begin_quietly(worker: Worker, settings: Settings, bundle: Path, *online: str) -> str:
    """A rollout without a named canary; who is not `online` was not heard of for long. Returns the canary."""
    worker.now += 20 * MINUTE
    for node in online:
        worker.say(node)
    release = distribution.take_in(settings, str(bundle))
    releases = rollouts.Releases(settings.stored_releases_dir, settings.release_key)

    def work(session: Session) -> str:
        plan = rollouts.plan(session, releases, release, worker.now)
        rollouts.start_rollout(session, plan, "", worker.now, "cli")
        (canary,) = plan.rings[0]
        return str(canary)

    return worker.town.database.write(work)


@pytest.mark.parametrize("node", [MARKET, LAKE, BOARD])
def test_the_canary_is_a_node_that_can_be_reached(
    worker: Worker, settings: Settings, made: Releases, node: str
) -> None:
    assert begin_quietly(worker, settings, made.make("1.0"), node) == node
    assert worker.turn() == [node]


def notices(worker: Worker) -> list[str]:
    with worker.town.database.read() as session:
        from hub.fleet import store

        found = [json.loads(row.body) for row in store.notices(session, worker.now, 50)]
    return [said["text"] for said in found if said["code"] == "rollout_stuck"]


def skip(worker: Worker, node: str) -> None:
    worker.town.database.write(lambda session: rollouts.skip_node(session, node, worker.now, "cli"))


def test_a_rollout_that_waits_for_a_dead_node_tells_it_once_and_goes_on_without_it(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    first = begin_quietly(worker, settings, made.make("1.0"))
    assert worker.turn() == []
    assert worker.show().waits_for == (first,)
    assert worker.turn(59 * MINUTE) == []
    assert notices(worker) == []
    for _ in range(3):
        worker.turn(2 * MINUTE)
    (text,) = notices(worker)
    assert first in text
    assert "beiseitelegen" in text
    others = sorted({MARKET, LAKE, BOARD} - {first})
    worker.say(others[0])
    skip(worker, first)
    assert worker.turn() == [others[0]], "another one is the canary now, and one that can be reached"
    assert {one.node: one.ring for one in worker.show().nodes}[others[0]] == 0
    worker.say(others[0], "done", 100)
    worker.turn()
    worker.now += 31 * MINUTE
    worker.say(others[0], "done", 100)
    worker.turn()
    assert worker.show().waits_for == (others[1],)
    skip(worker, others[1])
    worker.turn()
    assert (worker.show().state, worker.show().percent) == ("done", 100)
    assert worker.show().count("skipped") == 2
    begin(settings, made.make("1.1"))


def test_only_who_is_away_or_failed_can_be_set_aside(worker: Worker, settings: Settings, made: Releases) -> None:
    with pytest.raises(rollouts.RolloutError):
        skip(worker, MARKET)
    begin(settings, made.make("1.0"))
    worker.turn()
    for node in (MARKET, LAKE, "nobody"):
        with pytest.raises(rollouts.RolloutError, match="cannot be set aside"):
            skip(worker, node)
    worker.say(MARKET, "refused", 0, "no room")
    worker.turn()
    assert worker.show().state == "halted"
    skip(worker, MARKET)
    distribution.change(settings, "resume")
    worker.say(MARKET)
    (told,) = worker.turn()
    assert told in (LAKE, BOARD), "the one that failed is not asked again"
    assert worker.show().state == "running"


def test_the_page_says_for_whom_it_waits_and_its_button_lets_the_rest_go_on(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    first = begin_quietly(worker, settings, made.make("1.0"))
    for node in (MARKET, LAKE, BOARD):
        worker.town.status(node, now_ms() - 60 * MINUTE, release=OLD)
    page = admin.get("/admin/rollouts").get_data(as_text=True)
    assert "Wartet auf Knoten, die nicht erreichbar sind." in page
    assert f'name="knoten" value="{first}"' in page
    assert press(admin, "/beiseite", knoten=first).status_code == 303
    assert press(admin, "/beiseite", knoten=first).status_code == 409
    with worker.town.database.read() as session:
        (entry,) = [entry for entry in audit.newest(session, 20) if entry.action == "fleet.rollout-skipped"]
    assert (entry.actor, entry.subject) == ("person:1", f"node:{first}")
    assert "beiseitegelegt" in admin.get("/admin/rollouts").get_data(as_text=True)


def test_a_dry_run_says_what_would_change_and_begins_nothing(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    old = made.make("1.0")
    distribution.add(settings, str(old))
    kept = rollouts.Releases(settings.stored_releases_dir, settings.release_key)
    (present,) = kept.load(kept.names()[0]).installed
    worker.say(MARKET, release=present)
    said = distribution.start(settings, str(made.make("2.0")), "", 30, dry_run=True)
    assert "\n  thing 1.0 -> 2.0" in said
    assert "Nothing was begun" in said
    assert worker.turn() == []
    with pytest.raises(rollouts.RolloutError, match="cannot be the canary"):
        distribution.start(settings, str(old), MARKET, 30, dry_run=False)
    worker.say(LAKE, release=present)
    worker.say(BOARD, release=present)
    with pytest.raises(rollouts.RolloutError, match="no node needs"):
        distribution.start(settings, str(old), "", 30, dry_run=False)


def test_what_would_change_stands_below_the_table_of_its_setting() -> None:
    lines = [
        "release: 1.0-a -> 2.0-b",
        "setting: ssid is new",
        "package: thing 1.0 -> 2.0",
        "setting: country is not known any more",
        "setting: limits.burst_mb is new",
        "setting: from_the_future is new",
    ]
    assert list(release_rules.grouped(lines).items()) == [
        ("release", ["1.0-a -> 2.0-b"]),
        ("package", ["thing 1.0 -> 2.0"]),
        ("[limits]", ["limits.burst_mb is new"]),
        ("[radio]", ["ssid is new", "country is not known any more"]),
        ("[]", ["from_the_future is new"]),
    ]


def test_every_setting_of_this_release_has_its_table() -> None:
    lines = [f"setting: {key} is new" for key in build.setting_names()]
    assert len(lines) > 50
    assert release_rules.grouped(lines).get("[]") is None


def test_hub_and_node_find_the_same_changes(made: Releases) -> None:
    manifests = [json.loads((made.make(version) / "manifest.json").read_text()) for version in ("1.0", "2.0")]
    on_hub = release_rules.changes(*(release_rules.read(one, "0" * 64) for one in manifests))
    on_node = changes_on_node(*(part_of(one, PART) for one in manifests))
    assert [line for line in on_hub if line.startswith("package")] == [
        f"package: {name} {before} -> {after}" for name, before, after in on_node.packages
    ]


def test_two_administrators_at_once_begin_one_rollout(worker: Worker, settings: Settings, made: Releases) -> None:
    found = distribution.take_in(settings, str(made.make("1.0")))
    kept = rollouts.Releases(settings.stored_releases_dir, settings.release_key)
    refused: list[str] = []

    def start() -> None:
        def work(session: object) -> None:
            plan = rollouts.plan(session, kept, found, now_ms())  # type: ignore[arg-type]
            rollouts.start_rollout(session, plan, "x", now_ms(), "cli")  # type: ignore[arg-type]

        try:
            worker.town.database.write(work)
        except rollouts.RolloutError as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["running"] * 7


def kept(settings: Settings) -> set[str]:
    return {name.partition("-")[0] for name in rollouts.Releases(settings.stored_releases_dir, Path()).names()}


def test_releases_that_nobody_needs_go_and_those_of_nodes_rollouts_and_sensors_stay(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    releases = rollouts.Releases(settings.stored_releases_dir, settings.release_key)
    first = distribution.take_in(settings, str(made.make("1.0")))
    (runs,) = first.installed
    for node in (MARKET, LAKE, BOARD):
        worker.say(node, release=runs)
    begin(settings, made.make("1.1"))
    fourth = distribution.take_in(settings, str(made.make("1.2")))
    offer = {"version": "9", "sha256": "0" * 64, "signature": "1" * 768}
    offer["url"] = f"https://hub.example/api/fleet/releases/{fourth.name}/firmware.bundle"
    worker.town.status(BOARD, worker.now, software="1.0.0", battery_mv=3600, release=runs)
    worker.town.database.write(lambda session: rollouts.offer_firmware(session, offer, [], worker.now, "cli"))
    for version in ("1.3", "1.4", "1.5"):
        distribution.add(settings, str(made.make(version)))
    assert kept(settings) == {"1.0", "1.1", "1.2", "1.4", "1.5"}, "the nodes', the open rollout's, the sensors', two"
    distribution.change(settings, "stop")
    distribution.add(settings, str(made.make("1.6")))
    assert kept(settings) == {"1.0", "1.2", "1.5", "1.6"}
    assert releases.load(first.name).installed == {runs}


def test_whoever_begins_while_others_take_in_has_its_release_or_hears_that_it_is_gone(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    old = distribution.take_in(settings, str(made.make("1.0")))
    bundles, begun = [made.make(f"2.{number}") for number in range(4)], []

    def start() -> None:
        try:
            distribution.start(settings, old.name, MARKET, 30, dry_run=False)
            begun.append(True)
        except ValueError:
            begun.append(False)

    threads = [threading.Thread(target=distribution.add, args=(settings, str(bundle))) for bundle in bundles]
    threads.insert(2, threading.Thread(target=start))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun == ["1.0" in kept(settings)]


def test_only_what_the_town_signed_is_taken_in(settings: Settings, made: Releases, tmp_path: Path) -> None:
    stranger = Releases(tmp_path / "stranger").make("1.0")
    with pytest.raises(ValueError, match="signature is not the town's"):
        distribution.add(settings, str(stranger))
    changed = made.make("1.0")
    (changed / f"{PART}.tar").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not what was signed"):
        distribution.add(settings, str(changed))
    assert [path.name for path in settings.stored_releases_dir.iterdir()] == ["release.pub"]


def test_a_download_goes_on_where_it_ended_and_nothing_else_can_be_had(
    app: flask.Flask, settings: Settings, made: Releases
) -> None:
    bundle = made.make("1.0", padding=50_000)
    name = distribution.take_in(settings, str(bundle)).name
    client, content = app.test_client(), (bundle / f"{PART}.tar").read_bytes()
    address = f"/api/fleet/releases/{name}/{PART}.tar"
    whole = client.get(address)
    assert (whole.status_code, whole.data) == (200, content)
    rest = client.get(address, headers={"Range": "bytes=40000-"})
    assert (rest.status_code, rest.data) == (206, content[40_000:])
    assert rest.headers["Content-Range"] == f"bytes 40000-{len(content) - 1}/{len(content)}"
    assert client.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
    for file in ("manifest.json", "manifest.sig"):
        assert client.get(f"/api/fleet/releases/{name}/{file}").data == (bundle / file).read_bytes()
    for path in (
        f"{name}/nothing",
        "1.1-0123456789ab/manifest.json",
        "..%2f../release.pub",
        f"{name}/..%2frelease.pub",
    ):
        assert client.get(f"/api/fleet/releases/{path}").status_code == 404


def test_sensors_are_offered_firmware_and_keep_their_thresholds(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    from hub.fleet import api as fleet

    bundle = made.make("1.0")
    offer = {"version": "1.1.0", "sha256": "0" * 64, "signature": "1" * 768}
    kept = rollouts.Releases(settings.stored_releases_dir, settings.release_key)
    with pytest.raises(ValueError, match="holds no firmware"):
        rollouts.firmware_of(kept, kept.take_in(bundle), "https://hub.example")
    write = worker.town.database.write
    write(lambda session: fleet.set_config(session, BOARD, {"max_flips": 8}, {}, fleet.By("x", "cli", worker.now)))
    with pytest.raises(ValueError, match="no wireless sensor"):
        write(lambda session: rollouts.offer_firmware(session, offer, [MARKET], worker.now, "cli"))
    worker.town.status(BOARD, worker.now, software="1.0.0", battery_mv=3600)
    told = write(lambda session: rollouts.offer_firmware(session, offer, [], worker.now, "cli"))
    assert told == [BOARD]
    write(lambda session: fleet.set_config(session, BOARD, {"max_flips": 9}, {}, fleet.By("x", "cli", worker.now)))
    with worker.town.database.read() as session:
        from hub.fleet import store

        row = store.config(session, BOARD)
        assert row is not None
        assert json.loads(row.body)["firmware"] == offer
        assert config_now(session, BOARD).v == 3


def press(client: FlaskClient, path: str, **fields: str) -> "flask.testing.TestResponse":
    page = client.get("/admin/rollouts").get_data(as_text=True)
    token = re.search(r'name="csrf" value="([^"]+)"', page) or re.search(
        r'name="csrf" value="([^"]+)"', client.get("/admin").get_data(as_text=True)
    )
    assert token is not None
    return client.post(f"/admin/rollouts{path}", data={"csrf": token.group(1), **fields})


def test_the_page_leads_from_the_plan_to_the_bar_and_every_press_is_in_the_log(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    assert "rollout add" in admin.get("/admin/rollouts").get_data(as_text=True)
    name = distribution.take_in(settings, str(made.make("1.0"))).name
    plan = admin.get(f"/admin/rollouts?fassung={name}").get_data(as_text=True)
    assert "Verteilung beginnen" in plan
    assert MARKET in plan
    assert press(admin, "", fassung="nothing").status_code == 404
    assert press(admin, "", fassung=name, kanarienknoten=LAKE).status_code == 303
    assert worker.turn() == [LAKE]
    worker.say(LAKE, "downloading", 33)
    worker.turn()
    page = admin.get("/admin/rollouts").get_data(as_text=True)
    assert re.search(r'<progress[^>]+max="100" value="11"', page)
    assert "lädt" in page
    assert press(admin, "", fassung=name).status_code == 409
    assert press(admin, "/fortsetzen").status_code == 409
    for path in ("/anhalten", "/fortsetzen", "/beenden"):
        assert press(admin, path).status_code == 303
    assert press(admin, "/beenden").status_code == 409
    with worker.town.database.read() as session:
        entries = [entry for entry in audit.newest(session, 20) if entry.subject == "rollout"]
    assert [entry.action.removeprefix("fleet.rollout-") for entry in reversed(entries)] == [
        *("started", "paused", "resumed", "stopped")
    ]
    assert {entry.actor for entry in entries} == {"person:1"}
    assert "Frühere Verteilungen" in admin.get("/admin/rollouts").get_data(as_text=True)
