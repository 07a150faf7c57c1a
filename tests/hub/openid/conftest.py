"""One running provider for all black-box tests."""

from collections.abc import Iterator

import pytest

from tests.hub.openid.running import Provider, Service, Visitor, running


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running(tmp_path_factory.mktemp("provider")) as made:
        yield made


@pytest.fixture
def service(provider: Provider) -> Service:
    """A service that nobody connected yet."""
    return provider.add_client()


@pytest.fixture
def rosa(provider: Provider) -> Visitor:
    """Rosa's browser, logged in."""
    return Visitor(provider).log_in()
