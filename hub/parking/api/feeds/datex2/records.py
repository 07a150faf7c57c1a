"""Parking records (parkingTable/parkingRecord, UrbanParkingSite): DATEX II v2's model, written in v3's namespaces.

Frankfurt and Hesse publish it like that on the Mobilithek, and parkapi-sources reads it.
"""

from lxml import etree

from hub.parking.api.feeds.datex2 import document
from hub.parking.api.feeds.datex2.document import add, text, typed
from hub.parking.rules.feeds import House, Lot, Town, iso

_SITE_TYPES = {"on_street": "onStreetParking"}


def table(town: Town) -> bytes:
    """The parking table publication."""
    root = document.publication("prk:ParkingTablePublication", town)
    document.header(root)
    version = document.table_version(town)
    listed = add(root, "prk:parkingTable", id=document.TABLE, version=version)
    text(listed, "prk:parkingTableName", f"Parkplätze {town.house.town}")
    add(listed, "prk:parkingTableVersionTime", version)
    for lot in town.lots:
        _record(listed, lot, town.house)
    return document.as_bytes(root)


def status(town: Town) -> bytes:
    """The parking status publication; a car park of which nothing is known says so and gives no numbers."""
    root = document.publication("prk:ParkingStatusPublication", town)
    document.table_reference(root, town)
    document.header(root)
    for lot in town.lots:
        _record_status(root, lot, town.now)
    return document.as_bytes(root)


def _record(parent: etree._Element, lot: Lot, house: House) -> None:
    version = iso(lot.facts_at)
    record = typed(parent, "prk:parkingRecord", "prk:UrbanParkingSite", id=lot.id, version=version)
    text(record, "prk:parkingName", lot.name)
    about = " ".join(part for part in (lot.note, lot.fee) if part)
    if about:
        text(record, "prk:parkingDescription", about)
    add(record, "prk:parkingRecordVersionTime", version)
    add(record, "prk:parkingNumberOfSpaces", lot.capacity)
    if lot.max_stay_min is not None:
        add(record, "prk:maximumParkingDuration", lot.max_stay_min * 60)
    add(record, "prk:urlLinkAddress", lot.url)
    operator = typed(record, "prk:operator", "prk:ContactDetails", id="operator", version=version)
    text(operator, "prk:contactOrganisationName", house.operator)
    document.point(record, "prk:parkingLocation", lot)
    if lot.has_fee is not None:
        add(add(record, "prk:tariffsAndPayment"), "prk:freeOfCharge", str(not lot.has_fee).lower())
    if lot.disabled:
        _disabled(record, lot.disabled)
    if lot.kind == "park_and_ride":
        outer = add(record, "prk:parkingUsageScenario", scenarioIndex="1")
        add(add(outer, "prk:parkingUsageScenario"), "prk:parkingUsageScenario", "parkAndRide")
    add(record, "prk:urbanParkingSiteType", _SITE_TYPES.get(lot.kind, "offStreetParking"))


def _disabled(record: etree._Element, spaces: int) -> None:
    group = add(record, "prk:groupOfParkingSpaces", groupIndex="1")
    basics = typed(group, "prk:parkingSpaceBasics", "prk:GroupOfParkingSpaces")
    add(add(basics, "prk:onlyAssignedParking"), "prk:applicableForUser", "disabled")
    add(basics, "prk:parkingNumberOfSpaces", spaces)
    add(basics, "prk:parkingTypeOfGroup", "statisticsOnly")


def _record_status(root: etree._Element, lot: Lot, now: int) -> None:
    said = typed(root, "prk:parkingRecordStatus", "prk:ParkingSiteStatus")
    version = iso(lot.facts_at)
    add(said, "prk:parkingRecordReference", targetClass="prk:ParkingRecord", id=lot.id, version=version)
    add(said, "prk:parkingStatusOriginTime", iso(now if lot.contact is None else lot.contact))
    if not lot.measured:
        add(said, "prk:parkingSiteOpeningStatus", "statusUnknown")
        return
    numbers = add(said, "prk:parkingOccupancy")
    add(numbers, "prk:parkingNumberOfSpacesOverride", lot.measured)
    add(numbers, "prk:parkingNumberOfVacantSpaces", lot.free)
    add(numbers, "prk:parkingNumberOfOccupiedSpaces", lot.occupied)
    add(numbers, "prk:parkingOccupancy", round(100 * lot.occupied / lot.measured, 1))
    add(said, "prk:parkingSiteStatus", "spacesAvailable" if lot.free else "full")
    add(said, "prk:parkingSiteOpeningStatus", "open")
