"""DATEX II v3: the table of car parks (what they are) and their status (how full they are) as two publications.

The model is the one of parking records (parkingTable/parkingRecord, UrbanParkingSite), which German aggregators read.
"""

from collections.abc import Sequence

from lxml import etree

from hub.parking.rules.feeds import LICENCE_NAME, LICENCE_URL, House, Lot, Town, iso

_SCHEMA = "http://datex2.eu/schema/3/"
_SPACES = {
    "d2": f"{_SCHEMA}d2Payload",
    "com": f"{_SCHEMA}common",
    "loc": f"{_SCHEMA}locationReferencing",
    "prk": f"{_SCHEMA}parking",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_TABLE = "parking"
_SITE_TYPES = {"on_street": "onStreetParking"}


def table(town: Town) -> bytes:
    """The parking table publication."""
    root = _publication("prk:ParkingTablePublication", town)
    _header(root)
    version = iso(max((lot.facts_at for lot in town.lots), default=town.now))
    listed = _add(root, "prk:parkingTable", id=_TABLE, version=version)
    _text(_add(listed, "prk:parkingTableName"), [("de", f"Parkplätze {town.house.town}")])
    _add(listed, "prk:parkingTableVersionTime", version)
    for lot in town.lots:
        _record(listed, lot, town.house)
    return _bytes(root)


def status(town: Town) -> bytes:
    """The parking status publication; a car park of which nothing is known says so and gives no numbers."""
    root = _publication("prk:ParkingStatusPublication", town)
    _header(root)
    version = iso(max((lot.facts_at for lot in town.lots), default=town.now))
    _add(root, "prk:parkingTableReference", targetClass="prk:ParkingTable", id=_TABLE, version=version)
    for lot in town.lots:
        _record_status(root, lot, town.now)
    return _bytes(root)


def _publication(kind: str, town: Town) -> etree._Element:
    root = etree.Element(_name("d2:payload"), nsmap=_SPACES)
    root.set(_name("xsi:type"), kind)
    root.set("lang", "de")
    root.set("modelBaseVersion", "3")
    licence = f"Parkplätze {town.house.town}. Lizenz: {LICENCE_NAME}, {LICENCE_URL}"
    _text(_add(root, "com:feedDescription"), [("de", licence)])
    _add(root, "com:publicationTime", iso(town.now))
    creator = _add(root, "com:publicationCreator")
    _add(creator, "com:country", town.house.country)
    _add(creator, "com:nationalIdentifier", town.house.operator)
    return root


def _header(root: etree._Element) -> None:
    _add(_add(root, "prk:headerInformation"), "com:informationStatus", "real")


def _record(parent: etree._Element, lot: Lot, house: House) -> None:
    record = _add(parent, "prk:parkingRecord", id=lot.id, version=iso(lot.facts_at))
    record.set(_name("xsi:type"), "prk:UrbanParkingSite")
    _text(_add(record, "prk:parkingName"), [("de", lot.name)])
    about = " ".join(part for part in (lot.note, lot.fee) if part)
    if about:
        _text(_add(record, "prk:parkingDescription"), [("de", about)])
    _add(record, "prk:parkingRecordVersionTime", iso(lot.facts_at))
    _add(record, "prk:parkingNumberOfSpaces", lot.capacity)
    if lot.max_stay_min is not None:
        _add(record, "prk:maximumParkingDuration", lot.max_stay_min * 60)
    _add(record, "prk:urlLinkAddress", lot.url)
    operator = _add(record, "prk:operator", id="operator", version=iso(lot.facts_at))
    operator.set(_name("xsi:type"), "prk:ContactDetails")
    _text(_add(operator, "prk:contactOrganisationName"), [("de", house.operator)])
    _location(record, lot)
    if lot.has_fee is not None:
        _add(_add(record, "prk:tariffsAndPayment"), "prk:freeOfCharge", str(not lot.has_fee).lower())
    if lot.disabled:
        _disabled(record, lot.disabled)
    if lot.kind == "park_and_ride":
        outer = _add(record, "prk:parkingUsageScenario", scenarioIndex="1")
        _add(_add(outer, "prk:parkingUsageScenario"), "prk:parkingUsageScenario", "parkAndRide")
    _add(record, "prk:urbanParkingSiteType", _SITE_TYPES.get(lot.kind, "offStreetParking"))


def _location(record: etree._Element, lot: Lot) -> None:
    place = _add(record, "prk:parkingLocation")
    place.set(_name("xsi:type"), "loc:PointLocation")
    point = _add(_add(place, "loc:pointByCoordinates"), "loc:pointCoordinates")
    _add(point, "loc:latitude", lot.lat)
    _add(point, "loc:longitude", lot.lon)


def _disabled(record: etree._Element, spaces: int) -> None:
    basics = _add(_add(record, "prk:groupOfParkingSpaces", groupIndex="1"), "prk:parkingSpaceBasics")
    basics.set(_name("xsi:type"), "prk:GroupOfParkingSpaces")
    _add(_add(basics, "prk:onlyAssignedParking"), "prk:applicableForUser", "disabled")
    _add(basics, "prk:parkingNumberOfSpaces", spaces)
    _add(basics, "prk:parkingTypeOfGroup", "statisticsOnly")


def _record_status(root: etree._Element, lot: Lot, now: int) -> None:
    said = _add(root, "prk:parkingRecordStatus")
    said.set(_name("xsi:type"), "prk:ParkingSiteStatus")
    version = iso(lot.facts_at)
    _add(said, "prk:parkingRecordReference", targetClass="prk:ParkingRecord", id=lot.id, version=version)
    _add(said, "prk:parkingStatusOriginTime", iso(now if lot.contact is None else lot.contact))
    if not lot.measured:
        _add(said, "prk:parkingSiteOpeningStatus", "statusUnknown")
        return
    numbers = _add(said, "prk:parkingOccupancy")
    _add(numbers, "prk:parkingNumberOfSpacesOverride", lot.measured)
    _add(numbers, "prk:parkingNumberOfVacantSpaces", lot.free)
    _add(numbers, "prk:parkingNumberOfOccupiedSpaces", lot.occupied)
    _add(numbers, "prk:parkingOccupancy", round(100 * lot.occupied / lot.measured, 1))
    _add(said, "prk:parkingSiteStatus", "spacesAvailable" if lot.free else "full")
    _add(said, "prk:parkingSiteOpeningStatus", "open")


def _name(prefixed: str) -> str:
    prefix, _, name = prefixed.partition(":")
    return f"{{{_SPACES[prefix]}}}{name}"


def _add(parent: etree._Element, name: str, value: object = None, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, _name(name), attributes)
    if value is not None:
        child.text = str(value)
    return child


def _text(parent: etree._Element, texts: Sequence[tuple[str, str]]) -> None:
    """A text in its languages."""
    values = _add(parent, "com:values")
    for language, text in texts:
        _add(values, "com:value", text, lang=language)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
