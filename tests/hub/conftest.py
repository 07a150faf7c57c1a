"""A database for each test, once on SQLite and once on a real PostgreSQL."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
import psycopg
import pytest
from argon2 import PasswordHasher
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import make_url

from hub import app, setup
from hub.account.api import guard
from hub.account.api.hashing import Hasher
from hub.account.api.throttle import Throttle
from hub.core import events
from hub.core.db import Base, Database
from hub.settings import Settings
from tests import ready
from tests.servers import free_port, wait_for_port

app.load_tables()


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    sentence = "PostgreSQL is not installed (Debian package postgresql); this test needs it"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cheap password hash and a fresh throttle, so that tests take milliseconds."""
    hasher, throttle = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)), Throttle()
    monkeypatch.setattr(guard, "current_hasher", lambda: hasher)
    monkeypatch.setattr(guard, "current_throttle", lambda: throttle)


class _Compiled(BytecodeCache):
    """Templates that some application of this process has compiled."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Every application of the tests takes templates that another one has compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flask.Flask, "jinja_options", {"bytecode_cache": _Compiled()})
        yield


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of an own PostgreSQL server on a free loopback port."""
    programs = _postgres_programs()
    directory = Path(tempfile.mkdtemp(prefix="stadtknoten-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(directory, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data, port = directory / "data", free_port()
    subprocess.run(
        [*as_user, programs / "initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = ["-p", str(port), "-k", str(directory), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    server = subprocess.Popen(
        [*as_user, programs / "postgres", "-D", data, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        assert wait_for_port(port)
        url = f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        _wait_until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server that ends with the session."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str) -> str:
    """The address of a database on that server which has every table."""
    _order(postgres_url, "CREATE DATABASE tables")
    url = make_url(postgres_url).set(database="tables").render_as_string(hide_password=False)
    setup.migrate(Settings(database_url=url))
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """The two kinds that the hub knows."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, kind_of_database: str, tmp_path: Path) -> str:
    """The address of a database of either kind that has every table and no row."""
    if kind_of_database == "sqlite":
        settings = Settings(database_url=f"sqlite:///{tmp_path / 'hub.db'}")
        ready.migrate(settings)
        return settings.database
    url: str = request.getfixturevalue("postgres_tables")
    _empty(url)
    return url


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, kind_of_database: str, tmp_path: Path) -> str:
    """The address of a database of either kind without any table."""
    if kind_of_database == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    server: str = request.getfixturevalue("postgres_url")
    name = f"test_{secrets.token_hex(6)}"
    _order(server, f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _wait_until_it_answers(url: str) -> None:
    for _ in range(120):  # the port is open before the server has started
        with contextlib.suppress(psycopg.OperationalError):
            return _order(url)
        time.sleep(0.25)
    raise AssertionError("PostgreSQL did not start within 30 s")


def _order(url: str, *statements: str) -> None:
    """Statements outside of any transaction, with every trigger silent."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True, options="-c session_replication_role=replica") as connection:
        for statement in statements:
            connection.execute(statement)


def _empty(url: str) -> None:
    """Deletes every row and starts every number anew: much quicker than to make the tables again."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    names = [table.name for table in Base.metadata.sorted_tables]
    full = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
    counted = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
    with psycopg.connect(plain) as connection:
        deletes = [f"DELETE FROM {name}" for (name,) in connection.execute(full).fetchall()]
        restarts = [f"ALTER SEQUENCE {name} RESTART" for (name,) in connection.execute(counted).fetchall()]
    _order(url, *deletes, *restarts)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with every table and the hub's own event wiring."""
    made = Database(database_url)
    events.wire(app.EVENTS)
    yield made
    made.close()
