"""What Prometheus asks: counters of ingest; nodes, alarms, visitors, bays and jobs as they are now."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import flask
from flask.typing import ResponseReturnValue

from hub.core import jobs, web
from hub.core.clock import now_ms
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.parking import api as parking

blueprint = flask.Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Prometheus' text format 0.0.4; counters go on over restarts. No name of a person or device is in it."""
    now = now_ms()
    with web.read() as session:
        lines = [
            *_ingest(ingest.counters(session)),
            *_fleet(fleet.nodes(session, now), len(fleet.alarms(session))),
            *_parking(parking.sites(session, now)),
            *_jobs(jobs.counts(session, now)),
        ]
    return flask.Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


def _ingest(counters: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Messages stored, duplicate, refused, quarantined, skipped since the first start; those held until their clock is
    known.
    """
    for name, details in sorted(counters.items()):
        kind, ending = ("gauge", "") if name == "held" else ("counter", "_total")
        yield from _family(f"ingest_{name}{ending}", kind, {"": sum(details.values())})


def _fleet(nodes: Sequence[fleet.NodeNow], alarms: int) -> Iterator[str]:
    states = Counter("online" if one.online else "offline" if one.last_seen else "never" for one in nodes)
    of_state = {_label(state=state): states[state] for state in ("online", "offline", "never")}
    yield from _family("nodes", "gauge", of_state)
    yield from _family("wifi_clients", "gauge", {"": sum(one.clients or 0 for one in nodes)})
    yield from _family("alarms", "gauge", {"": alarms})


def _parking(sites: Sequence[parking.SiteNow]) -> Iterator[str]:
    bays = {
        _label(site=site.id, state=state): getattr(site, state)
        for site in sites
        for state in ("free", "occupied", "unknown", "faulty")
    }
    yield from _family("bays", "gauge", bays)


def _jobs(found: jobs.Counts) -> Iterator[str]:
    of_state = {_label(state=state): getattr(found, state) for state in ("waiting", "running", "dead")}
    yield from _family("jobs", "gauge", of_state)
    yield from _family("jobs_late_seconds", "gauge", {"": found.late_ms / 1000})


def _family(name: str, kind: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# TYPE stadtknoten_{name} {kind}"
    for label, value in values.items():
        yield f"stadtknoten_{name}{label} {value}"


def _label(**labels: str) -> str:
    """Our own names alone stand in it (sites, states), which need no escaping."""
    return "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
