"""What stands on the landing page: the bulletin turned into rows in the visitor's language. No HTML here."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from captive_portal import rules
from captive_portal.bulletin import Bulletin, Uplink
from captive_portal.rules import Words
from captive_portal.words import Speech

FRESH_MS = 15 * 60_000
_ICONS = {"eisbahn": "ice", "winter": "ice", "markt": "market", "bad": "pool", "rat": "council", "council": "council"}
_BETWEEN = Words(" · ")


@dataclass(frozen=True)
class Row:
    """One line of "Heute in der Stadt"; `number` is the big figure, `crystals` the (full, hollow, spoken) band.

    `title` and `detail` are pieces, because a bulletin's text may be in another language than the page.
    """

    icon: str
    title: tuple[Words, ...]
    detail: tuple[Words, ...]
    value: str
    number: str = ""
    assumed: bool = False
    crystals: tuple[int, int, str] | None = None
    stream: str = ""


@dataclass(frozen=True)
class Notice:
    """A framed message above the rows; `level` is danger, warning, info or off."""

    level: str
    title: Words
    text: Words
    assumed: bool = False


@dataclass(frozen=True)
class Town:
    """The part of the page that comes from the bulletin."""

    name: str
    url: str
    demo: bool
    today: str
    notices: tuple[Notice, ...]
    rows: tuple[Row, ...]
    offline: bool


def town(
    bulletin: Bulletin | None, uplink: Uplink, near: tuple[float, float] | None, speech: Speech, now_ms: int
) -> Town:
    """The whole view at `now_ms`; without a bulletin it says so instead of showing anything."""
    zone = timezone_of(bulletin)
    now = moment(now_ms, zone)
    rows = _rows(bulletin, near, speech, now_ms, zone) if bulletin else ()
    return Town(
        name=bulletin.town if bulletin else "",
        url=bulletin.town_url if bulletin else "",
        demo=bool(bulletin and bulletin.demo),
        today=speech.long_day(now.date()),
        notices=(*_state(bulletin, uplink, speech, now_ms, zone), *_warnings(bulletin, speech, now_ms)),
        rows=rows,
        offline=uplink.connected is False,
    )


def timezone_of(bulletin: Bulletin | None) -> tzinfo:
    """The town's time zone; UTC where the bulletin is missing or the zone is unknown on this machine."""
    try:
        return ZoneInfo(bulletin.timezone) if bulletin else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def moment(ms: int, zone: tzinfo) -> datetime:
    """UTC milliseconds as a wall-clock time."""
    return datetime.fromtimestamp(ms / 1000, zone)


def milliseconds(moment: datetime) -> int:
    """A wall-clock time as UTC milliseconds."""
    return round(moment.timestamp() * 1000)


def _state(bulletin: Bulletin | None, uplink: Uplink, speech: Speech, now_ms: int, zone: tzinfo) -> tuple[Notice, ...]:
    """What the visitor must know about the line and the age of what is shown."""
    today = moment(now_ms, zone).date()
    as_of = speech.say("as_of", when=speech.moment(moment(bulletin.ts_ms, zone), today)) if bulletin else ""
    if uplink.connected is False:
        text = f"{speech.say('offline_text')} {as_of}" if bulletin else speech.say("no_bulletin")
        since = moment(uplink.since_ms, zone) if uplink.since_ms is not None else None
        begun = f"{speech.say('offline_since', when=speech.moment(since, today))} " if since else ""
        return (Notice("off", Words(speech.say("offline")), Words(begun + text)),)
    if bulletin is None:
        return (Notice("off", Words(speech.say("no_bulletin")), Words(speech.say("no_bulletin_text"))),)
    if now_ms - bulletin.ts_ms > FRESH_MS:
        return (Notice("off", Words(speech.say("old")), Words(as_of)),)
    return ()


def _warnings(bulletin: Bulletin | None, speech: Speech, now_ms: int) -> tuple[Notice, ...]:
    shown = rules.warnings_to_show(bulletin.warnings, now_ms, 2) if bulletin else []
    return tuple(
        Notice(item.level, _in(item.title, speech), _in(item.text, speech, 140), item.assumed) for item in shown
    )


