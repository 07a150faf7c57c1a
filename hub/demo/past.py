"""The demo's past: what the simulated sensors would have measured before the first start, so that there is a forecast.

A process of its own, which ends after some seconds: `python -m hub.demo.past TOWN_DIR`.
"""

import os
import subprocess
import sys
from pathlib import Path

from hub.core.db import Database
from hub.parking.api import forecasts
from hub.settings import Settings


def main() -> None:
    """Fills the hours before the first measurement of each car park; does nothing where there are some."""
    os.nice(10)
    settings = Settings()
    database = Database(settings.database)
    try:
        with database.read() as session:
            if forecasts.knows_hours(session):
                return
        command = [sys.executable, "-m", "edge.simulation.history", "--town", str(Path(sys.argv[1]))]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        forecasts.import_hours(database, made.stdout.splitlines())
    finally:
        database.close()


if __name__ == "__main__":
    main()
