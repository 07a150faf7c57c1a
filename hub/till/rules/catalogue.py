"""What a till sells: articles, tickets and limits, as the town's data say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

TAXES = ("19", "7", "0")
MAX_COUNT = 50
MAX_OPEN_PRICE = 200_00  # cents, for an article whose price the clerk types
MAX_SALE = 1_000_00
PERSON, FAMILY, ANYONE = "person", "family", "anyone"  # who may enter with a ticket
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class CatalogueError(ValueError):
    """`reason`: article, count, price, total."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Ticket:
    """`entries` 0 = as often as one likes; `per_day` 0 = no limit; holds in a `season` (month, day), for `days`, or
    for ever; `who` may enter with it.
    """

    entries: int
    who: str
    per_day: int = 0
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    days: int = 0

    def holds(self, bought: date) -> tuple[date, date | None]:
        """(first day, last day or None)."""
        if self.season is None:
            return bought, bought + timedelta(days=self.days - 1) if self.days else None
        (month, day), (last_month, last_day) = self.season
        year = bought.year if (bought.month, bought.day) <= (last_month, last_day) else bought.year + 1
        return date(year, month, day), date(year, last_month, last_day)


@dataclass(frozen=True)
class Article:
    """`cents` None = the clerk types the price; `entry` makes a guest of who buys it; `online`: also in the account."""

    id: str
    title: Mapping[str, str]
    group: str
    cents: int | None
    tax: str
    entry: bool = False
    online: bool = False
    assumed: bool = True
    ticket: Ticket | None = None


@dataclass(frozen=True)
class Operation:
    """A city operation with tills."""

    id: str
    title: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]
    articles: Mapping[str, Article]
    parking: tuple[str, ...] = ()  # car parks whose fee its guests get back
    parking_hours: int = 0  # a stay may have ended so long ago


@dataclass(frozen=True)
class Offline:
    """What a till may sell without a connection: cents a day by one pass, cents a day by passes, hours."""

    per_pass: int
    per_till: int
    hours: int


@dataclass(frozen=True)
class Town:
    """Everything that tills must know."""

    operations: Mapping[str, Operation]
    offline: Offline


@dataclass(frozen=True)
class Line:
    """What is bought: `cents` is the price of one."""

    article: str
    count: int
    cents: int

    @property
    def total(self) -> int:
        """Cents of all."""
        return self.count * self.cents


def town(facts: Mapping[str, Any], sites: Sequence[Mapping[str, Any]]) -> Town:
    """Reads the data files; ValueError for what cannot be."""
    operations = {one["id"]: _operation(one, sites) for one in facts["operations"]}
    limits = facts["offline"]
    return Town(operations, Offline(limits["per_pass_cents"], limits["per_till_cents"], limits["hours"]))


def _operation(facts: Mapping[str, Any], sites: Sequence[Mapping[str, Any]]) -> Operation:
    refund = facts.get("parking_refund") or {}
    mine = refund.get("guests", "")
    places = tuple(one["id"] for one in sites if mine and (one.get("tariff") or {}).get("refund_for") == mine)
    articles = {one["id"]: _article(one) for one in facts["articles"]}
    if set(facts["groups"]) != {one.group for one in articles.values()} or len(articles) < len(facts["articles"]):
        raise ValueError(f"{facts['id']}: every group has articles, and no two articles one name")
    return Operation(facts["id"], facts["title"], facts["groups"], articles, places, refund.get("within_hours", 0))


def _article(facts: Mapping[str, Any]) -> Article:
    cents, tax = facts["cents"], facts["tax"]
    if tax not in TAXES or not _ID.fullmatch(facts["id"]) or not (cents is None or 0 <= cents <= MAX_SALE):
        raise ValueError(f"{facts['id']} has no sensible price")
    names = ("entry", "online", "assumed")
    marks = {name: bool(facts[name]) for name in names if name in facts}
    ticket = _ticket(facts["ticket"]) if "ticket" in facts else None
    return Article(facts["id"], facts["title"], facts["group"], cents, tax, ticket=ticket, **marks)


def _ticket(facts: Mapping[str, Any]) -> Ticket:
    if facts["who"] not in (PERSON, FAMILY, ANYONE):
        raise ValueError("a ticket is for a person, a family or anyone")
    season = tuple(tuple(int(part) for part in day.split("-")) for day in facts.get("season", ()))
    numbers = {name: facts.get(name, 0) for name in ("entries", "per_day", "days")}
    return Ticket(who=facts["who"], season=season or None, **numbers)  # type: ignore[arg-type]


def priced(operation: Operation, wanted: Sequence[tuple[str, int, int | None]], *, signed: bool = False) -> list[Line]:
    """Lines of (article, count, price of one); CatalogueError.

    The price is the data's. A `signed` one of a till that was offline holds: the guest has paid it.
    """
    lines = []
    for name, count, cents in wanted:
        article = operation.articles.get(name)
        if article is None:
            raise CatalogueError("article")
        if not 0 < count <= MAX_COUNT:
            raise CatalogueError("count")
        lines.append(Line(name, count, _price(article, cents, signed)))
    if not lines or sum(one.total for one in lines) > MAX_SALE:
        raise CatalogueError("total")
    return lines


def _price(article: Article, cents: int | None, signed: bool) -> int:
    if article.cents is None or signed:
        if cents is None or not 0 <= cents <= (MAX_SALE if signed else MAX_OPEN_PRICE):
            raise CatalogueError("price")
        return cents
    if cents not in (None, article.cents):
        raise CatalogueError("price")
    return article.cents