def _rows(
    bulletin: Bulletin, near: tuple[float, float] | None, speech: Speech, now_ms: int, zone: tzinfo
) -> tuple[Row, ...]:
    now = moment(now_ms, zone)
    pool, council = rules.pool_to_show(bulletin.offices, now_ms), rules.council_meeting(bulletin.events, now.date())
    offices = [office for office in bulletin.offices if office.kind not in rules.POOLS]
    events = [event for event in bulletin.events if event is not council]
    return (
        *(_car_park(entry, speech) for entry in rules.car_parks_to_show(bulletin.parking, near, 2)),
        *(_office(entry, speech, now) for entry in rules.offices_to_show(offices, now_ms, 2)),
        *([_pool(pool, speech, now)] if pool else []),
        *(_event(entry, speech, now.date()) for entry in rules.events_to_show(events, now.date(), 2)),
        *([_council(council, speech, now.date())] if council else []),
        *(_news(entry, speech) for entry in rules.news_to_show(bulletin.news, 2)),
    )


def _car_park(car_park: rules.CarPark, speech: Speech) -> Row:
    before, after = speech.around("parking_at")
    name = (Words(before), _in(car_park.name, speech), Words(after))
    found = _in(car_park.tariff, speech, 60)
    tariff = (Words(found.text.replace(" €", "\u00a0€"), found.language),)
    if car_park.free is None:
        return Row("parking", name, tariff, speech.say("no_figure"), "–", car_park.assumed)
    free = min(car_park.free, car_park.capacity)
    full = rules.filled_crystals(car_park.capacity, free)
    spoken = speech.say("occupied_of", taken=car_park.capacity - free, capacity=car_park.capacity)
    band = (full, rules.CRYSTALS - full, spoken)
    return Row("parking", name, tariff, speech.free(free), str(free), car_park.assumed, band)


def _office(office: rules.Office, speech: Speech, now: datetime) -> Row:
    value = _opening(office, speech, now)
    return Row("clock", (_in(office.name, speech),), (Words(office.address, "de"),), value, assumed=office.assumed)


def _pool(office: rules.Office, speech: Speech, now: datetime) -> Row:
    """The pool says in words whether it is open, and until or from when as far as that is known."""
    is_open = rules.open_until(office, milliseconds(now)) is not None
    hours = _opening(office, speech, now)
    place = (Words(office.address, "de"), *([_BETWEEN, Words(hours)] if hours else []))
    value = speech.say("open" if is_open else "closed")
    return Row("pool", (_in(office.name, speech),), place, value, assumed=office.assumed)


def _opening(office: rules.Office, speech: Speech, now: datetime) -> str:
    """ "bis 18 Uhr", "morgen ab 8 Uhr", or nothing where the bulletin names no hours."""
    now_ms = milliseconds(now)
    closes, opens = rules.open_until(office, now_ms), rules.opens_next(office, now_ms)
    if closes is not None:
        return speech.closes(moment(closes, now.tzinfo or UTC))
    return speech.opens(moment(opens, now.tzinfo or UTC), now.date()) if opens is not None else ""


def _event(event: rules.Event, speech: Speech, today: date) -> Row:
    icon, value = _ICONS.get(event.kind, "calendar"), speech.span(event.start, event.end, today)
    pieces = [piece for piece in (_in(event.place, speech), Words(speech.hour(event.time))) if piece.text]
    detail = (*pieces[:1], *(piece for later in pieces[1:] for piece in (_BETWEEN, later)))
    return Row(icon, (_in(event.title, speech),), detail, value, assumed=event.assumed, stream=event.stream)


def _council(event: rules.Event, speech: Speech, today: date) -> Row:
    """The next meeting of the council; in other languages its name is the portal's own word for it."""
    row, title = _event(event, speech, today), _in(event.title, speech)
    return replace(row, title=(title if not title.language else Words(speech.say("council")),))


def _news(news: rules.News, speech: Speech) -> Row:
    day = Words(f"{speech.short_day(news.day)}: ")
    return Row("news", (_in(news.title, speech),), (day, _in(news.text, speech, 80)), "", assumed=news.assumed)


def _in(text: rules.Text, speech: Speech, limit: int = 1000) -> Words:
    """The text for this visitor, at most `limit` characters; its language is named only if it is not the page's."""
    found = text.chosen(speech.language)
    return Words(shorten(found.text, limit), "" if found.language == speech.language else found.language)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–") + "\u00a0…"
