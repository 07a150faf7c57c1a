"""Access without a network: remembers in memory which browser accepted. For looking at the pages without root."""

import threading
import time
from collections import OrderedDict

from captive_portal.access import AccessError, Opened, Standing, Visitor
from captive_portal.orders import OrderFile

_MOST = 1000


class PreviewAccess:
    """Sessions by the browser's cookie, or by its address where a request carries none."""

    preview = True

    def __init__(self, orders: OrderFile | None = None) -> None:
        self._orders = orders or OrderFile(None)
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, visitor: Visitor) -> Standing:
        """Seconds left, or captive if this browser has not accepted."""
        now_ms = time.time_ns() // 1_000_000
        self._orders.current()
        self._orders.tell(now_ms)
        if closed := self._orders.closed(now_ms):
            return Standing(None, closed=closed, opens_ms=self._orders.opens_ms(now_ms))
        with self._lock:
            until = self._until.get(visitor.cookie or visitor.address, 0.0)
        left = int(until - time.monotonic())
        return Standing(left if left > 0 else None)

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        """Remember the accept; the oldest of a thousand is forgotten."""
        standing = self.look(visitor)
        if standing.closed:
            raise AccessError("the WiFi is closed", standing.closed)
        extended = standing.seconds is not None
        until = time.monotonic() + seconds
        with self._lock:
            for key in filter(None, (visitor.cookie, visitor.address)):
                self._until[key] = until
                self._until.move_to_end(key)
            while len(self._until) > _MOST:
                self._until.popitem(last=False)
            return Opened(seconds, len(self._until), extended)

    def count(self) -> dict[str, int]:
        """Browsers that accepted; no bytes flow here."""
        now = time.monotonic()
        with self._lock:
            return {
                "sessions": sum(until > now for until in self._until.values()),
                "spent": 0,
                "places": _MOST,
                "bytes": 0,
            }

    def forget(self, visitor: Visitor) -> None:
        """Begin the preview anew for this browser."""
        with self._lock:
            self._until.pop(visitor.cookie, None)
            self._until.pop(visitor.address, None)
