"""schemathesis asks a running hub everything that the OpenAPI document allows and forbids, and finds nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.clock import now_ms
from hub.core.web.system import OPENAPI
from hub.parking.api import cameras
from hub.payments.api import machines
from hub.till.api import tills, town_of
from tests.hub.openid.running import Provider, Visitor, running
from tests.servers import wait_for_port
from tests.spine.processes import Process

pytestmark = [pytest.mark.process, pytest.mark.thorough]

# A code that fits its description is still none of ours, and a moment may be long ago: a clear 400 is right there.
GUESSES = ("/oauth/token", "/oauth/par", "/api/fleet/enrol", "/api/fleet/renew", "/api/parking/v1/camera-events")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Provider]:
    """Web, worker and the live server, where the stream is."""
    with running(tmp_path / "hub") as provider:
        live = Process(["-m", "hub", "serve", "--only", "live"], provider.environment)
        try:
            assert wait_for_port(provider.settings.live_port)
            yield provider
        finally:
            live.stop()


def configuration(hub: Provider) -> str:
    """Secrets for the three schemes of the document, and what may be refused."""
    service = hub.add_client()
    machine = hub.database.write(lambda session: machines.add(session, "pool-gate", "pool", 10_000, now_ms()))
    camera = hub.database.write(lambda session: cameras.add_camera(session, "thermarium", "gate", now_ms()))[1]
    till = hub.database.write(
        lambda session: tills.add(session, town_of(hub.settings.town_dir), "pool-1", "pool", "cli", now_ms())
    )
    token = Visitor(hub).log_in().tokens(service)["access_token"]
    lines = [
        "max-stream-events = 1",
        f'[auth.openapi.clientSecret]\nusername = "{service.client_id}"\npassword = "{service.client_secret}"',
        f'[auth.openapi.accessToken]\nbearer = "{token}"',
        f'[auth.openapi.machine]\nbearer = "{machine}"',
        f'[auth.openapi.camera]\nbearer = "{camera}"',
        f'[auth.openapi.till]\nbearer = "{till}"',
    ]
    lines += [
        f'[[operations]]\ninclude-path = "{path}"\nchecks.positive_data_acceptance.expected-statuses = ["2xx", "400"]'
        for path in GUESSES
    ]
    return "\n".join(lines) + "\n"


def test_schemathesis_finds_nothing(hub: Provider, tmp_path: Path) -> None:
    file = tmp_path / "schemathesis.toml"
    file.write_text(configuration(hub))
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(file), "run"]
    options = ["--checks", "all", "--max-examples", "60", "--seed", "7", "--continue-on-failure"]
    done = subprocess.run(
        [*command, str(OPENAPI), "--url", hub.url, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    document = json.loads(OPENAPI.read_text())
    operations = sum(len(methods) for methods in document["paths"].values())
    assert f"Tested: {operations}" in done.stdout, done.stdout[-2000:]
    assert "Authentication" not in done.stdout, "the secrets of the configuration were right"
