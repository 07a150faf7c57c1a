"""ParkAPI v3, as the package parkapi-sources models it: static and realtime data of a car park or a bay in one object.

Both names of what changed between its versions are there: capacity_disabled (0.24) and restrictions (0.43).
"""

from typing import Any
from urllib.parse import urlsplit

from hub.parking.rules.feeds.lots import Lot, Spot, iso

_TYPES = {"on_street": "ON_STREET"}
_STATUS = {"free": "AVAILABLE", "occupied": "TAKEN"}


def site_item(lot: Lot) -> dict[str, Any]:
    """A combined parking site; what nobody knows is left out."""
    item = {
        **_place(lot.id, lot.name, lot, lot.lat, lot.lon, lot.contact),
        "operator_name": lot.operator,
        "public_url": lot.url if _is_public(lot.url) else None,
        "description": lot.note or None,
        "capacity": lot.capacity,
        "capacity_disabled": lot.disabled,
        "capacity_charging": lot.charging,
        "restrictions": [
            {"type": audience, "capacity": number}
            for audience, number in (("DISABLED", lot.disabled), ("CHARGING", lot.charging))
            if number
        ],
        "has_fee": lot.has_fee,
        "fee_description": lot.fee or None,
        "max_stay": lot.max_stay_min,
        "max_height": lot.max_height_cm,
        "opening_hours": lot.opening_hours,
        "park_and_ride_type": ["YES"] if lot.kind == "park_and_ride" else None,
        "tags": [f"assumed:{name}" for name in lot.assumed] or None,
    }
    if lot.contact is not None:
        item |= _realtime(lot)
    return {name: value for name, value in item.items() if value is not None and value != []}


def _is_public(url: str) -> bool:
    """ParkAPI takes addresses with a domain only, not those of a machine in the house."""
    host = urlsplit(url).hostname or ""
    return "." in host and host.rpartition(".")[2].isalpha()


def _realtime(lot: Lot) -> dict[str, Any]:
    """Free bays are those that are seen to be free, of as many as are seen at all; nothing while none is."""
    known = lot.measured > 0
    return {
        "realtime_opening_status": "OPEN" if known else "UNKNOWN",
        "realtime_capacity": lot.measured if known else None,
        "realtime_free_capacity": lot.free if known else None,
    }


def spot_item(spot: Spot) -> dict[str, Any]:
    """A combined parking spot."""
    item = _place(spot.id, spot.id, spot.lot, spot.lat, spot.lon, spot.contact)
    item["parking_site_uid"] = spot.lot.id
    if spot.contact is not None:
        item["realtime_status"] = _STATUS.get(spot.state, "UNKNOWN")
    return {name: value for name, value in item.items() if value is not None}


def _place(uid: str, name: str, lot: Lot, lat: float, lon: float, contact: int | None) -> dict[str, Any]:
    return {
        "uid": uid,
        "name": name,
        "purpose": "CAR",
        "type": _TYPES.get(lot.kind, "OFF_STREET_PARKING_GROUND"),
        "lat": lat,
        "lon": lon,
        "has_realtime_data": contact is not None,
        "static_data_updated_at": iso(lot.facts_at),
        "realtime_data_updated_at": iso(contact) if contact is not None else None,
    }
