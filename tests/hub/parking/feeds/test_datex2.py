"""The DATEX II v3 publications hold the published elements, in the published order, and nothing else.

No schema of this model is on PyPI, npm or in Debian. The tables below are the sequences of ParkingRecord, ParkingSite,
UrbanParkingSite, ParkingRecordStatus, ParkingSiteStatus and ParkingOccupancy as the DATEX II parking publications
define them (docs.datex2.eu; the order is that of the classes which xsdata-samples made out of the official schema),
with the references of the v3 schema (DATEXII_3_Parking.xsd: targetClass, id, version). The names that a reader needs
are those of parkapi-sources' `datex2_v3`.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.parking.api.feeds import datex2
from hub.parking.rules.feeds import House, Lot, Town

NOW = 1_800_000_000_000
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
SPACES = {"http://datex2.eu/schema/3/parking": "prk", "http://datex2.eu/schema/3/common": "com"}
SPACES |= {
    "http://datex2.eu/schema/3/locationReferencing": "loc",
    "http://datex2.eu/schema/3/d2Payload": "d2",
}

_HEAD = "com:feedDescription com:feedType com:publicationTime com:publicationCreator prk:headerInformation"
_RECORD = (
    "prk:parkingName prk:parkingAlias prk:parkingDescription prk:parkingRecordVersionTime prk:parkingNumberOfSpaces "
    "prk:parkingPrincipalNumberOfSpaces prk:maximumParkingDuration prk:photoUrl prk:urlLinkAddress "
    "prk:parkingOccupanyDetectionType prk:emergencyContact prk:owner prk:responsibleAuthority prk:securityService "
    "prk:operator prk:servicePartner prk:parkingVms prk:parkingLocation prk:parkingRoute prk:parkingColour "
    "prk:onlyAssignedParking prk:assignedParkingAmongOthers prk:prohibitedParking prk:tariffsAndPayment "
    "prk:parkingEquipmentOrServiceFacility prk:parkingSpace prk:groupOfParkingSpaces prk:parkingThresholds "
    "prk:permitsAndProhibitions prk:emergencyAssemblyPoint prk:entireArea prk:parkingRecordDimension "
    "prk:parkingReservation prk:parkingLayout prk:highestFloor prk:lowestFloor prk:temporaryParking "
    "prk:parkingSiteAddress prk:reservationService prk:parkingUsageScenario prk:openingTimes prk:parkingAccess "
    "prk:parkingStandardsAndSecurity prk:urbanParkingSiteType"
)
_STATUS = (
    "prk:parkingRecordReference prk:parkingStatusOriginTime prk:parkingStatusDescription prk:parkingQueueingTime "
    "prk:parkingConditions prk:blurredAvailability prk:parkingFault prk:parkingSpaceStatus prk:parkingOccupancy "
    "prk:groupOfParkingSpacesStatus prk:parkingStatusValidity prk:overrideParkingThresholds prk:parkingSiteStatus "
    "prk:parkingSiteOpeningStatus prk:parkingSiteOvercrowdingStatus prk:parkingSiteFullAtFloor"
)
# element (path from the end, the longest that fits counts) -> its children in their order; empty = a value
SEQUENCES = {
    "d2:payload": f"{_HEAD} prk:parkingTable prk:parkingTableReference prk:parkingRecordStatus",
    "prk:parkingTable": "prk:parkingTableName prk:parkingTableVersionTime prk:parkingRecord",
    "prk:parkingRecord": _RECORD,
    "prk:parkingRecordStatus": _STATUS,
    "prk:parkingRecordStatus/prk:parkingOccupancy": (
        "prk:parkingNumberOfSpacesOverride prk:parkingNumberOfVacantSpaces prk:parkingNumberOfOccupiedSpaces "
        "prk:parkingNumberOfVehicles prk:parkingOccupancy prk:parkingOccupancyGraded"
    ),
    "prk:parkingLocation": "loc:pointByCoordinates",
    "loc:pointByCoordinates": "loc:pointCoordinates",
    "loc:pointCoordinates": "loc:latitude loc:longitude",
    "prk:groupOfParkingSpaces": "prk:parkingSpaceBasics",
    "prk:parkingSpaceBasics": "prk:onlyAssignedParking prk:parkingNumberOfSpaces prk:parkingTypeOfGroup",
    "prk:onlyAssignedParking": "prk:applicableForUser",
    "prk:parkingRecord/prk:parkingUsageScenario": "prk:parkingUsageScenario",
    "prk:parkingUsageScenario/prk:parkingUsageScenario": "prk:parkingUsageScenario",
    "prk:parkingUsageScenario/prk:parkingUsageScenario/prk:parkingUsageScenario": "",
    "prk:tariffsAndPayment": "prk:freeOfCharge",
    "prk:operator": "prk:contactOrganisationName",
    "prk:headerInformation": "com:confidentiality com:informationStatus",
    "com:publicationCreator": "com:country com:nationalIdentifier",
    "com:values": "com:value",
    **dict.fromkeys(
        ("com:feedDescription", "prk:parkingTableName", "prk:parkingName", "prk:parkingDescription"), "com:values"
    ),
    "prk:contactOrganisationName": "com:values",
}
REQUIRED = {
    "d2:payload": {"com:publicationTime", "com:publicationCreator"},
    "prk:parkingTable": {"prk:parkingTableVersionTime", "prk:parkingRecord"},
    "prk:parkingRecord": {"prk:parkingRecordVersionTime", "prk:parkingLocation", "prk:urbanParkingSiteType"},
    "prk:parkingRecordStatus": {"prk:parkingRecordReference", "prk:parkingStatusOriginTime"},
}
LOT = Lot(
    **{"id": "bahnhof", "name": "P+R Bahnhof", "kind": "park_and_ride", "lat": 49.24, "lon": 9.1, "capacity": 40},
    **{"disabled": 2, "charging": 1, "free": 3, "occupied": 30, "contact": NOW - 60_000, "facts_at": NOW - 10**9},
    **{"has_fee": True, "fee": "1 € die Stunde", "max_stay_min": 120, "max_height_cm": None, "opening_hours": "24/7"},
    **{"note": "Am Gleis", "operator": "Stadt", "region": "08125", "url": "https://hub.example/parken/bahnhof"},
)
LOTS = st.builds(
    replace,
    st.just(LOT),
    id=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from(["off_street", "on_street", "park_and_ride"]),
    disabled=st.one_of(st.none(), st.integers(0, 9)),
    free=st.integers(0, 20),
    occupied=st.integers(0, 20),
    contact=st.one_of(st.none(), st.just(NOW - 60_000)),
    has_fee=st.one_of(st.none(), st.booleans()),
    fee=st.sampled_from(["", "1 €"]),
    note=st.sampled_from(["", "Am Gleis"]),
    max_stay_min=st.one_of(st.none(), st.just(120)),
)


def town(*lots: Lot) -> Town:
    return Town(House("Bad Rappenau", "https://hub.example"), NOW, lots, ())


def name(element: etree._Element) -> str:
    found = etree.QName(element)
    return f"{SPACES[found.namespace]}:{found.localname}"


def sequence(path: list[str]) -> list[str]:
    """The children that an element may have."""
    ways = ("/".join(path[start:]) for start in range(len(path)))
    return SEQUENCES.get(next((way for way in ways if way in SEQUENCES), ""), "").split()


def problems(element: etree._Element, path: tuple[str, ...] = ()) -> Iterator[str]:
    """What is not as it is published."""
    here = [*path, name(element)]
    children, known = [name(child) for child in element], sequence(here)
    if strange := set(children) - set(known):
        yield f"{'/'.join(here)} has {strange}"
    elif children != sorted(children, key=known.index):
        yield f"{'/'.join(here)} has another order: {children}"
    if missing := REQUIRED.get(here[-1], set()) - set(children):
        yield f"{'/'.join(here)} lacks {missing}"
    if not children and not element.text and not element.attrib:
        yield f"{'/'.join(here)} is empty"
    for child in element:
        yield from problems(child, tuple(here))


@given(st.lists(LOTS, min_size=1, max_size=3, unique_by=lambda one: one.id))
def test_elements_are_the_published_ones_in_their_order(lots: list[Lot]) -> None:
    for made in (datex2.table(town(*lots)), datex2.status(town(*lots))):
        assert list(problems(etree.fromstring(made))) == []


def test_the_status_refers_to_the_records_of_the_table_and_to_their_version() -> None:
    lots = (LOT, replace(LOT, id="see", free=0, occupied=0, contact=None))
    table, status = (etree.fromstring(made(town(*lots))) for made in (datex2.table, datex2.status))
    spaces = {short: long for long, short in SPACES.items()}
    (listed,) = table.iterfind("prk:parkingTable", spaces)
    (named,) = status.iterfind("prk:parkingTableReference", spaces)
    assert dict(named.attrib) == {"targetClass": "prk:ParkingTable", **listed.attrib}
    records = [(one.get("id"), one.get("version")) for one in listed.iterfind("prk:parkingRecord", spaces)]
    references = list(status.iterfind("prk:parkingRecordStatus/prk:parkingRecordReference", spaces))
    assert [(one.get("id"), one.get("version")) for one in references] == records
    assert {one.get("targetClass") for one in references} == {"prk:ParkingRecord"}
    assert {one.get(TYPE) for one in listed.iterfind("prk:parkingRecord", spaces)} == {"prk:UrbanParkingSite"}
    assert (table.get(TYPE), status.get(TYPE)) == ("prk:ParkingTablePublication", "prk:ParkingStatusPublication")


def test_what_is_unknown_gives_no_numbers() -> None:
    made = etree.fromstring(datex2.status(town(replace(LOT, free=0, occupied=0, contact=None))))
    (said,) = (one for one in made if name(one) == "prk:parkingRecordStatus")
    assert [name(one) for one in said] == [
        "prk:parkingRecordReference",
        "prk:parkingStatusOriginTime",
        "prk:parkingSiteOpeningStatus",
    ]


@pytest.mark.parametrize("wrong", ["strange", "order", "missing"])
def test_the_comparison_sees_a_wrong_feed(wrong: str) -> None:
    made = etree.fromstring(datex2.table(town(LOT)))
    record = next(made.iter("{http://datex2.eu/schema/3/parking}parkingRecord"))
    if wrong == "strange":
        record.append(etree.Element("{http://datex2.eu/schema/3/parking}vacancies"))
    elif wrong == "order":
        record.append(record[0])
    else:
        record.remove(record[-1])
    assert len(list(problems(made))) >= 1
