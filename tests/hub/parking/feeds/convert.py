"""Reads our feeds with parkapi-sources; runs under an interpreter that has nothing else: convert.py DIRECTORY.

DIRECTORY holds sites.json, spots.json, table.xml and status.xml; prints what the package made of them as JSON.
"""

import importlib.util
import json
import sys
from importlib.metadata import version
from pathlib import Path

from parkapi_sources.converters.mannheim_buchen import MannheimPushConverter
from parkapi_sources.models.parking_spot_inputs import RealtimeParkingSpotInput, StaticParkingSpotInput
from validataclass.exceptions import ValidationError
from validataclass.validators import DataclassValidator

V3 = "parkapi_sources.converters.base_converter.datex2_v3"


def sites(directory: Path) -> dict[str, object]:
    """What a city's push in the normalised form goes through: static, then realtime data of each car park."""
    converter = MannheimPushConverter.__new__(MannheimPushConverter)  # its helpers fetch things; a push needs none
    inputs, errors = converter.handle_json(json.loads((directory / "sites.json").read_text()))
    return {
        "static": sum("capacity" in one.to_dict() for one in inputs),
        "realtime": sum("realtime_data_updated_at" in one.to_dict() for one in inputs),
        "errors": [str(error) for error in errors],
        "first": inputs[0].to_dict() if inputs else None,
    }


def spots(directory: Path) -> dict[str, object]:
    """Each bay on its own, static and realtime data as with car parks: the package has no push of bays."""
    static, realtime = DataclassValidator(StaticParkingSpotInput), DataclassValidator(RealtimeParkingSpotInput)
    errors, count = [], 0
    for item in json.loads((directory / "spots.json").read_text())["items"]:
        try:
            if static.validate(item).has_realtime_data:
                realtime.validate(item)
            count += 1
        except ValidationError as error:
            errors.append(f"{item['uid']}: {error.to_dict()}")
    return {"count": count, "errors": errors}


def datex2(directory: Path) -> dict[str, object] | None:
    """The publications through the package's own reader of DATEX II v3; None where this version has none."""
    if importlib.util.find_spec(V3) is None:
        return None
    from lxml import etree
    from parkapi_sources.converters.base_converter import datex2_v3
    from parkapi_sources.util import XMLHelper

    class Table(datex2_v3.UrbanParkingSiteV3Mixin):
        xml_helper = XMLHelper()

    class Status(datex2_v3.ParkingRecordStatusV3Mixin):
        xml_helper = XMLHelper()

    table, status = Table.__new__(Table), Status.__new__(Status)
    records = table._transform_static_xml_to_static_input_dicts(etree.parse(directory / "table.xml").getroot())
    states = status._transform_realtime_xml_to_realtime_input_dicts(etree.parse(directory / "status.xml").getroot())
    made = [table.static_validator.validate(one).to_static_parking_site_input(True) for one in records]
    known = [one for one in states if "parkingOccupancy" in one]
    seen = [status.realtime_validator.validate(one).to_realtime_parking_site_input() for one in known]
    return {
        "capacities": {one.uid: one.capacity for one in made},
        "free": {one.uid: one.realtime_free_capacity for one in seen},
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    found = {"version": version("parkapi-sources"), "sites": sites(folder), "spots": spots(folder)}
    print(json.dumps({**found, "datex2": datex2(folder)}, default=str))
