"""What Prometheus asks, and that every chart of the Grafana file finds its figures: with the role's own files."""

import contextlib
import json
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from edge import wire
from hub import intake, setup
from hub.core import events
from hub.core.db import Database
from hub.ingest import api as ingest
from hub.ingest.api import Incoming
from hub.parking import api as parking
from hub.settings import Settings
from tests import ready
from tests.ansible import rendered
from tests.servers import free_port, program, wait_for_port
from tests.spine.processes import Process

DASHBOARD = json.loads((rendered.ROLES / "hub/files/grafana/stadtknoten.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def asked(port: int, expression: str) -> list[dict[str, object]]:
    query = urlencode({"query": expression})
    with urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=10) as answer:
        return list(json.loads(answer.read())["data"]["result"])


def measure_one_bay(settings: Settings) -> None:
    now = time.time_ns() // 1_000_000
    with contextlib.closing(Database(settings.database)) as database:
        bay = database.write(parking.bay_ids)[0]
        node = next(one.node for one in database.write(lambda session: parking.bays(session, now)) if one.id == bay)
        body = {"outbox": "aa", "seq": 1, "ts": wire.format_ms(now), "bay": bay, "state": "occupied"}
        message = Incoming(f"node/v1/{node}/bay", json.dumps(body).encode(), now)
        events.wire(intake.EVENTS)
        database.write(ingest.Batch([message], intake.known_senders(database), now).store)


@pytest.mark.process
def test_every_chart_finds_figures_when_a_real_server_of_series_asks_the_hub(tmp_path: Path) -> None:
    port, series = free_port(), free_port()
    settings = Settings(state_dir=tmp_path / "hub", port=port)
    ready.migrate(settings)
    setup.seed(settings)
    measure_one_bay(settings)
    scrape = rendered.render("hub", "prometheus.yml.j2").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    (tmp_path / "prometheus.yml").write_text(scrape.replace("scrape_interval: 30s", "scrape_interval: 1s"))
    environment = {"HUB_STATE_DIR": str(settings.state_dir), "HUB_PORT": str(port)}
    hub = Process(["-m", "hub", "serve", "--only", "web"], environment)
    command = [program("victoria-metrics", "victoria-metrics"), f"-httpListenAddr=127.0.0.1:{series}"]
    command += [f"-storageDataPath={tmp_path / 'series'}", f"-promscrape.config={tmp_path / 'prometheus.yml'}"]
    server = subprocess.Popen(
        [*command, "-search.latencyOffset=0s"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert wait_for_port(port)
        assert wait_for_port(series)
        deadline = time.monotonic() + 60
        while missing := [expression for expression in EXPRESSIONS if not asked(series, expression)]:
            assert time.monotonic() < deadline, missing
            time.sleep(1)
        states = {row["metric"]["state"] for row in asked(series, "stadtknoten_nodes")}  # type: ignore[index]
        assert states == {"online", "offline", "never"}
    finally:
        server.terminate()
        server.wait(15)
        hub.stop()


def test_no_two_charts_of_the_dashboard_are_one_and_each_has_a_place() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(set(places)) == len(places)
