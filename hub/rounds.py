"""What the worker does again and again: a part of the wiring in `hub.app`."""

import itertools
from collections.abc import Callable
from functools import partial

from edge import wire
from hub.account.api import retention as account_over
from hub.app import alert_senders, purse_of
from hub.bulletin import api as bulletin
from hub.core import clock
from hub.core.db import Database
from hub.core.schedule import Task
from hub.core.signing import Signer
from hub.fleet import api as fleet
from hub.fleet.api import rollouts
from hub.ingest import api as ingest
from hub.operations import api as operations
from hub.parking import api as parking
from hub.parking.api import stays, wishes
from hub.parking.api.forecasts import Forecasts
from hub.push import api as push
from hub.settings import Settings

Publish = Callable[[str, bytes, bool], bool]

_FIRST_WORD_MS = 3 * 60_000  # within this time every living node has sent a status
_ROUNDS = 60  # so often the worker tidies before it has seen every bay


def _looking_after_stays(settings: Settings, database: Database) -> Callable[[int], None]:
    purse, patience = purse_of(settings), stays.patience(settings.parking_grace_s, settings.parking_objection_s)

    def look(now: int) -> None:
        with database.read() as session:
            bays = stays.bays_of_open(session, parking.bays(session, now))
        if bays is not None:
            database.write(lambda session: stays.tick(session, purse, bays, now, patience))

    return look


def _looking_after_wishes(database: Database) -> Callable[[int], None]:
    def look(now: int) -> None:
        with database.read() as session:
            due = wishes.due(session, parking.sites(session, now), now) if wishes.has_any(session, now) else []
        if due:
            database.write(lambda session: wishes.answer(session, due, now))

    return look


def certificate_places(settings: Settings) -> fleet.Places:
    """Where the hub's own certificates are seen."""
    authority, own = settings.authority_dir / "ca.crt", settings.broker_cert_file
    pair = (own, settings.broker_key_file) if own is not None and settings.broker_key_file is not None else None
    files = {"authority": authority} | ({"hub": own} if own is not None else {})
    return fleet.Places({"broker": settings.broker_url, "web": settings.public_url}, files, authority, pair)


def _looking_at_certificates(
    settings: Settings, database: Database, channels: tuple[str, ...]
) -> Callable[[int], None]:
    places = certificate_places(settings)

    def look(now: int) -> None:
        seen = fleet.look_at_certificates(places)
        database.write(lambda session: fleet.keep_own(session, seen, places.names, channels, now))

    return look


def tasks(settings: Settings, database: Database, publish: Publish) -> list[Task]:
    """What the worker does and how often."""
    exporter = ingest.open_exporter(database, settings.timeseries_url)
    publisher = bulletin.Publisher(publish)

    def publish_bulletin(now: int) -> None:
        with database.read() as session:
            sites = parking.sites(session, now)
            body = bulletin.compose(session, sites, settings.public_url, now, demo=settings.demo)
        publisher.offer(body, now)

    def sum_up_parking(now: int) -> None:
        with database.read() as session:
            sums = parking.sum_up(session, now)
        if sums.marks:
            database.write(partial(parking.keep_sums, sums=sums))

    def export(now: int) -> None:
        if exporter is not None:
            exporter.run(now)

    signer = Signer(settings.grant_key())

    def hand_on_visitors(now: int) -> None:
        with database.read() as session:
            if not fleet.has_grants(session):
                return
        for node, granted in database.write(partial(fleet.take_grants, now=now)).items():
            sealed = signer.sealed({"node": node, "ts": now, "grants": granted})
            publish(wire.down(node, "grant"), wire.encode("grant", sealed), False)

    senders = alert_senders(settings)

    def send_notices(now: int) -> None:
        fleet.send_notices(database, senders, now)

    releases = rollouts.Releases(settings.stored_releases_dir, settings.release_key)

    def turn_rollout(now: int) -> None:
        rollouts.turn_rollout(database, publish, releases, settings.public_url, tuple(senders), now)

    began = clock.now_ms()

    def look_after_nodes(now: int) -> None:
        if now - began < _FIRST_WORD_MS:  # after a break of the hub every node would seem silent
            return
        with database.read() as session:
            overdue = ingest.overdue(session, now)
        database.write(partial(fleet.judge_nodes, overdue=overdue, channels=tuple(senders), now=now))

    def tidy(now: int) -> None:
        for work in (ingest.give_up_held, fleet.tidy, account_over.tidy, push.tidy):
            database.write(partial(work, now=now))
        database.write(partial(operations.tidy, now=now))
        database.write(partial(ingest.forget_old, now=now, keep_days=settings.keep_messages_days))

    forecasts = Forecasts(settings.town_dir)

    def forecast_parking(now: int) -> None:
        forecasts.turn(database, now)

    rounds = itertools.count()

    def tidy_parking(now: int) -> None:
        """Some bays at a time: the writer serves others, too."""
        with database.read() as session:
            bays = parking.bay_ids(session)
        keep = parking.Retention(settings.keep_readings_days, settings.keep_hours_days)
        some = bays[next(rounds) % _ROUNDS :: _ROUNDS]
        database.write(lambda session: parking.tidy(session, now, keep, some))

    return [
        Task("bulletin", 5, publish_bulletin),
        Task("visitors between nodes", 1, hand_on_visitors),
        Task("orders to nodes", 1, lambda now: fleet.tell(database, publish, now)),
        Task("rollouts", 2, turn_rollout),
        Task("orders told again", 60, lambda now: database.write(partial(fleet.tell_again, now=now))),
        Task("alerts of nodes", 20, look_after_nodes),
        Task("the hub's certificates", 600, _looking_at_certificates(settings, database, tuple(senders))),
        Task("notices", 5, send_notices),
        Task("parking stays", 5, _looking_after_stays(settings, database)),
        Task("parking wishes", 5, _looking_after_wishes(database)),
        Task("parking hours", 20, sum_up_parking),
        Task("parking forecasts", 2, forecast_parking),
        Task("series", 5, export),
        Task("parking history", 60, tidy_parking),
        Task("tidy", 60, tidy),
    ]
