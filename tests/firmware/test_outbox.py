"""Unsent readings are kept in flash over sleeps, whatever happens to power and network."""

import json

import pytest

from edge import wire
from tests.firmware.device import HUB_MS, Device, echo, hub

pytestmark = pytest.mark.process  # each test starts Node

EMPTY, CAR = {**echo("no car"), **hub()}, {**echo("car"), **hub()}
EMPTY_UNHEARD, CAR_UNHEARD = echo("no car"), echo("car")


def test_without_the_hub_s_ack_a_reading_stays_over_sleeps_and_is_sent_again_with_the_same_number() -> None:
    device = Device()
    wakes = device.wakes([EMPTY, EMPTY, CAR_UNHEARD, CAR_UNHEARD, EMPTY_UNHEARD, EMPTY])
    unheard = wakes[3].messages("bay")
    assert [body["seq"] for body in unheard] == [2], "the broker's PUBACK came, the hub's ack did not"
    assert wakes[5].messages("bay")[0] == unheard[0], "every word of it is the same"
    assert [body["seq"] for body in wakes[5].messages("bay")] == [2, 3]
    assert wakes[5].messages("status")[-1]["waiting"] == 0
    assert device.wakes([EMPTY, EMPTY])[1].messages("bay") == []


def test_readings_survive_a_battery_change() -> None:
    device = Device()
    device.wakes([CAR_UNHEARD, CAR_UNHEARD])
    device.power_off()
    wakes = device.wakes([EMPTY, EMPTY])
    bays = [body for one in wakes for body in one.messages("bay")]
    assert [(body["seq"], body["state"]) for body in bays] == [(1, "occupied"), (2, "free")]
    assert bays[0]["outbox"] == bays[1]["outbox"]


def test_an_ack_for_another_outbox_clears_nothing() -> None:
    scene = {**echo("car"), "hub": {"ms": HUB_MS, "ack": {"outbox": "another", "seq": 99}}}
    wakes = Device().wakes([scene, scene])
    assert wakes[1].messages("status")[-1]["waiting"] == 1


def test_a_hub_that_knows_higher_numbers_makes_the_rows_go_on_under_a_new_name() -> None:
    device = Device()
    ahead = {**echo("car"), "hub": {"ms": HUB_MS, "ack": {"seq": 500}}, "seed": 2}
    first = device.wakes([ahead, {**ahead, "seed": 3}])[1].messages("bay")[0]
    again = device.wakes([{**CAR, "ticks": 60_000}])[0].messages("bay")[0]
    assert again["outbox"] != first["outbox"] and (again["seq"], again["state"]) == (1, "occupied")


PLAY = """
import json, os, store

def body(n):
    return {"ts": "2026-11-24T00:00:00.000Z", "bay": "b", "state": "free", "reading": n}

def play(done):
    box = store.Outbox("/box")
    for n in range(1, 7):
        box.put("bay", body(n), store.CHANGE)
        done["put"] = n
        if n == 4:
            box.hear(box.id, 2)
            box.settle()

def clean():
    for name in os.listdir("/"):
        if name in ("box", "box.new"):
            os.remove("/" + name)

rounds = lost = reused = 0
budget = 0
while True:
    done = {"put": 0}
    set_flash(budget)
    try:
        play(done)
        finished = True
    except End:
        finished = False
    set_flash(None)
    box = store.Outbox("/box")
    there = {row[0]: json.loads(row[3])["reading"] for row in box.rows}
    may_be_gone = 2 if done["put"] >= 4 else 0
    lost += sum(n not in there for n in range(may_be_gone + 1, done["put"] + 1))
    box.put("bay", body(99), store.CHANGE)
    again = store.Outbox("/box")
    after = {row[0]: json.loads(row[3])["reading"] for row in again.rows}
    reused += again.last in there or again.last <= done["put"] or after[again.last] != 99
    reused += any(after.get(seq) != n for seq, n in there.items())
    reused += any(seq != n for seq, n in there.items())
    clean()
    rounds += 1
    if finished:
        break
    budget += 1
say("result", rounds=rounds, lost=lost, reused=reused)
"""


def test_a_power_cut_after_any_byte_loses_no_complete_reading_and_gives_no_number_twice() -> None:
    result = Device().script(PLAY)[-1]
    print("power cuts tried:", result["rounds"])
    assert (result["lost"], result["reused"]) == (0, 0)
    assert int(str(result["rounds"])) > 700


def test_a_damaged_line_costs_that_line_only_and_the_rest_goes_on_under_a_new_name() -> None:
    device = Device()
    device.wakes([CAR_UNHEARD, CAR_UNHEARD, EMPTY_UNHEARD, EMPTY_UNHEARD, CAR_UNHEARD, CAR_UNHEARD])
    lines = device.files["/outbox"].splitlines(keepends=True)
    old = json.loads(lines[0])[0]
    device.files["/outbox"] = b"".join([*lines[:2], lines[2][:9] + b"\x00\n", *lines[3:]])
    bays = device.wakes([{**CAR, "ticks": 900_000, "seed": 5}])[0].messages("bay")
    assert [(body["seq"], body["state"]) for body in bays[:2]] == [(1, "occupied"), (2, "occupied")]
    assert bays[0]["outbox"] != old


FULL = """
import json, store
box = store.Outbox("/box", max_rows=12)
now = {"ts": "2026-11-24T00:00:00.000Z", "synced": True, "boot": "b1", "up_ms": 5}
for n in range(40):
    change = n % 10 == 0
    box.put("bay", dict(now, bay="b", state="free"), store.CHANGE if change else store.REPEAT)
    assert len(box.rows) <= 12
say("rows", outbox=box.id, rows=[box.message(row) for row in box.rows], last=box.last)
changes = store.Outbox("/changes", max_rows=12)
for n in range(40):
    changes.put("bay", dict(now, bay="b", state="free"), store.CHANGE)
say("rows", outbox=changes.id, rows=[changes.message(row) for row in changes.rows], last=changes.last)
"""


def test_a_full_outbox_drops_repeated_readings_first_and_reports_them_by_skips() -> None:
    mixed, changes = (event for event in Device().script(FULL) if event["event"] == "rows")
    kept = [body for kind, body in mixed["rows"] if kind == "bay"]
    skips = [body for kind, body in mixed["rows"] if kind == "skip"]
    for kind, body in [*mixed["rows"], *changes["rows"]]:
        wire.check(kind, body)
    assert any("repeated readings" in str(skip["reason"]) for skip in skips)
    for event in (mixed, changes):
        told: set[int] = set()
        for kind, body in event["rows"]:
            told |= {body["seq"]} if kind == "bay" else {body["seq"], *range(body["from"], body["to"] + 1)}
        assert told == set(range(1, event["last"] + 1)), "every number is there or accounted for"
    assert len(kept) >= 4
