"""Places and their status: the model of the schema that DATEX II v3 publishes for parking."""

from lxml import etree

from hub.parking.api.feeds.datex2 import document
from hub.parking.api.feeds.datex2.document import add, text, typed
from hub.parking.rules.feeds import Lot, Town, iso

_STRUCTURES = {"on_street": "onStreet"}


def table(town: Town) -> bytes:
    """Every car park as a place, followed by its bays of a special kind as elements below it."""
    root = document.publication("prk:ParkingTablePublication", town)
    document.header(root)
    version = document.table_version(town)
    listed = add(root, "prk:parkingTable", id=document.TABLE, version=version)
    text(listed, "prk:name", f"Parkplätze {town.house.town}")
    add(listed, "prk:versionTime", version)
    for lot in town.lots:
        _place(listed, lot)
        if lot.disabled:
            _disabled(listed, lot, lot.disabled)
        if lot.charging:
            _charging(listed, lot, lot.charging)
    return document.as_bytes(root)


def status(town: Town) -> bytes:
    """How full the places are; one of which nothing is known says so and gives no numbers."""
    root = document.publication("prk:ParkingStatusPublication", town)
    document.table_reference(root, town)
    document.header(root)
    for lot in town.lots:
        _place_status(root, lot)
    return document.as_bytes(root)


def _place(listed: etree._Element, lot: Lot) -> None:
    place = _element(listed, "prk:Place", lot.id, lot)
    _facility(place, lot)
    add(place, "prk:layer", 0)
    add(place, "prk:type", "place")
    for part, spaces in (("disabled", lot.disabled), ("charging", lot.charging)):
        if spaces:
            _reference(place, "prk:childId", f"{lot.id}/{part}", lot)
    common = add(place, "prk:commonComponents")
    kind = add(common, "prk:characteristics")
    add(kind, "prk:structureType", _STRUCTURES.get(lot.kind, "offStreetSurface"))
    add(kind, "prk:spacesTotal", lot.capacity)
    if lot.max_stay_min is not None:
        assignment = add(add(common, "prk:additionalCharacteristics"), "prk:assignment")
        add(assignment, "prk:maximumParkingDuration", lot.max_stay_min * 60)
    if lot.kind == "park_and_ride":
        pattern = typed(common, "prk:operatingPattern", "prk:UsageScenario", operatingPatternIndex="1")
        add(pattern, "prk:type", "parkAndRide")


def _facility(place: etree._Element, lot: Lot) -> None:
    """What a car park has in common with other facilities."""
    text(place, "fac:name", lot.name)
    add(place, "fac:lastUpdated", iso(lot.facts_at))
    if lot.note:
        text(place, "fac:description", lot.note)
    if lot.fee:
        text(place, "fac:additionalInformation", lot.fee)
    add(add(place, "fac:informationWebsite"), "com:urlLinkAddress", lot.url)
    if lot.opening_hours == "24/7":
        typed(place, "fac:operatingHours", "fac:OpenAllHours")
    document.point(place, "fac:locationReference", lot)
    operator = typed(place, "fac:operator", "fac:OrganisationSpecification", id="operator", version=iso(lot.facts_at))
    text(operator, "fac:name", lot.operator)
    text(add(operator, "fac:organisationUnit"), "fac:name", lot.operator)  # one unit is required
    if lot.has_fee is not None:
        typed(place, "fac:rates", "fac:GeneralRateInformation" if lot.has_fee else "fac:FreeOfCharge")
    if lot.max_height_cm is not None:
        height = add(add(place, "fac:applicableForVehicles"), "com:heightCharacteristic")
        add(height, "com:comparisonOperator", "lessThanOrEqualTo")
        add(height, "com:vehicleHeight", lot.max_height_cm / 100)


def _disabled(listed: etree._Element, lot: Lot, spaces: int) -> None:
    part = _element(listed, "prk:SubplaceElement", f"{lot.id}/disabled", lot)
    _below(part, lot, spaces, "statisticsOnly")
    extra = add(add(part, "prk:commonComponents"), "prk:additionalCharacteristics")
    only_for = add(add(add(extra, "prk:assignment"), "prk:exclusivelyAssignedFor"), "fac:qualification")
    add(add(only_for, "fac:userQualification"), "fac:userGroup", "registeredDisabledUsers")


def _charging(listed: etree._Element, lot: Lot, spaces: int) -> None:
    part = _element(listed, "prk:SubplaceElement", f"{lot.id}/charging", lot)
    station = {"id": f"{lot.id}/charging/station", "version": iso(lot.facts_at)}
    equipment = typed(part, "fac:supplementalFacility", "fac:SupplementalEquipment", **station)
    add(equipment, "fac:equipmentType", "electricChargingStation")
    _below(part, lot, spaces, "singleParameters")


def _below(part: etree._Element, lot: Lot, spaces: int, kind: str) -> None:
    """Some bays of a car park, counted only."""
    add(part, "prk:layer", 1)
    add(part, "prk:type", "subplaceElement")
    _reference(part, "prk:parentId", lot.id, lot)
    supply = add(part, "prk:supply")
    add(supply, "prk:quantity", spaces)
    add(supply, "prk:viewType", "spaceView")
    add(part, "prk:subplaceType", kind)


def _place_status(root: etree._Element, lot: Lot) -> None:
    said = typed(root, "prk:parkingStatusInformation", "prk:PlaceStatus")
    _reference(said, "fac:reference", lot.id, lot)
    if lot.contact is not None:
        add(said, "fac:lastUpdated", iso(lot.contact))
    if not lot.measured:
        add(said, "fac:openingStatus", "statusUnknown")
        add(said, "prk:status", "unknown")
        return
    add(said, "fac:openingStatus", "open")
    numbers = add(said, "prk:occupancy")
    add(numbers, "prk:numberOfSpacesOverride", lot.measured)
    add(numbers, "prk:numberOfVacantSpaces", lot.free)
    add(numbers, "prk:numberOfOccupiedSpaces", lot.occupied)
    add(numbers, "prk:occupancy", round(100 * lot.occupied / lot.measured, 1))
    add(said, "prk:status", "spacesAvailable" if lot.free else "full")


def _element(listed: etree._Element, kind: str, name: str, lot: Lot) -> etree._Element:
    return typed(listed, "prk:hierarchyElementGeneral", kind, id=name, version=iso(lot.facts_at))


def _reference(parent: etree._Element, name: str, target: str, lot: Lot) -> None:
    add(parent, name, targetClass="fac:FacilityObject", id=target, version=iso(lot.facts_at))
