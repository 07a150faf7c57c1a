"""The worker's part: parking fees go back."""

from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database, Session
from hub.settings import Settings
from hub.till import api


def paying(_settings: Settings, _database: Database) -> jobs.Handler:
    """The handler of `parking.PAY_JOB`; the money moves in the transaction that completes the job."""

    def pay(arguments: dict[str, Any], _context: jobs.Context) -> jobs.Effect:
        stay, now = str(arguments["stay"]), clock.now_ms()

        def give_back(session: Session) -> None:
            api.parking.pay(session, stay, now)

        return give_back

    return pay
