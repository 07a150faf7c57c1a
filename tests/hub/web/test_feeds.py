"""Open data: what stands in the feeds, who may read them, how they are cached, and that nobody's data is in them."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from flask.testing import FlaskClient
from lxml import etree

from hub import app as wiring
from hub.core.clock import now_ms
from hub.parking.api import feeds
from hub.parking.rules.feeds import LICENCE_URL, iso

PATHS = sorted(feeds.FORMATS)
JSON_PATHS = [path for path in PATHS if "json" in path]
NAMES = {
    "prk": "http://datex2.eu/schema/3/parking",
    **{"com": "http://datex2.eu/schema/3/common", "fac": "http://datex2.eu/schema/3/facilities"},
}
SITES = json.loads((Path(wiring.__file__).parent / "data/bad_rappenau/sites.json").read_text())["sites"]


def xml(client: FlaskClient, name: str, version: str = "v3") -> etree._Element:
    return etree.fromstring(client.get(f"/feeds/datex2/{version}/{name}.xml").data)


@pytest.mark.parametrize("path", JSON_PATHS)
def test_answers_have_the_described_form(client: FlaskClient, path: str, report: Callable[[str, str], None]) -> None:
    report("thermarium-001", "free")
    document = json.loads(client.get("/api/openapi.json").data)
    (content,) = document["paths"][f"/feeds/{path}"]["get"]["responses"]["200"]["content"].items()
    answer = client.get(f"/feeds/{path}")
    assert answer.mimetype == content[0]
    jsonschema.validate(json.loads(answer.data), {**content[1]["schema"], "components": document["components"]})


def test_every_feed_is_described_and_shown_on_the_page_with_the_licence(client: FlaskClient) -> None:
    described = json.loads(client.get("/api/openapi.json").data)["paths"]
    for language in ("de", "en"):
        page = client.get(f"/daten?lang={language}").text
        assert LICENCE_URL in page
        for path in PATHS:
            assert f"/feeds/{path}" in described
            assert f'href="/feeds/{path}"' in page


@pytest.mark.parametrize("path", PATHS)
def test_feeds_may_be_kept_for_a_minute_and_read_from_any_page(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/feeds/{path}")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Link"] == f'<{LICENCE_URL}>; rel="license"'
    assert now_ms() / 1000 - answer.last_modified.timestamp() < 180
    assert "Set-Cookie" not in answer.headers
    asked = client.options(f"/feeds/{path}")
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_the_etag_saves_the_second_answer_until_something_changes(
    client: FlaskClient, report: Callable[[str, str], None]
) -> None:
    address = "/feeds/parkapi/v3/sites.json"
    report("thermarium-002", "free")
    first = client.get(address)
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(address, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    report("thermarium-002", "occupied")
    assert client.get(address, headers=known).status_code == 200


def test_an_unknown_feed_is_not_found(client: FlaskClient) -> None:
    assert client.get("/feeds/parkapi/v4/sites.json").status_code == 404


def test_all_feeds_say_the_same_of_a_car_park(client: FlaskClient, report: Callable[[str, str], None]) -> None:
    for bay, state in (("rathaus-001", "free"), ("rathaus-002", "occupied"), ("rathaus-003", "free")):
        report(bay, state)
    site = next(one for one in client.get("/feeds/parkapi/v3/sites.json").json["items"] if one["uid"] == "rathaus")
    lot = next(one for one in client.get("/feeds/parkendd/v1.json").json["lots"] if one["id"] == "rathaus")
    found = json.loads(client.get("/feeds/parking.geojson").data)["features"]
    point = next(one["properties"] for one in found if one["id"] == "rathaus")
    said = xml(client, "status").xpath(
        "//prk:parkingRecordStatus[prk:parkingRecordReference/@id='rathaus']//prk:parkingNumberOfVacantSpaces/text()",
        namespaces=NAMES,
    )
    placed = xml(client, "status", "v3.6").xpath(
        "//prk:parkingStatusInformation[fac:reference/@id='rathaus']//prk:numberOfVacantSpaces/text()", namespaces=NAMES
    )
    assert (site["realtime_free_capacity"], site["realtime_capacity"], site["capacity"]) == (2, 3, 45)
    assert (lot["free"], lot["state"], lot["total"]) == (2, "open", 45)
    assert (point["free"], point["occupied"], point["without_data"]) == (2, 1, 42)
    assert said == placed == ["2"]
    assert site["realtime_data_updated_at"] == point["updated_at"]


def test_what_nobody_knows_is_not_said_to_be_full_or_free(client: FlaskClient) -> None:
    site = next(one for one in client.get("/feeds/parkapi/v3/sites.json").json["items"] if one["uid"] == "schlosspark")
    lot = next(one for one in client.get("/feeds/parkendd/v1.json").json["lots"] if one["id"] == "schlosspark")
    status = xml(client, "status").xpath(
        "//prk:parkingRecordStatus[prk:parkingRecordReference/@id='schlosspark']", namespaces=NAMES
    )[0]
    assert site["has_realtime_data"] is False
    assert not {name for name in site if name.startswith("realtime")}
    assert (lot["state"], "free" in lot) == ("nodata", False)
    assert status.findtext("prk:parkingSiteOpeningStatus", namespaces=NAMES) == "statusUnknown"
    assert status.find("prk:parkingOccupancy", NAMES) is None


def test_the_table_names_every_car_park_with_its_place_and_size(client: FlaskClient) -> None:
    table = xml(client, "table")
    records = table.findall(".//prk:parkingRecord", NAMES)
    assert [record.get("id") for record in records] == [site["id"] for site in SITES]
    assert table.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "prk:ParkingTablePublication"
    sizes = [int(record.findtext("prk:parkingNumberOfSpaces", namespaces=NAMES)) for record in records]
    assert sizes == [site["capacity"] for site in SITES]
    assert LICENCE_URL in table.findtext("com:feedDescription/com:values/com:value", namespaces=NAMES)


def test_the_children_of_a_record_come_in_the_order_of_the_model(client: FlaskClient) -> None:
    order = [
        *("parkingName", "parkingDescription", "parkingRecordVersionTime", "parkingNumberOfSpaces"),
        *("maximumParkingDuration", "urlLinkAddress", "operator", "parkingLocation", "tariffsAndPayment"),
        *("groupOfParkingSpaces", "parkingUsageScenario", "urbanParkingSiteType"),
    ]
    for record in xml(client, "table").findall(".//prk:parkingRecord", NAMES):
        names = [etree.QName(child).localname for child in record]
        assert names == sorted(names, key=order.index)


def test_every_bay_is_a_spot_of_its_car_park(client: FlaskClient, report: Callable[[str, str], None]) -> None:
    report("stadtcarre-001", "occupied")
    spots = client.get("/feeds/parkapi/v3/spots.json").json["items"]
    assert len(spots) == sum(site["capacity"] for site in SITES)
    spot = next(one for one in spots if one["uid"] == "stadtcarre-001")
    assert (spot["realtime_status"], spot["parking_site_uid"]) == ("TAKEN", "stadtcarre")
    assert spot["realtime_data_updated_at"] <= iso(now_ms())
