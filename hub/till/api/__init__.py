"""Tills: the code of the pass, sales by pass or cash, with and without a connection, tickets, closings.

`passes` makes and takes codes, `sales` sells, `returns` gives back, `offers` takes in what a till sold alone, `tickets`
lets in, `closings` closes the day, `parking` gives pool guests their parking fee back.
"""

from hub.till.api import closings, offers, parking, passes, personal, returns, sales, tickets, tills
from hub.till.api.events import ClaimOpened, ParkingDue, ParkingRefunded
from hub.till.api.ground import RefusedError, town_of
from hub.till.gateway import Signer
from hub.till.rules.catalogue import Article, Operation, Town

__all__ = [
    "Article",
    "ClaimOpened",
    "Operation",
    "ParkingDue",
    "ParkingRefunded",
    "RefusedError",
    "Signer",
    "Town",
    "closings",
    "offers",
    "parking",
    "passes",
    "personal",
    "returns",
    "sales",
    "tickets",
    "tills",
    "town_of",
]
