"""GeoJSON (RFC 7946): a point for each car park."""

from collections.abc import Sequence
from typing import Any

from hub.parking.rules.feeds.lots import LICENCE_NAME, LICENCE_URL, Lot, iso


def collection(lots: Sequence[Lot], name: str) -> dict[str, Any]:
    """The car parks with their numbers; null = nobody knows."""
    return {
        "type": "FeatureCollection",
        "name": name,
        "license": {"name": LICENCE_NAME, "url": LICENCE_URL},
        "features": [
            {
                "type": "Feature",
                "id": lot.id,
                "geometry": {"type": "Point", "coordinates": [lot.lon, lot.lat]},
                "properties": _properties(lot),
            }
            for lot in lots
        ],
    }


def _properties(lot: Lot) -> dict[str, Any]:
    known = lot.measured > 0
    return {
        "name": lot.name,
        "kind": lot.kind,
        "capacity": lot.capacity,
        "free": lot.free if known else None,
        "occupied": lot.occupied if known else None,
        "without_data": lot.capacity - lot.measured,
        "updated_at": iso(lot.contact) if lot.contact is not None else None,
        "disabled_bays": lot.disabled,
        "charging_points": lot.charging,
        "fee": lot.fee or None,
        "max_stay_minutes": lot.max_stay_min,
        "opening_hours": lot.opening_hours,
        "assumed": list(lot.assumed),
        "url": lot.url,
    }
