"""Figures about the portal for Prometheus. Counters only, nothing about a person."""

import bisect
import threading
from collections import Counter

_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
CONTENT_TYPE = "text/plain; version=0.0.4"


class Metrics:
    """Counts from any thread; `text` is the Prometheus exposition format."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._buckets = [0] * (len(_BOUNDS_S) + 1)
        self._seconds = 0.0

    def count(self, name: str, label: str = "") -> None:
        """One more; `label` is a complete 'key="value"' pair."""
        with self._lock:
            self._counts[name, label] += 1

    def observe(self, seconds: float) -> None:
        """How long one request took."""
        with self._lock:
            self._buckets[bisect.bisect_left(_BOUNDS_S, seconds)] += 1
            self._seconds += seconds

    def text(self, gauges: dict[str, float | None]) -> str:
        """Everything that was counted, and the present figures; None = nobody knows now."""
        with self._lock:
            counts, buckets, seconds = Counter(self._counts), list(self._buckets), self._seconds
        lines: list[str] = []
        for name in sorted({name for name, _ in counts}):
            lines.append(f"# TYPE stadtknoten_portal_{name}_total counter")
            for (other, label), value in sorted(counts.items()):
                if other == name:
                    lines.append(f"stadtknoten_portal_{name}_total{f'{{{label}}}' if label else ''} {value}")
        for name, figure in gauges.items():
            if figure is not None:
                kind = "counter" if name.endswith("_total") else "gauge"
                lines += [f"# TYPE stadtknoten_portal_{name} {kind}", f"stadtknoten_portal_{name} {figure}"]
        return "\n".join([*lines, *_histogram(buckets, seconds)]) + "\n"


def _histogram(buckets: list[int], seconds: float) -> list[str]:
    name, total = "stadtknoten_portal_request_seconds", 0
    lines = [f"# TYPE {name} histogram"]
    for bound, count in zip((*map(str, _BOUNDS_S), "+Inf"), buckets, strict=True):
        total += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
    return [*lines, f"{name}_sum {seconds:.6f}", f"{name}_count {total}"]
