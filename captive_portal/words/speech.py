"""How the portal says days, times and durations in one language."""

from dataclasses import dataclass
from datetime import date, datetime, time

from captive_portal.words.ar import ARABIC
from captive_portal.words.de import GERMAN
from captive_portal.words.en import ENGLISH
from captive_portal.words.fr import FRENCH
from captive_portal.words.language import Language
from captive_portal.words.pl import POLISH
from captive_portal.words.tr import TURKISH
from captive_portal.words.uk import UKRAINIAN

BY_CODE: dict[str, Language] = {
    "de": GERMAN,
    "en": ENGLISH,
    "fr": FRENCH,
    "tr": TURKISH,
    "uk": UKRAINIAN,
    "pl": POLISH,
    "ar": ARABIC,
}
LANGUAGES = {code: language.name for code, language in BY_CODE.items()}
WORDS = {code: language.words for code, language in BY_CODE.items()}


def direction(code: str) -> str:
    """ "rtl" for a language that is written from right to left, else "ltr"."""
    return BY_CODE[code].direction


@dataclass(frozen=True)
class Speech:
    """The words of one language; `say("key", name=value)` gives the sentence."""

    language: str

    @property
    def direction(self) -> str:
        """The value of HTML's `dir`."""
        return direction(self.language)

    @property
    def _own(self) -> Language:
        return BY_CODE[self.language]

    def say(self, key: str, **values: object) -> str:
        """The words under `key` with the values set in."""
        return self._own.words[key].format(**values)

    def around(self, key: str) -> tuple[str, str]:
        """The words before and after the one {placeholder} under `key`, for a page that marks up what stands there."""
        before, _, rest = self._own.words[key].partition("{")
        return before, rest.partition("}")[2]

    def direction_of(self, code: str) -> str:
        """The `dir` of another language's name in a list of languages."""
        return direction(code)

    def long_day(self, day: date) -> str:
        """e.g. "Do, 10. Dez.", "Thu, 10 Dec"."""
        return self._own.long_date.format(name=self._own.short_days[day.weekday()], date=self.short_day(day))

    def short_day(self, day: date) -> str:
        """e.g. "4. Dez.", "4 Dec"."""
        return self._own.date.format(day=day.day, month=self._own.months[day.month - 1])

    def day(self, day: date, today: date) -> str:
        """ "heute", "morgen", the weekday within a week, else the date."""
        ahead = (day - today).days
        if ahead in (0, 1):
            return (self._own.today, self._own.tomorrow)[ahead]
        return self._own.days[day.weekday()] if 1 < ahead < 7 else self.short_day(day)

    def span(self, start: date, end: date | None, today: date) -> str:
        """When an event is: "morgen", "ab Samstag", "bis 6. Dez."."""
        last = end or start
        if start < today < last:
            return self._phrase(self._own.until_days, self._own.until_date, last, today)
        if today < start < last:
            return self._phrase(self._own.from_days, self._own.from_date, start, today)
        return self.day(max(start, today), today)

    def _phrase(self, days: tuple[str, ...], dated: str, day: date, today: date) -> str:
        """The phrase for a day after today: tomorrow's, the weekday's or the one with the date."""
        ahead = (day - today).days
        if ahead == 1:
            return days[0]
        return days[1 + day.weekday()] if ahead < 7 else dated.format(date=self.short_day(day))

    def clock(self, moment: datetime | time) -> str:
        """e.g. "18 Uhr", "17:30 Uhr", "18:00"."""
        pattern = self._own.clock if moment.minute else self._own.full_hour
        return pattern.format(hour=moment.hour, minute=moment.minute)

    def hour(self, text: str) -> str:
        """A bulletin's "18:00" as people say it; other words are left as they are."""
        try:
            return self.clock(time.fromisoformat(text))
        except ValueError:
            return text

    def moment(self, moment: datetime, today: date) -> str:
        """A time of today as its clock with minutes, any other with its date."""
        clock = self._own.clock.format(hour=moment.hour, minute=moment.minute)
        return clock if moment.date() == today else f"{self.short_day(moment.date())}, {clock}"

    def closes(self, moment: datetime) -> str:
        """How long an office is open: "bis 18 Uhr"."""
        return self._own.closes.format(clock=self.clock(moment))

    def opens(self, moment: datetime, today: date) -> str:
        """When a closed office opens: "morgen ab 8 Uhr"."""
        clock = self.clock(moment)
        if moment.date() == today:
            return self._own.opens.format(clock=clock)
        return self._own.opens_on.format(day=self.day(moment.date(), today), clock=clock)

    def duration(self, seconds: int) -> str:
        """e.g. "4 Stunden", "1 Stunde 5 Minuten"; the last minute counts as one."""
        hours, minutes = divmod(max(1, -(-seconds // 60)), 60)
        parts = [(hours, self._own.hours), (minutes, self._own.minutes)]
        said = [names[self._own.plural(number)].format(n=number) for number, names in parts if number]
        return self._own.between_parts.join(said)

    def free(self, number: int) -> str:
        """The word behind a number of free spaces, e.g. "frei"."""
        return self._own.free[self._own.plural(number)]
