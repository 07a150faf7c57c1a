"""Which revision of the tables this release knows: revisions are numbered, and a later one has the greater number."""

from functools import cache
from pathlib import Path

_REVISIONS = Path(__file__).parents[1] / "migrations" / "versions"


@cache
def head() -> str:
    """The newest revision that this release knows."""
    return max(path.name.partition("_")[0] for path in _REVISIONS.glob("[0-9]*_*.py"))


def is_newer(revision: str) -> bool:
    """Whether a later release made those tables."""
    return revision > head()


def problem(revision: str) -> str:
    """Why this release cannot work on tables of that revision ("" = none); "" when it can.

    It can on newer ones: what is added to a table has a default or may be missing.
    """
    if not revision:
        return "the database has no tables yet: run `stadtknoten-hub migrate`"
    if revision < head():
        return f"the tables are at revision {revision}, this release needs {head()}: run `stadtknoten-hub migrate`"
    return ""
