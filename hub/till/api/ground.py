"""What the verbs of the tills share: refusals, and the town's articles."""

import json
from functools import cache
from pathlib import Path

from hub.till.rules import catalogue
from hub.till.rules.catalogue import Offline, Town


class RefusedError(Exception):
    """`reason` of a code: token, expired, early, replay, revoked, unknown; of a sale: article, count, price, total,
    key, pass, funds, day_limit, state, refunded, closed, amount; of a ticket: none, not_yet, over, used_up, today;
    of a closing: nothing; of a till: name, gone.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@cache
def town_of(directory: Path) -> Town:
    """What the tills of a town sell, nothing in a town without till.json; ValueError for a file that makes no sense."""
    file = directory / "till.json"
    if not file.exists():
        return Town({}, Offline(0, 0, 0))
    facts = json.loads(file.read_text())
    return catalogue.town(facts, json.loads((directory / "sites.json").read_text())["sites"])
