"""Commands: parking."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hub.commands import settings_of_environment

if TYPE_CHECKING:
    from hub.commands import Commands


def add(commands: "Commands") -> None:
    """parking."""
    _add_parking(commands.add_parser("parking", help="what a stay costs, and how good the forecast is"))


def _add_parking(parking: argparse.ArgumentParser) -> None:
    actions = parking.add_subparsers(required=True, metavar="ACTION", dest="action")
    price = actions.add_parser("price", help="the price of a stay in cents, and how it comes about")
    price.add_argument("--tariff", required=True, metavar="NAME|FILE", help="a shipped tariff, or a JSON file")
    price.add_argument("--from", dest="start", required=True, metavar="ISO", help="2026-12-24T14:30 (Europe/Berlin)")
    price.add_argument("--to", dest="end", required=True, metavar="ISO")
    price.add_argument("--exempt", choices=("resident", "disabled", "ev"))
    price.add_argument("--used-free-minutes", type=int, default=0, metavar="N", help="used before on the first day")
    price.add_argument("--language", choices=("de", "en"), default="de", help="of the derivation (default de)")
    price.add_argument("--json", action="store_true", help='print {"cents": n, "lines": [...]}')
    price.set_defaults(run=_parking)
    camera = actions.add_parser("add-camera", help="a camera at an entrance or exit; prints its key once")
    camera.add_argument("--site", required=True, help="the car park, as in the town's data")
    camera.add_argument("--name", default="", help="default: the car park and a number; a known name gets a new key")
    camera.add_argument("--json", action="store_true", help='print {"name": ..., "site": ..., "key": ...}')
    camera.set_defaults(run=_camera)
    over = actions.add_parser("end-camera", help="its key opens nothing any more")
    over.add_argument("name")
    over.set_defaults(run=_camera)
    actions.add_parser("cameras", help="every camera and what it counted in a day").set_defaults(run=_camera)
    _add_permits(actions.add_parser("permits", help="permits of residents and disabled people"))
    _add_forecast(actions.add_parser("forecast", help="how good the forecast of free bays is"))


def _parking(chosen: argparse.Namespace) -> int:
    from hub.parking.api import tariffs

    found = tariffs.quote(
        chosen.tariff,
        chosen.start,
        chosen.end,
        exempt=chosen.exempt,
        used_free_minutes=chosen.used_free_minutes,
        language=chosen.language,
    )
    if chosen.json:
        print(json.dumps({"cents": found.cents, "lines": list(found.lines)}, ensure_ascii=False))
    else:
        print(found.cents, *found.lines, sep="\n")
    return 0


def _camera(chosen: argparse.Namespace) -> int:
    from hub.setup import parking

    if hasattr(chosen, "site"):
        print(parking.add_camera(settings_of_environment(), chosen.site, chosen.name, as_json=chosen.json))
    elif hasattr(chosen, "name"):
        print(parking.end_camera(settings_of_environment(), chosen.name))
    else:
        print(parking.listed_cameras(settings_of_environment()))
    return 0


def _add_permits(permits: argparse.ArgumentParser) -> None:
    actions = permits.add_subparsers(required=True, metavar="ACTION", dest="action")
    taken = actions.add_parser("import", help="take over permits; a known one gets its new end, nothing else changes")
    taken.add_argument("file", type=Path, metavar="FILE.csv", help="columns plate,kind,site,until (2027-12-31)")
    taken.set_defaults(run=_import_permits)


def _import_permits(chosen: argparse.Namespace) -> int:
    from hub.setup import parking

    print(f"{parking.import_permits(settings_of_environment(), chosen.file)} permits taken over")
    return 0


def _add_forecast(forecast: argparse.ArgumentParser) -> None:
    actions = forecast.add_subparsers(required=True, metavar="ACTION", dest="action")
    evaluate = actions.add_parser("evaluate", help="mean absolute error on held-out weeks, beside two simple rules")
    evaluate.add_argument("file", type=Path, metavar="FILE.csv", help="columns site,ts,occupied; ts in ISO 8601")
    evaluate.add_argument("--json", action="store_true", help='print {"sites": {...}, "overall": {...}}')
    evaluate.set_defaults(run=_evaluate_forecast)
    learn = actions.add_parser(
        "import", help="take over hours measured before this hub, for the forecast to learn from"
    )
    learn.add_argument("file", type=Path, metavar="FILE.csv", help="columns site,ts,occupied; ts in ISO 8601")
    learn.set_defaults(run=_import_hours)


def _evaluate_forecast(chosen: argparse.Namespace) -> int:
    from hub.parking.api import forecasts

    found = forecasts.evaluate(chosen.file)
    print(json.dumps(found) if chosen.json else forecasts.text(found))
    return 0


def _import_hours(chosen: argparse.Namespace) -> int:
    from hub.setup import parking

    print(f"{parking.import_hours(settings_of_environment(), chosen.file)} hours taken over")
    return 0
