"""The DATEX II publications hold what their models know, in its order, with its words, and nothing else.

The schema files themselves are on no package registry that this project reaches, and their text is not ours to keep:
`datex2_facts` holds what was read in them, in words of our own, and libxml2 checks the feeds by it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.parking.api.feeds.datex2 import places, records
from hub.parking.rules.feeds import House, Lot, Town
from tests.hub.parking.feeds import datex2_facts
from tests.hub.parking.feeds.datex2_facts import SPACES

NOW = 1_800_000_000_000
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
PUBLICATIONS: Mapping[str, tuple[str, Callable[[Town], bytes]]] = {
    "places table": (datex2_facts.PLACES, places.table),
    "places status": (datex2_facts.PLACES, places.status),
    "records table": (datex2_facts.RECORDS, records.table),
    "records status": (datex2_facts.RECORDS, records.status),
}
LOT = Lot(
    **{"id": "bahnhof", "name": "P+R Bahnhof", "kind": "park_and_ride", "lat": 49.24, "lon": 9.1, "capacity": 40},
    **{"disabled": 2, "charging": 1, "free": 3, "occupied": 30, "contact": NOW - 60_000, "facts_at": NOW - 10**9},
    **{"has_fee": True, "fee": "1 € die Stunde", "max_stay_min": 120, "max_height_cm": 210, "opening_hours": "24/7"},
    **{"note": "Am Gleis", "operator": "Stadt", "region": "08125", "url": "https://hub.example/parken/bahnhof"},
)
SILENT = replace(LOT, id="see", free=0, occupied=0, contact=None)
LOTS = st.builds(
    replace,
    st.just(LOT),
    id=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from(["off_street", "on_street", "park_and_ride"]),
    disabled=st.one_of(st.none(), st.integers(0, 9)),
    charging=st.one_of(st.none(), st.integers(0, 9)),
    free=st.integers(0, 20),
    occupied=st.integers(0, 20),
    contact=st.one_of(st.none(), st.just(NOW - 60_000)),
    has_fee=st.one_of(st.none(), st.booleans()),
    fee=st.sampled_from(["", "1 €"]),
    note=st.sampled_from(["", "Am Gleis", "Lang " * 400]),
    max_stay_min=st.one_of(st.none(), st.just(120)),
    max_height_cm=st.one_of(st.none(), st.just(210)),
    opening_hours=st.sampled_from([None, "24/7", "Mo-Fr 08:00-18:00"]),
)


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, etree.XMLSchema]:
    models = (datex2_facts.PLACES, datex2_facts.RECORDS)
    return {facts: datex2_facts.schema(facts, tmp_path_factory.mktemp("datex2")) for facts in models}


def town(*lots: Lot) -> Town:
    return Town(House("Bad Rappenau", "https://hub.example"), NOW, lots, ())


def problems(schema: etree.XMLSchema, document: etree._Element) -> list[str]:
    """What is not as the model has it."""
    schema.validate(document)
    return [error.message for error in schema.error_log]


def found(document: bytes, name: str) -> Iterator[etree._Element]:
    prefix, _, plain = name.partition(":")
    return etree.fromstring(document).iter(f"{{{SPACES[prefix]}}}{plain}")


@pytest.mark.parametrize("kind", PUBLICATIONS)
@settings(max_examples=30)
@given(lots=st.lists(LOTS, min_size=1, max_size=3, unique_by=lambda one: one.id))
def test_every_publication_follows_its_model(
    schemas: Mapping[str, etree.XMLSchema], kind: str, lots: list[Lot]
) -> None:
    facts, made = PUBLICATIONS[kind]
    assert problems(schemas[facts], etree.fromstring(made(town(*lots)))) == []


@pytest.mark.parametrize("wrong", ["strange", "order", "missing", "word", "attribute", "type"])
@pytest.mark.parametrize("kind", PUBLICATIONS)
def test_the_comparison_sees_a_wrong_feed(schemas: Mapping[str, etree.XMLSchema], kind: str, wrong: str) -> None:
    facts, made = PUBLICATIONS[kind]
    document = etree.fromstring(made(town(LOT)))
    deepest = next(one for one in reversed(list(document.iter())) if one.get(TYPE, "").startswith("prk:"))
    if wrong == "strange":
        deepest.append(etree.Element(f"{{{SPACES['prk']}}}vacancies"))
    elif wrong == "order":
        deepest.append(deepest[0])
    elif wrong == "missing":
        document.remove(next(one for one in document if one.tag.endswith("publicationTime")))
    elif wrong == "word":
        next(document.iter(f"{{{SPACES['com']}}}informationStatus")).text = "echt"
    elif wrong == "attribute":
        del document.attrib["lang"]
    else:
        deepest.set(TYPE, "prk:Parkplatz")
    assert problems(schemas[facts], document) != []


@pytest.mark.parametrize(
    ("model", "target", "element", "reference"),
    [
        (places, "fac:FacilityObject", "prk:hierarchyElementGeneral", "fac:reference"),
        (records, "prk:ParkingRecord", "prk:parkingRecord", "prk:parkingRecordReference"),
    ],
)
def test_the_status_refers_to_the_car_parks_of_the_table_and_to_their_version(
    model: ModuleType, target: str, element: str, reference: str
) -> None:
    lots = (replace(LOT, disabled=None, charging=None), replace(SILENT, disabled=None, charging=None))
    table, status = model.table(town(*lots)), model.status(town(*lots))
    (listed,), (named,) = found(table, "prk:parkingTable"), found(status, "prk:parkingTableReference")
    assert dict(named.attrib) == {"targetClass": "prk:ParkingTable", **listed.attrib}
    known = [(target, one.get("id"), one.get("version")) for one in found(table, element)]
    said = list(found(status, reference))
    assert [(one.get("targetClass"), one.get("id"), one.get("version")) for one in said] == known
    assert [identifier for _, identifier, _ in known] == ["bahnhof", "see"]


def test_bays_of_a_special_kind_stand_below_their_car_park() -> None:
    document = places.table(town(LOT, replace(SILENT, disabled=0, charging=None)))
    elements = {one.get("id"): one for one in found(document, "prk:hierarchyElementGeneral")}
    assert list(elements) == ["bahnhof", "bahnhof/disabled", "bahnhof/charging", "see"]
    children = [one.get("id") for one in found(document, "prk:childId")]
    assert children == ["bahnhof/disabled", "bahnhof/charging"]
    assert [one.get("id") for one in found(document, "prk:parentId")] == ["bahnhof", "bahnhof"]
    assert [one.text for one in found(document, "prk:quantity")] == ["2", "1"]


@pytest.mark.parametrize(
    ("model", "free"), [(places, "numberOfVacantSpaces"), (records, "parkingNumberOfVacantSpaces")]
)
def test_what_is_unknown_gives_no_numbers(model: ModuleType, free: str) -> None:
    assert [one.text for one in found(model.status(town(LOT)), f"prk:{free}")] == ["3"]
    silent = model.status(town(SILENT))
    assert not list(found(silent, f"prk:{free}"))
    assert b"statusUnknown" in silent
    assert b">full<" not in silent
