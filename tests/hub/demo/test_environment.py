"""What the demonstration's processes see of the environment."""

from pathlib import Path

import pytest

from hub.demo.run import Options, Ports, make_environment


def test_of_the_hubs_settings_only_bundids_broker_reaches_the_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    options, ports = Options(8080, None, 6, 1, Path()), Ports(8080, 8081, 8082, 1883, 8083)
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://town/real")
    assert not any(name.startswith("HUB_BUNDID") for name in make_environment(options, ports))
    monkeypatch.setenv("HUB_BUNDID_ISSUER", "http://localhost:9400")
    made = make_environment(options, ports)
    assert made["HUB_BUNDID_ISSUER"] == "http://localhost:9400"
    assert "HUB_DATABASE_URL" not in made
