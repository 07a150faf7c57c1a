"""The ring that every stream reads from: one encoded frame per tick, no queue per client.

A client is a number: the sequence of the last frame it got. All methods belong to the event loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from hub.live import rules

Source = Callable[[], bytes]  # the newest snapshot as JSON, asked once a tick in a thread; may raise

KEEP_FRAMES = 32
_WAKE_AT_ONCE = 256  # between two groups the loop serves whoever else waits


class Ring:
    """The last frames and the clients that wait for the next one."""

    def __init__(self, epoch: str, keep: int = KEEP_FRAMES) -> None:
        self.epoch = epoch
        self.sequence = 0
        self.body = b""
        self.etag = ""
        self.closed = False
        self._frames: deque[bytes] = deque(maxlen=keep)
        self._waiting: list[asyncio.Future[None]] = []

    def publish(self, body: bytes) -> None:
        """Makes `body` the newest snapshot and wakes everybody."""
        self.sequence += 1
        self.body, self.etag = body, rules.etag(body)
        self._frames.append(rules.encode(rules.event_id(self.epoch, self.sequence), body))
        self.wake()

    def wake(self) -> None:
        """Lets every waiting client look again: a new frame, a heartbeat, or the end."""
        waiting, self._waiting = self._waiting, []
        self._wake_from(waiting, 0)

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        self.wake()

    def enter(self, last_event_id: str) -> int:
        """Where a (re)connecting client starts reading: after the frame it knows, at latest with the newest one.

        Each snapshot is complete, so a client always gets one at once, whatever id it brings.
        """
        newest = max(self.sequence - 1, 0)
        known = rules.sequence_of(last_event_id, self.epoch)
        if known is None or not self.sequence - len(self._frames) <= known < newest:
            return newest
        return known

    def since(self, position: int) -> bytes:
        """The frames after `position`, or `resync` and the newest one for a client that fell out of the ring."""
        missed = self.sequence - position
        if missed <= 0:
            return b""
        if missed > len(self._frames):
            return rules.RESYNC + self._frames[-1]
        if missed == 1:
            return self._frames[-1]
        return b"".join(list(self._frames)[-missed:])

    def wait(self) -> asyncio.Future[None]:
        """Done at the next wake-up."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def _wake_from(self, waiting: list[asyncio.Future[None]], start: int) -> None:
        for future in waiting[start : start + _WAKE_AT_ONCE]:
            if not future.done():
                future.set_result(None)
        if start + _WAKE_AT_ONCE < len(waiting):
            asyncio.get_running_loop().call_soon(self._wake_from, waiting, start + _WAKE_AT_ONCE)
