"""What somebody looks for, read from the address: where to, how long, which order, which filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import flask

from hub.core import web
from hub.parking.api import search
from hub.parking.api.search import Hit, Place

FILTERS: Mapping[str, Callable[[Hit], bool]] = {
    "frei": lambda hit: hit.site.free > 0,
    "gratis": lambda hit: bool(hit.site.facts.get("tariff", {}).get("free")) or (hit.planned or hit.hour).cents == 0,
    "behindert": lambda hit: bool(hit.site.facts.get("disabled_bays")),
    "laden": lambda hit: bool(hit.site.facts.get("ev_points")),
    "hoch": lambda hit: not hit.site.facts.get("max_height_cm"),
}
LIKED = "gemerkt"


@dataclass(frozen=True)
class Seeking:
    """`goal` None = nowhere in particular, `minutes` 0 = nothing planned, `sort` "" = the town's order."""

    goal: Place | None = None
    minutes: int = 0
    sort: str = ""
    chosen: tuple[str, ...] = ()

    @property
    def kept(self) -> dict[str, str]:
        """The same as arguments of an address."""
        facts = {
            "ort": self.goal.id if self.goal else "",
            "dauer": str(self.minutes or ""),
            "sort": self.sort,
            "filter": ",".join(self.chosen),
        }
        return {name: value for name, value in facts.items() if value}

    def toggled(self, name: str) -> str:
        """The list's address with a filter more or less; "" = without any."""
        others = tuple(one for one in self.chosen if one != name)
        chosen = others if name in self.chosen or not name else (*others, name)
        return self._address("filter", ",".join(chosen) if name else "")

    def sorted_by(self, sort: str) -> str:
        """The list's address in another order."""
        return self._address("sort", sort)

    def _address(self, name: str, value: str) -> str:
        facts = {**self.kept, name: value}
        query = urlencode({key: text for key, text in facts.items() if text})
        return f"{flask.request.path}{'?' if query else ''}{query}"

    def fits(self, hit: Hit, liked: frozenset[str]) -> bool:
        """Whether a car park passes every filter."""
        return all(hit.site.id in liked if name == LIKED else FILTERS[name](hit) for name in self.chosen)


def seeking() -> Seeking:
    """What this request looks for; what makes no sense is left out."""
    asked = flask.request.args
    goal = search.place(web.settings().town_dir, asked.get("ort", ""))
    minutes = web.number("dauer")
    sort = asked.get("sort", "naehe" if goal else "")
    known = (*FILTERS, LIKED)
    chosen = tuple(name for name in known if name in asked.get("filter", "").split(","))
    return Seeking(
        goal,
        minutes if minutes in search.LENGTHS else 0,
        sort if sort in search.SORTS and (goal or sort != "naehe") else "",
        chosen,
    )
