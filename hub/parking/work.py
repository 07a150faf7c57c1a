"""The job that pushes the car parks to the state's aggregator."""

from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database
from hub.parking.api import feeds, pushes
from hub.settings import Settings

_TRIES = 4  # they take two and a half minutes; then the next job of the schedule has newer numbers


def pushing(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `pushes.PUSH_JOB`: what is true at the moment of the try, not when the job was made."""
    house = feeds.house(settings.town_dir, settings.public_url)

    def run(_arguments: dict[str, Any], context: jobs.Context) -> None:
        if not settings.parkapi_push_url:
            return
        with database.read() as session:
            body = feeds.parkapi_sites(feeds.town_now(session, house, clock.now_ms()))
        try:
            pushes.push(settings.parkapi_push_url, settings.parkapi_push_password(), body)
        except pushes.PushFailedError as error:
            raise jobs.JobError(str(error), final=not error.again or context.attempt >= _TRIES) from None

    return run
