"""The state's own reader takes our feeds without an error, with measurements and without."""

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import wire
from hub import app, intake, setup
from hub.core import clock, events
from hub.core.db import Database
from hub.ingest import api as ingest
from hub.settings import Settings
from tests import ready
from tests.hub.parking.feeds import environment

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]
FILES = ("parkapi/v3/sites.json", "parkapi/v3/spots.json", "datex2/v3/table.xml", "datex2/v3/status.xml")


@pytest.fixture(scope="module", params=["nothing measured", "measured"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The town's feeds as files, and what the hub says of itself in sites.geojson's words."""
    made = tmp_path_factory.mktemp("feeds")
    settings = Settings(state_dir=made)
    ready.migrate(settings)
    setup.seed(settings)
    web = app.create_app(settings)
    if request.param == "measured":
        report_all(web.extensions["database"])
    for file in (*FILES, "parking.geojson"):
        (made / Path(file).name).write_bytes(web.test_client().get(f"/feeds/{file}").data)
    yield made
    events.wire({})
    web.extensions["database"].close()


def report_all(database: Database) -> None:
    """Every bay but those of one car park says something."""
    chance, now = random.Random(1), clock.now_ms()
    known = intake.known_senders(database)
    bays = [(node, bay) for node, found in known.items() for bay in sorted(found) if not bay.startswith("schlosspark")]
    batch = [
        ingest.Incoming(
            f"node/v1/{node}/bay",
            json.dumps(
                {
                    **{"v": 1, "outbox": f"b{index:04d}", "seq": 1, "ts": wire.format_ms(now)},
                    **{"bay": bay, "state": chance.choice(("free", "occupied", "faulty"))},
                }
            ).encode(),
            now,
        )
        for index, (node, bay) in enumerate(bays)
    ]
    database.write(ingest.Batch(batch, known, now).store)


@pytest.fixture(scope="module")
def read(directory: Path) -> dict:
    """What the package made of the files."""
    script = Path(__file__).with_name("convert.py")
    command = [environment.interpreter(), "-P", str(script), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def said(directory: Path) -> dict[str, dict]:
    """car park -> its properties in our GeoJSON."""
    features = json.loads((directory / "parking.geojson").read_text())["features"]
    return {feature["id"]: feature["properties"] for feature in features}


def test_every_car_park_is_read_without_an_error(read: dict, said: dict[str, dict]) -> None:
    assert read["sites"]["errors"] == []
    assert read["sites"]["static"] == len(said) == 16
    assert read["sites"]["realtime"] == sum(one["updated_at"] is not None for one in said.values())
    assert read["sites"]["first"]["name"] == said["thermarium"]["name"]


def test_every_bay_is_read_without_an_error(read: dict, said: dict[str, dict]) -> None:
    assert read["spots"] == {"count": sum(one["capacity"] for one in said.values()), "errors": []}


def test_the_reader_of_datex2_v3_finds_the_same_numbers(read: dict, said: dict[str, dict]) -> None:
    """Only the newest package has that reader; on Python 3.11 there is nothing to compare with."""
    if read["version"].startswith("0.24."):
        assert read["datex2"] is None
        return
    assert read["datex2"]["capacities"] == {site: one["capacity"] for site, one in said.items()}
    assert read["datex2"]["free"] == {site: one["free"] for site, one in said.items() if one["free"] is not None}
