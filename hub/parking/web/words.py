"""What the next hours of a car park will be like, in one sentence."""

from hub.core import i18n
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.parking.api.forecasts import HOUR_MS, Outlook


def sentence(outlook: Outlook, now: int) -> str:
    """`Gegen 17 Uhr voraussichtlich voll.`"""
    if outlook.word == "free":
        return _("In den nächsten 24 Stunden voraussichtlich immer genug freie Plätze.")
    if outlook.hour is None:
        return _already(outlook, now)
    when = hour(outlook.hour, now)
    if outlook.word == "few":
        return _("%(when)s voraussichtlich nur noch wenige freie Plätze.", when=when)
    if outlook.sure:
        return _("%(when)s voraussichtlich voll.", when=when)
    return _("%(when)s vielleicht voll.", when=when)


def _already(outlook: Outlook, now: int) -> str:
    if outlook.until is None:
        if outlook.word == "few":
            return _("Voraussichtlich den ganzen Tag nur wenige freie Plätze.")
        return _("Voraussichtlich den ganzen Tag voll.") if outlook.sure else _("Den ganzen Tag vielleicht voll.")
    until = clock(outlook.until)
    if outlook.word == "few":
        return _("Bis etwa %(until)s voraussichtlich nur wenige freie Plätze.", until=until)
    if outlook.sure:
        return _("Bis etwa %(until)s voraussichtlich voll.", until=until)
    return _("Bis etwa %(until)s vielleicht voll.", until=until)


def hour(of_time: int, now: int) -> str:
    """`Gegen 17 Uhr` or `Morgen gegen 9 Uhr`, for the beginning of a sentence."""
    is_today = i18n.local(of_time * HOUR_MS).date() == i18n.local(now).date()
    text = clock(of_time)
    return _("Gegen %(time)s", time=text) if is_today else _("Morgen gegen %(time)s", time=text)


def clock(of_time: int) -> str:
    """`17 Uhr`, or `17:00` in English."""
    local = i18n.local(of_time * HOUR_MS)
    return f"{local.hour}\u00a0Uhr" if language() == "de" else local.strftime("%H:%M")
