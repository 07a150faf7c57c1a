"""Firmware of a release, offered to the town's wireless sensors."""

import json
from collections.abc import Mapping, Sequence

from hub.core.db import Session
from hub.fleet import store
from hub.fleet.api import configuration
from hub.fleet.api.configuration import By
from hub.fleet.gateway.releases import Releases
from hub.fleet.rules import release as release_rules
from hub.fleet.rules.release import Release


def firmware_of(releases: Releases, release: Release, public_url: str) -> dict[str, str]:
    """What a sensor's configuration says of the release's firmware; ValueError when it holds none."""
    file = releases.file(release.name, release_rules.FIRMWARE_OFFER)
    if file is None or release_rules.FIRMWARE not in release.files:
        raise ValueError(f"{release.name} holds no firmware; build it with `make bundle`")
    said = json.loads(file.read_text())
    url = f"{public_url.rstrip('/')}/api/fleet/releases/{release.name}/{release_rules.FIRMWARE}"
    return {name: str(said[name]) for name in ("version", "sha256", "signature")} | {"url": url}


def offer_firmware(
    session: Session, offer: Mapping[str, str], sensors: Sequence[str], now: int, actor: str
) -> list[str]:
    """Offers it to these sensors, or to all that run firmware; returns whom. ValueError for one that does not."""
    said = {row.id: json.loads(row.status) for row in store.nodes(session)}
    able = [name for name, status in said.items() if "battery_mv" in status]
    if strangers := [name for name in sensors if name not in able]:
        raise ValueError(f"{', '.join(strangers)}: no wireless sensor of ours")
    told = [name for name in sensors or able if said[name].get("software") != offer["version"]]
    for name in told:
        configuration.offer_firmware(session, name, offer, By("", actor, now))
    return told
