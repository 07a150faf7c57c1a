"""The fake push service."""

from collections.abc import Iterator

import pytest

from tests.hub.push.phones import Phones, push_service


@pytest.fixture(scope="session")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    with push_service(tmp_path_factory.mktemp("push")) as phones:
        yield phones


@pytest.fixture
def phones(running_service: Phones, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """The service, trusted by this process."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running_service.certificate))
    return running_service
