"""Which nodes get a new release next, and when everything stops: properties of the pure rules."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fleet.rules import rollout
from hub.fleet.rules.rollout import (
    ALL,
    CANARY,
    DONE,
    EARLY,
    FAILED,
    GONE_MS,
    SILENT_MS,
    SKIPPED,
    WAITING,
    WORKING,
    Member,
    Pace,
)

PACE = Pace(soak_ms=30_000_000, at_once=5)
NOW = 1_800_000_000_000
names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), unique=True, max_size=60)
members = st.builds(
    Member,
    node=st.just(""),
    ring=st.sampled_from(rollout.RINGS),
    state=st.sampled_from((WAITING, WORKING, DONE, FAILED, SKIPPED)),
    online=st.booleans(),
    seen_at=st.one_of(st.none(), st.integers(NOW - 10**8, NOW)),
    changed_at=st.integers(NOW - 10**8, NOW),
)
towns = st.lists(members, max_size=40).map(lambda many: [replace(one, node=f"n{i}") for i, one in enumerate(many)])


@given(names, st.data())
def test_every_node_has_one_ring_and_one_is_the_canary(some: list[str], data: st.DataObject) -> None:
    found = rollout.rings(some)
    assert set(found) == set(some)
    assert sum(ring == CANARY for ring in found.values()) == min(1, len(some))
    if len(some) > 2:
        assert sum(ring == EARLY for ring in found.values()) == max(1, round(len(some) * 0.1))
    assert rollout.rings(data.draw(st.permutations(some))) == found


@given(names.filter(bool), st.data())
def test_a_choice_counts_more_than_the_draw(some: list[str], data: st.DataObject) -> None:
    canary = data.draw(st.sampled_from(some))
    chosen = data.draw(st.dictionaries(st.sampled_from(some), st.sampled_from(rollout.RINGS)))
    found = rollout.rings(some, canary, chosen)
    assert [name for name, ring in found.items() if ring == CANARY] == [canary]
    for name, ring in chosen.items():
        if ring != CANARY and name != canary:
            assert found[name] == ring


@given(towns, st.sampled_from(rollout.RINGS))
def test_nobody_is_told_who_is_away_or_further_out_and_never_too_many(town: list[Member], ring: int) -> None:
    verdict = rollout.judge(town, ring, PACE, NOW)
    by_name = {member.node: member for member in town}
    assert verdict.ring >= ring
    assert not (verdict.halt and verdict.tell)
    for name in verdict.tell:
        assert by_name[name].state == WAITING
        assert by_name[name].online
        assert by_name[name].ring <= verdict.ring
    working = sum(one.state == WORKING and one.node not in (verdict.failed or {}) for one in town)
    assert len(verdict.tell) + working <= max(PACE.at_once, working)


@given(towns, st.sampled_from((CANARY, EARLY)))
def test_a_ring_ends_only_when_it_was_well_for_long_enough(town: list[Member], ring: int) -> None:
    if rollout.judge(town, ring, PACE, NOW).ring == ring:
        return
    inside = [member for member in town if member.ring == ring and member.state != SKIPPED]
    assert not any(
        one.state == WORKING or (one.state == WAITING and one.online) for one in inside if one.state != FAILED
    )
    done = [one for one in inside if one.state == DONE]
    assert not inside or done
    assert all(NOW - (one.changed_at or 0) >= PACE.soak_ms for one in done)


@given(st.integers(0, 2 * PACE.soak_ms), st.sampled_from((CANARY, EARLY)), st.integers(1, 5))
def test_the_next_ring_begins_at_that_moment_and_not_before(ago: int, ring: int, count: int) -> None:
    town = [Member(f"d{number}", ring, DONE, seen_at=NOW, changed_at=NOW - ago - number) for number in range(count)]
    verdict = rollout.judge([*town, Member("next", ring + 1)], ring, PACE, NOW)
    assert verdict.ring == (ring + 1 if ago >= PACE.soak_ms else ring)
    assert verdict.tell == (("next",) if ago >= PACE.soak_ms else ())


@given(towns, st.sampled_from(rollout.RINGS))
def test_one_failed_canary_stops_everything(town: list[Member], ring: int) -> None:
    spoilt = [*town, Member("canary", CANARY, FAILED)]
    verdict = rollout.judge(spoilt, ring, PACE, NOW)
    assert verdict.halt
    assert not verdict.tell


def test_one_in_twenty_may_fail_later_and_not_one_more() -> None:
    town = [Member("c", CANARY, DONE, changed_at=0)]
    town += [Member(f"n{number}", ALL, DONE, changed_at=0) for number in range(40)]
    two = [replace(member, state=FAILED) if number in (5, 6) else member for number, member in enumerate(town)]
    assert not rollout.judge(two, ALL, PACE, NOW).halt
    assert rollout.judge(two, ALL, PACE, NOW).over
    three = [replace(member, state=FAILED) if number == 7 else member for number, member in enumerate(two)]
    assert rollout.judge(three, ALL, PACE, NOW).halt


def test_who_says_nothing_or_goes_away_afterwards_has_failed() -> None:
    silent = Member("a", CANARY, WORKING, changed_at=NOW - SILENT_MS - 1)
    assert rollout.judge([silent], CANARY, PACE, NOW).failed == {"a": "silent"}
    gone = Member("a", CANARY, DONE, online=False, seen_at=NOW - GONE_MS - 1, changed_at=NOW - GONE_MS - 1)
    assert rollout.judge([gone], CANARY, PACE, NOW).halt
    later = replace(gone, changed_at=NOW - PACE.soak_ms - GONE_MS - 1)
    assert not rollout.judge([later], CANARY, PACE, NOW).halt, "long after, that is no fault of the update"


@given(st.integers(3, 200))
@settings(max_examples=30)
def test_a_town_without_faults_comes_to_its_end_ring_by_ring(count: int) -> None:
    named = rollout.rings([f"node{number}" for number in range(count)])
    town, ring, now, told = {name: Member(name, one) for name, one in named.items()}, CANARY, NOW, []
    for _ in range(count + 10):
        verdict = rollout.judge(list(town.values()), ring, PACE, now)
        assert not verdict.halt
        ring = verdict.ring
        for name in verdict.tell:
            told.append(town[name].ring)
            town[name] = replace(town[name], state=DONE, changed_at=now)
        if verdict.over:
            break
        now += PACE.soak_ms
    assert verdict.over
    assert told == sorted(told)
    assert len(told) == count


@given(
    st.lists(st.tuples(st.sampled_from((WAITING, WORKING, DONE, FAILED, SKIPPED)), st.integers(-5, 150)), min_size=1)
)
def test_the_bar_is_full_only_when_everybody_has_ended(states: list[tuple[str, int]]) -> None:
    found = rollout.percent(states)
    assert 0 <= found <= 100
    assert (found == 100) == all(state in (DONE, FAILED, SKIPPED) for state, _ in states)


@given(names.filter(bool), st.data())
def test_a_canary_can_be_reached_unless_somebody_named_one_or_nobody_can(some: list[str], data: st.DataObject) -> None:
    online = data.draw(st.lists(st.sampled_from(some), unique=True))
    chosen = data.draw(st.dictionaries(st.sampled_from(some), st.sampled_from(rollout.RINGS)))
    found = rollout.rings(some, "", chosen, online)
    canaries = {name for name, ring in found.items() if ring == CANARY}
    assert canaries or set(chosen) == set(some)
    free = set(online) - set(chosen)
    assert canaries & set(online) or not free
    assert len(canaries) <= max(1, sum(ring == CANARY for ring in chosen.values()) + 1)
    for name, ring in chosen.items():
        assert found[name] == ring


@given(towns, st.sampled_from(rollout.RINGS))
def test_a_rollout_waits_for_somebody_only_when_nobody_else_can_do_anything(town: list[Member], ring: int) -> None:
    verdict = rollout.judge(town, ring, PACE, NOW)
    by_name = {member.node: member for member in town}
    if verdict.waits_for:
        assert not (verdict.tell or verdict.over)
        assert rollout.is_stuck(verdict, 0, NOW) != verdict.halt, "people hear of a halt already"
        assert verdict.well_at is None
    for name in verdict.waits_for:
        assert not by_name[name].online
        assert by_name[name].ring <= verdict.ring
        assert rollout.may_be_skipped(by_name[name])
    rest = [replace(one, state=SKIPPED) if one.node in verdict.waits_for else one for one in town]
    assert not rollout.judge(rest, verdict.ring, PACE, NOW).waits_for or any(one.ring > verdict.ring for one in town)


def test_who_is_away_can_be_seen_in_a_rollout_that_stopped_at_failures() -> None:
    town = [Member("a", ALL, FAILED), Member("b", ALL, WAITING, online=False), Member("c", ALL, DONE, seen_at=NOW)]
    verdict = rollout.judge(town, ALL, PACE, NOW)
    assert (verdict.halt, verdict.waits_for) == (True, ("b",))


@given(towns, st.sampled_from((CANARY, EARLY)))
def test_a_ring_whose_last_node_was_set_aside_gets_another_one(town: list[Member], ring: int) -> None:
    found = rollout.successor(town, ring)
    left = [one for one in town if one.ring == ring and one.state != SKIPPED]
    able = {one.node: one for one in town if one.ring > ring and one.state == WAITING}
    assert bool(found) == (not left and bool(able))
    if found and any(one.online for one in able.values()):
        assert able[found].online
