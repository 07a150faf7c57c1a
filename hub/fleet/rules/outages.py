"""Which silent nodes have one cause: a place, or the line of many. One alert for each cause, not one for each node.

A node is missing from the third minute of silence on, and something is said when the first of them reaches the fifth:
by then everything that fell silent together within a node's minute is missing too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

MINUTE_MS = 60_000
MISSING_MS = 3 * MINUTE_MS
ALERT_MS = 5 * MINUTE_MS
WINDOW_MS = 2 * MINUTE_MS  # nodes speak every minute, so what broke together fell silent within less
MANY = 5  # so many places or single nodes at once have one cause


@dataclass(frozen=True)
class Seen:
    """A node that was heard at least once; `site` is empty for one that stands alone."""

    id: str
    site: str
    last_seen: int


@dataclass(frozen=True)
class Outage:
    """Nodes whose last words lie between `since` and `last` (ms); `site` is empty when it is more than one place."""

    site: str
    since: int
    last: int
    nodes: int

    def covers(self, node: Seen) -> bool:
        """Whether the node is one of them and was not heard since."""
        return self.since <= node.last_seen <= self.last and self.site in ("", node.site)

    def takes_in(self, node: Seen) -> bool:
        """Whether a node that is missing too belongs to it."""
        return self.since - WINDOW_MS <= node.last_seen <= self.last + WINDOW_MS and self.site in ("", node.site)


@dataclass(frozen=True)
class Judgement:
    """What to say: `known` as they are now (None = over), new outages, and nodes that are silent for themselves."""

    known: Sequence[Outage | None]
    new: Sequence[Outage]
    alone: frozenset[str]


def judge(nodes: Sequence[Seen], known: Sequence[Outage], alone: frozenset[str], now: int) -> Judgement:
    """`known` are the open outages, `alone` the nodes that have an alert of their own already."""
    missing = sorted(
        (node for node in nodes if now - node.last_seen >= MISSING_MS and node.id not in alone),
        key=lambda node: (node.last_seen, node.id),
    )
    outages, free = list(known), []
    for node in missing:
        if not _absorb(outages, node):
            free.append(node)
    still: list[Outage | None] = [
        outage if any(outage.covers(node) for node in missing) else None for outage in outages
    ]
    new: list[Outage] = []
    lonely: set[str] = set()
    for cluster in _clusters(free):
        if now - cluster[0].last_seen >= ALERT_MS:
            found, single = _causes(cluster, nodes)
            new += found
            lonely |= {node.id for node in single}
    return Judgement(still, new, frozenset(lonely))


def _absorb(outages: list[Outage], node: Seen) -> bool:
    for number, outage in enumerate(outages):
        if outage.covers(node):
            return True
        if outage.takes_in(node):
            outages[number] = replace(
                outage,
                since=min(outage.since, node.last_seen),
                last=max(outage.last, node.last_seen),
                nodes=outage.nodes + 1,
            )
            return True
    return False


def _clusters(missing: Iterable[Seen]) -> list[list[Seen]]:
    """Nodes in the order of their last words, cut where more than the window lies between two."""
    clusters: list[list[Seen]] = []
    for node in missing:
        if clusters and node.last_seen - clusters[-1][-1].last_seen <= WINDOW_MS:
            clusters[-1].append(node)
        else:
            clusters.append([node])
    return clusters


def _causes(cluster: Sequence[Seen], nodes: Sequence[Seen]) -> tuple[list[Outage], list[Seen]]:
    """The outages and the single nodes of one cluster."""
    sizes: dict[str, int] = {}
    for node in nodes:
        sizes[node.site] = sizes.get(node.site, 0) + 1
    by_site: dict[str, list[Seen]] = {}
    for node in cluster:
        by_site.setdefault(node.site, []).append(node)
    whole = [site for site, found in by_site.items() if site and len(found) >= 2 and len(found) == sizes[site]]
    single = [node for node in cluster if node.site not in whole]
    if len(cluster) >= 2 and (len(cluster) == len(nodes) or len(whole) + len(single) >= MANY):
        return [_outage("" if len(by_site) > 1 or not cluster[0].site else cluster[0].site, cluster)], []
    return [_outage(site, by_site[site]) for site in whole], single


def _outage(site: str, found: Sequence[Seen]) -> Outage:
    return Outage(site, found[0].last_seen, found[-1].last_seen, len(found))
