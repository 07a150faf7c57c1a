"""German source strings, an English catalogue, and numbers, dates and times as people here write them."""

import io
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = ("de", "en")
TIMEZONE = ZoneInfo("Europe/Berlin")
CATALOGUES = Path(__file__).parents[1] / "translations"
_LOCALES = {"de": "de_DE", "en": "en_GB"}


@cache
def catalogue(lang: str) -> NullTranslations:
    """The translations into `lang` from all its files; German is the source and has none."""
    found = NullTranslations()
    for path in sorted((CATALOGUES / lang / "LC_MESSAGES").glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=lang))
        compiled.seek(0)
        found.add_fallback(Translations(fp=compiled))
    return found


def translate(text: str, lang: str) -> str:
    """`text` in `lang`; the German text where a translation is missing."""
    return str(catalogue(lang).ugettext(text)) if text else ""


def translate_plural(one: str, many: str, number: int, lang: str) -> str:
    """The form that fits `number`."""
    return str(catalogue(lang).ungettext(one, many, number))


def choose(texts: Mapping[str, str] | None, lang: str) -> str:
    """One language of a text of the town's data ({"de": ..., "en": ...})."""
    return (texts.get(lang) or texts.get("de", "")) if texts else ""


@lru_cache(maxsize=4096)  # pages say the same numbers again and again
def number(value: float, lang: str) -> str:
    """1234 -> 1.234 or 1,234."""
    return str(numbers.format_decimal(value, locale=_LOCALES[lang]))


def local(ms: int) -> datetime:
    """The town's wall clock at a moment in UTC milliseconds."""
    return datetime.fromtimestamp(ms / 1000, TIMEZONE)


def clock_time(ms: int, lang: str) -> str:
    """14:32 Uhr or 14:32."""
    text = local(ms).strftime("%H:%M")
    return f"{text}\u00a0Uhr" if lang == "de" else text


def day(when: date, lang: str, pattern: str = "EEEE, d. MMMM") -> str:
    """Donnerstag, 10. Dezember or Thursday 10 December; `pattern` in the notation of CLDR, German form."""
    return dates.format_date(
        when, pattern if lang == "de" else pattern.replace(",", "").replace(".", ""), _LOCALES[lang]
    )


def moment(ms: int, lang: str, now: int) -> str:
    """The time alone today, else with the date, in another year with that, too: 14:32 Uhr, 9. Dezember, 14:32 Uhr."""
    then, today = local(ms), local(now)
    if then.date() == today.date():
        return clock_time(ms, lang)
    if then.year != today.year:
        return moment_with_date(ms, lang)
    return f"{day(then.date(), lang, 'd. MMMM')}, {clock_time(ms, lang)}"


def last_day(until: int, lang: str) -> str:
    """The day on which something holds for the last time; `until` (ms) is the first moment when it does not."""
    return day(local(until - 1).date(), lang, "d. MMMM y")


def moment_with_date(ms: int, lang: str) -> str:
    """For letters, which are read later: 9. Dezember 2026, 14:32 Uhr."""
    return f"{day(local(ms).date(), lang, 'd. MMMM y')}, {clock_time(ms, lang)}"
