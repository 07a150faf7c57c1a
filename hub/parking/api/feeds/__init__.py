"""Open data: every car park and bay as it is now, in the formats that others read without an adapter."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.core.db import Session
from hub.fleet import api as fleet
from hub.parking import rules as parking_rules
from hub.parking import store
from hub.parking.api.feeds import datex2
from hub.parking.rules import feeds as rules
from hub.parking.rules.feeds import LICENCE_NAME, LICENCE_URL, Contact, House, Lot, Spot, Town
from hub.radio import api as radio

__all__ = [
    "FORMATS",
    "LICENCE_NAME",
    "LICENCE_URL",
    "House",
    "Lot",
    "Spot",
    "Town",
    "body",
    "example",
    "house",
    "parkapi_sites",
    "town_now",
]

JSON, GEOJSON, XML = "application/json", "application/geo+json", "application/xml"
MINUTE_MS, DAY_MS = 60_000, 24 * 3_600_000
_EXAMPLE_LINES = 24


def house(town_dir: Path, url: str) -> House:
    """The publisher out of the town's data."""
    return House(json.loads((town_dir / "town.json").read_text())["name"], url)


def town_now(session: Session, house: House, now: int) -> Town:
    """The car parks in the order of the town's data, and their bays; said to be of the minute that began last."""
    nodes = {node.id: node for node in fleet.nodes(session, now)}
    contacts: dict[str, list[Contact]] = {}
    bays: list[tuple[store.Bay, Contact]] = []
    for bay in store.bays(session, None):
        board = nodes.get(bay.node)
        speaks = board is not None and board.online and not bay.outbox.startswith(radio.OUTBOX)
        state = parking_rules.shown(bay.state, bay.ts, now, bay.trusted_ms)
        contact = Contact(state, bay.ts, board.last_seen if board is not None and speaks else None)
        contacts.setdefault(bay.site, []).append(contact)
        bays.append((bay, contact))
    sites = store.sites(session)
    lots = {site: _lot(json.loads(facts), contacts.get(site, []), house, now) for site, facts in sites}
    spots = [_spot(bay, contact, lots[bay.site], nodes.get(bay.node), now) for bay, contact in bays if bay.site in lots]
    return Town(house, now - now % MINUTE_MS, list(lots.values()), spots)


def _lot(facts: Mapping[str, Any], contacts: Sequence[Contact], house: House, now: int) -> Lot:
    counts = parking_rules.count(contact.state for contact in contacts)
    tariff, note = facts.get("tariff"), facts.get("note")
    return Lot(
        id=facts["id"],
        name=facts["name"]["de"],
        kind=facts.get("kind", "off_street"),
        lat=facts["lat"],
        lon=facts["lon"],
        capacity=len(contacts),
        disabled=facts.get("disabled_bays"),
        charging=facts.get("ev_points"),
        free=counts["free"],
        occupied=counts["occupied"],
        contact=rules.last_contact(contacts, now),
        facts_at=_as_of(facts.get("as_of"), now),
        has_fee=None if tariff is None else not tariff.get("free", False),
        fee=facts["tariff_text"]["de"],
        max_stay_min=facts.get("max_stay_min"),
        max_height_cm=facts.get("max_height_cm"),
        opening_hours=facts.get("opening_hours"),
        note=note["de"] if note else "",
        operator=house.operator,
        region=house.town,
        url=f"{house.url.rstrip('/')}/parken/{facts['id']}",
        assumed=_assumed(facts),
    )


def _assumed(facts: Mapping[str, Any]) -> tuple[str, ...]:
    marks = {"capacity": "capacity_assumed", "position": "coord_assumed", "disabled": "disabled_assumed"}
    return tuple(name for name, mark in marks.items() if facts.get(mark))


def _as_of(text: str | None, now: int) -> int:
    """When the facts were true: "2024-08" is its first day; today where the town's data do not say."""
    if not text:
        return now - now % DAY_MS
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def _spot(bay: store.Bay, contact: Contact, lot: Lot, board: fleet.NodeNow | None, now: int) -> Spot:
    lat, lon = (board.lat, board.lon) if board is not None else (lot.lat, lot.lon)
    return Spot(bay.id, lot, lat, lon, contact.state, rules.last_contact([contact], now))


def parkapi_sites(town: Town) -> dict[str, Any]:
    """The body of ParkAPI's feed of car parks, which is pushed as well."""
    return {"items": [rules.site_item(lot) for lot in town.lots]}


def _json(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _spots(town: Town) -> bytes:
    return _json({"items": [rules.spot_item(spot) for spot in town.spots]})


def _parkendd(town: Town) -> bytes:
    return _json(rules.city(town.lots, f"{town.house.url.rstrip('/')}/parken", town.now))


def _geojson(town: Town) -> bytes:
    return _json(rules.collection(town.lots, f"Parkplätze {town.house.town}"))


@dataclass(frozen=True)
class Format:
    """A feed: its standard, its path below /feeds/, its media type, and what makes it."""

    standard: str
    path: str
    media: str
    make: Callable[[Town], bytes]


FORMATS: Mapping[str, Format] = {
    one.path: one
    for one in (
        Format("ParkAPI v3", "parkapi/v3/sites.json", JSON, lambda town: _json(parkapi_sites(town))),
        Format("ParkAPI v3", "parkapi/v3/spots.json", JSON, _spots),
        Format("DATEX II v3.6", "datex2/v3.6/table.xml", XML, datex2.places.table),
        Format("DATEX II v3.6", "datex2/v3.6/status.xml", XML, datex2.places.status),
        Format("DATEX II v3, parkingRecord", "datex2/v3/table.xml", XML, datex2.records.table),
        Format("DATEX II v3, parkingRecord", "datex2/v3/status.xml", XML, datex2.records.status),
        Format("GeoJSON", "parking.geojson", GEOJSON, _geojson),
        Format("ParkenDD v1", "parkendd/v1.json", JSON, _parkendd),
    )
}


def body(town: Town, path: str) -> bytes:
    """A feed's body; KeyError for one that does not exist."""
    return FORMATS[path].make(town)


def example(town: Town, path: str) -> str:
    """The beginning of a feed, with its first car park or bay."""
    first = Town(town.house, town.now, town.lots[:1], town.spots[:1])
    text = body(first, path).decode()
    if FORMATS[path].media != XML:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    lines = text.splitlines()
    return "\n".join([*lines[:_EXAMPLE_LINES], "…"] if len(lines) > _EXAMPLE_LINES else lines)
