"""What ends with a session, a recovery or a new password, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from hub.account import api as account
from hub.account.api import registration, retention
from hub.account.api.codes import RECOVER, RESET, Granted
from hub.app import create_app
from hub.core import clock, events
from hub.core.db import Base, Database
from hub.openid import api
from hub.openid import store as openid_store
from hub.openid.web import ground
from hub.settings import Settings
from tests.hub.account.desk import register
from tests.hub.openid.service import CALLBACK, Service, log_in

HOUR = 3_600_000
MAIL = "rosa@example.org"


class House:
    """A service and Rosa's browser; the service has one log-in for the session and one that stays."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.database, self.person = database, register(database, MAIL, None, now=clock.now_ms())
        self.secret = app.extensions["settings"].secret()
        self.token = log_in(database, client := app.test_client(), MAIL)
        back = "https://pool.example/backchannel"
        made = database.write(lambda s: api.add_client(s, "Bad", [CALLBACK], [], back, clock.now_ms()))
        self.service = Service(client, made)
        self.short = self.service.exchange(self.service.code()).json
        self.long = self.service.exchange(self.service.code(scope="openid offline_access")).json

    def tidy(self, later: int) -> None:
        self.database.write(lambda s: retention.tidy(s, clock.now_ms() + later))

    def told(self) -> int:
        """How many log-outs wait for the service."""
        with self.database.read() as session:
            count: int = session.execute(
                text("SELECT count(*) FROM core_job WHERE kind = 'openid logout'")
            ).scalar_one()
            return count

    def errors(self) -> list[str | None]:
        """How refreshing goes, of the short one and of the one that stays."""
        return [self.service.refresh(one["refresh_token"]).json.get("error") for one in (self.short, self.long)]


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    app = create_app(Settings(state_dir=tmp_path, database_url=database_url))
    yield House(app, database)
    events.wire({})
    database.close()
    app.extensions["database"].close()


@pytest.mark.parametrize("later", [2 * HOUR, 13 * HOUR], ids=["nobody used it", "it ran out"])
def test_a_refresh_token_lasts_as_long_as_the_session(
    house: House, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    """Also before anybody tidied."""
    moment = clock.now_ms() + later
    monkeypatch.setattr(ground, "now", lambda: moment)
    assert house.errors() == ["invalid_grant", None]


def test_while_the_session_lives_both_may_be_refreshed(house: House) -> None:
    assert house.errors() == [None, None]


@pytest.mark.parametrize("later", [2 * HOUR, 13 * HOUR], ids=["nobody used it", "it ran out"])
def test_a_session_that_is_over_is_told_to_services_once(house: House, later: int) -> None:
    house.tidy(later - 60_000 if later == 2 * HOUR else HOUR)
    assert house.told() == 0
    house.tidy(later)
    told = house.told()
    assert told >= 1
    house.tidy(later + HOUR)
    assert house.told() == told
    assert house.service.userinfo(house.short["access_token"]).status_code == 401
    assert house.errors() == ["invalid_grant", None]


def test_another_log_in_swallows_no_ending(house: House) -> None:
    """Opening a session used to forget those that were over, and nobody heard of it."""
    proof = account.Proof(house.person, frozenset({"pwd"}))
    house.database.write(lambda s: account.sessions.open_session(s, proof, clock.now_ms() + 13 * HOUR))
    house.tidy(13 * HOUR)
    assert house.told() >= 1


@pytest.mark.parametrize("purpose", [RECOVER, RESET])
def test_after_a_recovery_or_a_reset_nothing_of_before_goes_on(house: House, purpose: str) -> None:
    granted = Granted(purpose, MAIL, house.person)

    def work(session) -> None:
        registration.start(session, granted, "ticket", "", "de", clock.now_ms(), registration.PASSWORD)
        if purpose == RESET:
            account.secrets.set_password(session, house.person, "hash", clock.now_ms())

    house.database.write(work)
    assert house.errors() == ["invalid_grant", "invalid_grant"]
    assert house.told() >= 1


def test_old_keys_are_deleted_and_those_in_use_never(house: House) -> None:
    keys, now = api.Keys(house.database, house.secret), clock.now_ms()
    first = keys.public(now)[0]["kid"]
    for day in range(0, 400, 3):
        moment = now + day * 24 * HOUR
        keys.sign({}, moment)
        before = keys.public(moment), keys.signing(moment).kid
        house.database.write(lambda s, moment=moment: api.tidy(s, moment))
        assert (keys.public(moment), keys.signing(moment).kid) == before
    with house.database.read() as session:
        left = [row.kid for row in openid_store.keys(session)]
    assert len(left) <= 2
    assert first not in left


def test_a_new_password_ends_what_was_to_stay(house: House) -> None:
    house.database.write(lambda s: account.secrets.set_password(s, house.person, "hash", clock.now_ms()))
    assert house.errors() == ["invalid_grant", "invalid_grant"]
    with house.database.read() as session:
        assert openid_store.consent(session, house.person, house.service.facts.client_id) is not None
