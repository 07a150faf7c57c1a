"""Counters for Prometheus."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.ingest import api

blueprint = flask.Blueprint("ingest", __name__)


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Messages stored, duplicate, refused, quarantined and skipped since the first start, as OpenMetrics text."""
    with web.read() as session:
        counters = api.counters(session)
    lines = []
    for name, details in sorted(counters.items()):
        if name == "held":  # goes up and down
            lines += ["# TYPE stadtknoten_ingest_held gauge", f"stadtknoten_ingest_held {sum(details.values())}"]
            continue
        lines += [f"# TYPE stadtknoten_ingest_{name}_total counter"]
        lines += [f"stadtknoten_ingest_{name}_total {sum(details.values())}"]
    return flask.Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")
