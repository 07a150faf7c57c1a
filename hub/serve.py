"""The hub's long-running processes: web, live, worker, ingest, and all of them under one supervisor."""

import signal
import threading

from hub.core import broker, clock
from hub.core.notify import Notifier, answering
from hub.core.supervisor import Program, Supervisor
from hub.environment import current_environment
from hub.settings import Settings

WEB_THREADS = 32  # most of them wait for a commit that they share
JOBS_SECONDS = 5.0  # so long a job may go on after SIGTERM; then its lease ends and it is run again


def web(settings: Settings) -> int:
    """Flask on granian's WSGI server."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "hub.app:create_web",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=WEB_THREADS,
        backpressure=1000,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_access=False,
        log_level=LogLevels.error,
        websockets=False,
    )
    Notifier().follow(answering(settings.host, settings.port))
    server.serve()
    return 0


def live(settings: Settings) -> int:
    """Parking's snapshot on granian's ASGI server; it needs nothing else of the hub, so it does without `hub.app`."""
    from hub.core.db import Database
    from hub.live import asgi
    from hub.parking import api as parking

    database = Database(settings.database)

    def snapshot() -> bytes:
        with database.read() as session:
            return parking.snapshot(session, clock.now_ms())

    Notifier().follow(answering(settings.host, settings.live_port))
    asgi.run(settings, snapshot)
    return 0


def worker(settings: Settings) -> int:
    """Jobs in a thread beside the schedules: bulletin to the nodes, hourly figures, deletion dates."""
    from hub.app import runner
    from hub.core import schedule
    from hub.core.db import Database
    from hub.rounds import tasks

    stop, database = threading.Event(), Database(settings.database)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    certificates = broker.Certificates(settings.broker_ca_file, settings.broker_cert_file, settings.broker_key_file)
    client = broker.client(settings.broker_url, "stadtknoten-worker", certificates)
    client.connect_async(*broker.address(settings.broker_url))
    client.loop_start()

    def publish(topic: str, payload: bytes, retain: bool) -> bool:
        return client.is_connected() and client.publish(topic, payload, qos=1, retain=retain).rc == 0

    jobs = threading.Thread(target=runner(settings, database).run, args=(stop,), name="jobs", daemon=True)
    jobs.start()
    notifier = Notifier()
    notifier.ready()
    try:
        schedule.run(tasks(settings, database, publish), stop, clock.now_ms, notifier.alive)
    finally:
        stop.set()
        jobs.join(JOBS_SECONDS)
        client.disconnect()
        client.loop_stop()
    return 0


def ingest(settings: Settings, worker: int = 0) -> int:
    """Stores what the nodes send."""
    from hub import intake

    intake.run(settings, worker)
    return 0


PARTS = {"web": web, "live": live, "worker": worker}


def everything(settings: Settings) -> int:
    """All parts as processes under one supervisor; ingest too when the broker is the embedded one."""
    environment = current_environment()
    programs = [Program(part, ("-m", "hub", "serve", "--only", part), environment) for part in PARTS]
    if broker.is_embedded(settings.broker_url):
        programs.insert(0, Program("ingest", ("-m", "hub", "ingest"), environment))
    supervisor = Supervisor(programs)
    supervisor.start()
    supervisor.run()
    return 0
