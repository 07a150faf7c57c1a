"""The hub's command line."""

import argparse
import logging
import sys

from hub.commands import money, nodes, parking, people, service


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code. A wrong setting ends it with one clear line."""
    chosen = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        code: int = chosen.run(chosen)
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).debug("start failed", exc_info=True)
        print(*(f"stadtknoten-hub: {line}" for line in _plain(error)), sep="\n", file=sys.stderr)
        return 2
    return code


def _plain(error: Exception) -> list[str]:
    """One line a problem; pydantic's errors name the environment variable."""
    problems = getattr(error, "errors", None)
    if problems is None:
        return [str(error)]
    return [
        f"HUB_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in problems()
    ]


def parser() -> argparse.ArgumentParser:
    """The commands and their help."""
    top = argparse.ArgumentParser(
        prog="stadtknoten-hub",
        description="The town's hub: stores what the nodes report and serves the pages. Settings come from the "
        "environment (HUB_DATABASE_URL, HUB_BROKER_URL, HUB_TIMESERIES_URL, HUB_PUBLIC_URL, HUB_STATE_DIR ...), "
        "see the table in README.md.",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for field in (service, nodes, people, parking, money):
        field.add(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
