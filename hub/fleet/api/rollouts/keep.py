"""Which releases the hub keeps: what somebody may still fetch or has, and the newest few."""

import json
import logging

from hub.core.db import Session
from hub.fleet import store
from hub.fleet.gateway.releases import Releases
from hub.fleet.store import rollouts

_log = logging.getLogger(__name__)
SPARE = 2


def prune_releases(session: Session, releases: Releases) -> list[str]:
    """Deletes releases that nobody needs, and returns their names. The caller holds `releases`."""
    present = {json.loads(row.status).get("release", "") for row in store.nodes(session)}
    needed = {name for name in releases.names() if releases.load(name).installed & present}
    needed |= rollouts.open_releases(session)
    needed |= {name for url in store.firmware_urls(session) for name in releases.names() if f"/{name}/" in url}
    gone = releases.prune(needed, SPARE)
    if gone:
        _log.info("releases that nobody needs were deleted: %s", ", ".join(gone))
    return gone
