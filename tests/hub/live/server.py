"""A live server whose snapshot is the content of a file; started as a process by the tests and the bench."""

import argparse
from pathlib import Path

from hub.live import asgi, rules


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--tick", type=float, default=0.05)
    parser.add_argument("--heartbeat", type=float, default=15.0)
    parser.add_argument("--send", type=float, default=10.0)
    chosen = parser.parse_args()
    pace = rules.Pace(chosen.tick, chosen.heartbeat, chosen.send)
    origins = rules.allowed_origins("http://localhost:8080")
    application = asgi.Application(chosen.file.read_bytes, origins, rules.Limits(), pace)
    asgi.run_application(application, "127.0.0.1", chosen.port)


if __name__ == "__main__":
    main()
