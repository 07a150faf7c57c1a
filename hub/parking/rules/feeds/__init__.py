"""Car parks and bays in the words of other people's formats: ParkAPI v3, ParkenDD v1, GeoJSON."""

from hub.parking.rules.feeds.geojson import collection
from hub.parking.rules.feeds.lots import (
    LICENCE_NAME,
    LICENCE_URL,
    Contact,
    House,
    Lot,
    Spot,
    Town,
    iso,
    last_contact,
)
from hub.parking.rules.feeds.parkapi import site_item, spot_item
from hub.parking.rules.feeds.parkendd import city

__all__ = [
    "LICENCE_NAME",
    "LICENCE_URL",
    "Contact",
    "House",
    "Lot",
    "Spot",
    "Town",
    "city",
    "collection",
    "iso",
    "last_contact",
    "site_item",
    "spot_item",
]
