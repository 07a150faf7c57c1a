"""The ring that all streams share."""

import asyncio

from hub.live import rules
from hub.live.api import Ring


def frames(ring: Ring, first: int, last: int) -> bytes:
    return b"".join(rules.encode(rules.event_id(ring.epoch, n), b"%d" % n) for n in range(first, last + 1))


async def filled(count: int, keep: int = 4) -> Ring:
    ring = Ring("e", keep)
    for number in range(1, count + 1):
        ring.publish(b"%d" % number)
    return ring


def test_a_new_client_gets_the_newest_snapshot_at_once() -> None:
    ring = asyncio.run(filled(3))
    assert ring.since(ring.enter("")) == frames(ring, 3, 3)


def test_a_returning_client_gets_what_it_missed_in_order() -> None:
    ring = asyncio.run(filled(4))
    assert ring.since(ring.enter("e-2")) == frames(ring, 3, 4)


def test_a_client_that_missed_nothing_still_gets_a_complete_snapshot() -> None:
    ring = asyncio.run(filled(4))
    assert ring.since(ring.enter("e-4")) == frames(ring, 4, 4)


def test_an_id_of_an_older_process_or_from_the_future_leads_to_the_newest_snapshot() -> None:
    ring = asyncio.run(filled(4))
    for stranger in ("d-2", "e-99", "e--1", "nonsense", "e-²"):
        assert ring.since(ring.enter(stranger)) == frames(ring, 4, 4)


def test_a_client_that_came_before_the_first_snapshot_misses_nothing() -> None:
    async def story() -> bytes:
        ring = Ring("e")
        position = ring.enter("")
        assert ring.since(position) == b""
        ring.publish(b"1")
        return ring.since(position)

    assert asyncio.run(story()) == rules.encode("e-1", b"1")


def test_a_client_that_fell_out_of_the_ring_is_told_to_resync_and_gets_the_newest() -> None:
    ring = asyncio.run(filled(9, keep=4))
    assert ring.since(5) == frames(ring, 6, 9)
    assert ring.since(4) == rules.RESYNC + frames(ring, 9, 9)


def test_thousands_wake_in_groups_so_that_others_are_served_in_between() -> None:
    async def story() -> list[int]:
        ring = Ring("e")
        clients = [ring.wait() for _ in range(1000)]
        ring.publish(b"1")
        awake = []
        while not all(client.done() for client in clients):
            awake.append(sum(client.done() for client in clients))
            await asyncio.sleep(0)
        return awake

    assert asyncio.run(story()) == [256, 512, 768]


def test_closing_wakes_everybody() -> None:
    async def story() -> bool:
        ring = Ring("e")
        client = ring.wait()
        ring.close()
        await client
        return ring.closed

    assert asyncio.run(story())
