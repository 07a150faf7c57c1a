"""The portal's own words in each language, and how it says days and times. A further language is one more column."""

from dataclasses import dataclass
from datetime import date, datetime, time

LANGUAGES = {"de": "Deutsch", "en": "English"}

WORDS: dict[str, dict[str, str]] = {
    "de": {
        "language": "Sprache",
        "notice": "Hinweis",
        "demo": "Demonstration",
        "demo_text": "Angaben teils angenommen.",
        "preview": "Vorschau",
        "preview_text": "Hier wird kein Netz geschaltet.",
        "preview_again": "Neu beginnen",
        "wifi": "Freies WLAN",
        "wifi_of_town": "Freies WLAN der Stadt",
        "page_title": "Kostenloses WLAN",
        "welcome": "Willkommen",
        "welcome_in": "Willkommen in {town}",
        "you_are_at": "Sie sind am WLAN-Punkt „{label}“.",
        "today": "Heute in der Stadt",
        "parking_at": "Parken: {name}",
        "free": "frei",
        "no_figure": "keine Daten",
        "occupied_of": "{taken} von {capacity} Plätzen belegt",
        "assumed": "angenommen",
        "as_of": "Stand: {when}.",
        "offline": "Die Leitung ins Netz ist hier gerade gestört.",
        "offline_since": "Seit {when}.",
        "offline_text": "Die Stadt-Infos sehen Sie trotzdem.",
        "no_bulletin": "Auf diesem WLAN-Punkt sind noch keine Stadt-Infos.",
        "no_bulletin_text": "Verbinden können Sie sich trotzdem.",
        "old": "Diese Angaben sind nicht ganz frisch.",
        "connect": "Kostenlos verbinden",
        "connect_anyway": "Trotzdem verbinden",
        "terms_before": "Ohne Anmeldung. Mit dem Verbinden nehmen Sie die",
        "terms": "Nutzungsregeln",
        "terms_after": "an.",
        "promise_1": "Keine Anmeldung, keine Werbung",
        "promise_2": "{duration} am Stück, danach neu verbinden",
        "promise_3": "Wir speichern nicht, welche Seiten Sie öffnen",
        "failed": "Das Verbinden hat nicht geklappt.",
        "failed_text": "Bitte versuchen Sie es in einer Minute noch einmal.",
        "quota": "Ihre Datenmenge ist verbraucht.",
        "quota_text": "Nach Ablauf Ihrer Zeit können Sie sich neu verbinden.",
        "full": "Hier sind gerade alle Plätze belegt.",
        "full_text": "Bitte versuchen Sie es in ein paar Minuten noch einmal.",
        "connected": "Sie sind verbunden",
        "connected_text": "Gute Zeit in {town}! Sie können dieses Fenster schließen.",
        "connected_plain": "Sie können dieses Fenster schließen.",
        "remaining": "Noch {duration}",
        "until": "bis {when}",
        "extend": "Zeit verlängern",
        "extend_text": "Danach haben Sie wieder {duration}.",
        "services": "Zu den Diensten der Stadt",
        "all_services": "Alle Stadt-Dienste",
        "emergency": "Notruf:",
        "privacy": "Datenschutz",
        "imprint": "Impressum",
        "accessibility": "Barrierefreiheit",
        "home": "Zur Startseite",
        "not_here": "Dieser Text ist auf diesem WLAN-Punkt noch nicht angekommen.",
        "not_here_text": "Sie finden ihn auf der Seite der Stadt.",
        "not_found": "Diese Seite gibt es hier nicht.",
        "problem": "Da ist etwas schiefgegangen.",
        "problem_text": "Bitte laden Sie die Seite neu. Fehlernummer: {id}",
    },
    "en": {
        "language": "Language",
        "notice": "Notice",
        "demo": "Demonstration",
        "demo_text": "Some details are assumed.",
        "preview": "Preview",
        "preview_text": "No network is switched here.",
        "preview_again": "Start over",
        "wifi": "Free WiFi",
        "wifi_of_town": "The town’s free WiFi",
        "page_title": "Free WiFi",
        "welcome": "Welcome",
        "welcome_in": "Welcome to {town}",
        "you_are_at": "You are at the WiFi spot “{label}”.",
        "today": "Today in town",
        "parking_at": "Parking: {name}",
        "free": "free",
        "no_figure": "no data",
        "occupied_of": "{taken} of {capacity} spaces taken",
        "assumed": "assumed",
        "as_of": "As of {when}.",
        "offline": "The line to the network is down here right now.",
        "offline_since": "Since {when}.",
        "offline_text": "You can still read the town’s news.",
        "no_bulletin": "There is no town information on this WiFi spot yet.",
        "no_bulletin_text": "You can connect all the same.",
        "old": "This information is not quite fresh.",
        "connect": "Connect for free",
        "connect_anyway": "Connect anyway",
        "terms_before": "No registration. By connecting you accept the",
        "terms": "terms of use",
        "terms_after": ".",
        "promise_1": "No registration, no advertising",
        "promise_2": "{duration} at a time, then connect again",
        "promise_3": "We do not record which pages you open",
        "failed": "Connecting did not work.",
        "failed_text": "Please try again in a minute.",
        "quota": "You have used up your data allowance.",
        "quota_text": "You can connect again when your time is over.",
        "full": "All places are taken here right now.",
        "full_text": "Please try again in a few minutes.",
        "connected": "You are connected",
        "connected_text": "Enjoy your time in {town}! You can close this window.",
        "connected_plain": "You can close this window.",
        "remaining": "{duration} left",
        "until": "until {when}",
        "extend": "Extend my time",
        "extend_text": "You will then have {duration} again.",
        "services": "Go to the town’s services",
        "all_services": "All town services",
        "emergency": "Emergency:",
        "privacy": "Privacy",
        "imprint": "Legal notice",
        "accessibility": "Accessibility",
        "home": "To the start page",
        "not_here": "This text has not reached this WiFi spot yet.",
        "not_here_text": "You will find it on the town’s website.",
        "not_found": "There is no such page here.",
        "problem": "Something went wrong.",
        "problem_text": "Please reload the page. Error number: {id}",
    },
}

_DAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT_MONTHS = {
    "de": ("Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"),
}


@dataclass(frozen=True)
class Speech:
    """The words of one language; `say("key", name=value)` gives the sentence."""

    language: str

    def say(self, key: str, **values: object) -> str:
        """The words under `key` with the values set in."""
        return WORDS[self.language][key].format(**values)

    def long_day(self, day: date) -> str:
        """e.g. "Do, 10. Dez.", "Thu, 10 Dec"."""
        name = _DAYS[self.language][day.weekday()]
        return f"{name[: 2 if self.language == 'de' else 3]}, {self.short_day(day)}"

    def short_day(self, day: date) -> str:
        """e.g. "4. Dez.", "4 Dec"."""
        month = _SHORT_MONTHS[self.language][day.month - 1]
        return f"{day.day}.\u00a0{month}" if self.language == "de" else f"{day.day}\u00a0{month}"

    def day(self, day: date, today: date) -> str:
        """ "heute", "morgen", the weekday within a week, else the date."""
        ahead = (day - today).days
        if ahead in (0, 1):
            return {"de": ("heute", "morgen"), "en": ("today", "tomorrow")}[self.language][ahead]
        return _DAYS[self.language][day.weekday()] if 1 < ahead < 7 else self.short_day(day)

    def span(self, start: date, end: date | None, today: date) -> str:
        """When an event is: "morgen", "ab Samstag", "bis 6. Dez."."""
        last = end or start
        if start < today and last > today:
            return f"{'bis' if self.language == 'de' else 'until'} {self.day(last, today)}"
        first = self.day(max(start, today), today)
        if last > max(start, today) and start != today:
            return f"{'ab' if self.language == 'de' else 'from'} {first}"
        return first

    def clock(self, moment: datetime | time) -> str:
        """e.g. "18 Uhr", "17:30 Uhr", "18:00"."""
        if self.language == "de":
            return f"{moment.hour}{f':{moment.minute:02d}' if moment.minute else ''}\u00a0Uhr"
        return f"{moment.hour:02d}:{moment.minute:02d}"

    def hour(self, text: str) -> str:
        """A bulletin's "18:00" as people say it; other words are left as they are."""
        try:
            return self.clock(time.fromisoformat(text))
        except ValueError:
            return text

    def moment(self, moment: datetime, today: date) -> str:
        """A time of today as its clock, any other with its date."""
        clock = f"{moment.hour}:{moment.minute:02d}\u00a0Uhr" if self.language == "de" else self.clock(moment)
        return clock if moment.date() == today else f"{self.short_day(moment.date())}, {clock}"

    def closes(self, moment: datetime) -> str:
        """How long an office is open: "bis 18 Uhr"."""
        return f"{'bis' if self.language == 'de' else 'until'} {self.clock(moment)}"

    def opens(self, moment: datetime, today: date) -> str:
        """When a closed office opens: "morgen ab 8 Uhr"."""
        clock = f"{'ab' if self.language == 'de' else 'from'} {self.clock(moment)}"
        return clock if moment.date() == today else f"{self.day(moment.date(), today)} {clock}"

    def duration(self, seconds: int) -> str:
        """e.g. "4 Stunden", "1 Stunde 5 Minuten"; the last minute counts as one."""
        hours, minutes = divmod(max(1, -(-seconds // 60)), 60)
        parts = [
            (hours, ("Stunde", "Stunden"), ("hour", "hours")),
            (minutes, ("Minute", "Minuten"), ("minute", "minutes")),
        ]
        words = [(n, german if self.language == "de" else english) for n, german, english in parts if n]
        return " ".join(f"{n}\u00a0{names[n > 1]}" for n, names in words)
