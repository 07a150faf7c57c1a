"""The one place that asks what time it is; everything else takes `now` as an argument."""

import time


def now_ms() -> int:
    """Milliseconds since 1970-01-01T00:00Z."""
    return time.time_ns() // 1_000_000
