"""ParkenDD v1: a city with its lots, as the apps of that name read it. Times are UTC without a mark."""

from collections.abc import Sequence
from typing import Any

from hub.parking.rules.feeds.lots import LICENCE_NAME, LICENCE_URL, Lot, iso


def city(lots: Sequence[Lot], source: str, now: int) -> dict[str, Any]:
    """`last_updated` is the newest contact with a sensor, `last_downloaded` now."""
    newest = max((lot.contact for lot in lots if lot.contact is not None), default=now)
    return {
        "last_updated": iso(newest).removesuffix("Z"),
        "last_downloaded": iso(now).removesuffix("Z"),
        "data_source": source,
        "license": {"name": LICENCE_NAME, "url": LICENCE_URL},
        "lots": [_lot(lot) for lot in lots],
    }


def _lot(lot: Lot) -> dict[str, Any]:
    known = lot.measured > 0
    found = {
        "id": lot.id,
        "name": lot.name,
        "address": None,
        "coords": {"lat": lot.lat, "lng": lot.lon},
        "region": lot.region or None,
        "lot_type": "Straße" if lot.kind == "on_street" else "Parkplatz",
        "state": "open" if known else "nodata",
        "total": lot.capacity,
        "forecast": False,
        "url": lot.url,
    }
    if known:
        found["free"] = lot.free
    if lot.opening_hours:
        found["opening_hours"] = lot.opening_hours
    return found
