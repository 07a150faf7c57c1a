"""What stands on the landing page: the bulletin turned into rows in the visitor's language. No HTML here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from captive_portal import rules
from captive_portal.bulletin import Bulletin, Uplink
from captive_portal.words import Speech

FRESH_MS = 15 * 60_000
_ICONS = (("eis", "ice"), ("winter", "ice"), ("markt", "market"))


@dataclass(frozen=True)
class Row:
    """One line of "Heute in der Stadt"; `number` is the big figure, `crystals` the (full, hollow, spoken) band."""

    icon: str
    title: str
    detail: str
    value: str
    number: str = ""
    assumed: bool = False
    crystals: tuple[int, int, str] | None = None


@dataclass(frozen=True)
class Notice:
    """A framed message above the rows; `level` is danger, warning, info or off."""

    level: str
    title: str
    text: str
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


def _state(bulletin: Bulletin | None, uplink: Uplink, speech: Speech, now_ms: int, zone: tzinfo) -> tuple[Notice, ...]:
    """What the visitor must know about the line and the age of what is shown."""
    today = moment(now_ms, zone).date()
    as_of = speech.say("as_of", when=speech.moment(moment(bulletin.ts_ms, zone), today)) if bulletin else ""
    if uplink.connected is False:
        text = f"{speech.say('offline_text')} {as_of}" if bulletin else speech.say("no_bulletin")
        return (Notice("off", speech.say("offline"), text),)
    if bulletin is None:
        return (Notice("off", speech.say("no_bulletin"), speech.say("no_bulletin_text")),)
    if now_ms - bulletin.ts_ms > FRESH_MS:
        return (Notice("off", speech.say("old"), as_of),)
    return ()


def _warnings(bulletin: Bulletin | None, speech: Speech, now_ms: int) -> tuple[Notice, ...]:
    shown = rules.warnings_to_show(bulletin.warnings, now_ms, 2) if bulletin else []
    language = speech.language
    return tuple(
        Notice(
            item.level, item.title.in_language(language), shorten(item.text.in_language(language), 140), item.assumed
        )
        for item in shown
    )


def _rows(
    bulletin: Bulletin, near: tuple[float, float] | None, speech: Speech, now_ms: int, zone: tzinfo
) -> tuple[Row, ...]:
    today = moment(now_ms, zone).date()
    parking = [_car_park(entry, speech) for entry in rules.car_parks_to_show(bulletin.parking, near, 2)]
    offices = [_office(entry, speech, now_ms, zone) for entry in rules.offices_to_show(bulletin.offices, now_ms, 2)]
    events = [_event(entry, speech, today) for entry in rules.events_to_show(bulletin.events, today, 2)]
    news = [_news(entry, speech) for entry in rules.news_to_show(bulletin.news, 2)]
    return (*parking, *offices, *events, *news)


def _car_park(car_park: rules.CarPark, speech: Speech) -> Row:
    name = speech.say("parking_at", name=car_park.name.in_language(speech.language))
    tariff = shorten(car_park.tariff.in_language(speech.language), 60).replace(" €", "\u00a0€")
    if car_park.free is None:
        return Row("parking", name, tariff, speech.say("no_figure"), "–", car_park.assumed)
    free = min(car_park.free, car_park.capacity)
    full = rules.filled_crystals(car_park.capacity, free)
    spoken = speech.say("occupied_of", taken=car_park.capacity - free, capacity=car_park.capacity)
    band = (full, rules.CRYSTALS - full, spoken)
    return Row("parking", name, tariff, speech.say("free"), str(free), car_park.assumed, band)


def _office(office: rules.Office, speech: Speech, now_ms: int, zone: tzinfo) -> Row:
    closes, opens = rules.open_until(office, now_ms), rules.opens_next(office, now_ms)
    value = ""
    if closes is not None:
        value = speech.closes(moment(closes, zone))
    elif opens is not None:
        value = speech.opens(moment(opens, zone), moment(now_ms, zone).date())
    return Row("clock", office.name.in_language(speech.language), office.address, value, assumed=office.assumed)


def _event(event: rules.Event, speech: Speech, today: date) -> Row:
    icon = next((name for word, name in _ICONS if word in event.kind), "calendar")
    place, hour = event.place.in_language(speech.language), speech.hour(event.time)
    value = speech.span(event.start, event.end, today)
    detail = f"{place}, {hour}" if place and hour else place or hour
    return Row(icon, event.title.in_language(speech.language), detail, value, assumed=event.assumed)


def _news(news: rules.News, speech: Speech) -> Row:
    title, text = news.title.in_language(speech.language), news.text.in_language(speech.language)
    return Row("news", title, shorten(f"{speech.short_day(news.day)}: {text}", 90), "", assumed=news.assumed)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–") + "\u00a0…"
