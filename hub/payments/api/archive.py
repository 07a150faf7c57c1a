"""Bookings that are older than the law asks for: removed, with opening balances in their place."""

from datetime import datetime

from hub.core import i18n
from hub.core.db import Session
from hub.payments.rules import keeping
from hub.payments.store import archive as store


def kept_from(now: int) -> int:
    """The first moment (ms) of which bookings are kept: the beginning of a year."""
    year = keeping.last_year_over(i18n.local(now).year) + 1
    return int(datetime(year, 1, 1, tzinfo=i18n.TIMEZONE).timestamp() * 1000)


def forget_old(session: Session, now: int) -> int:
    """Removes transfers, payments and bank entries of before; how many."""
    before = kept_from(now)
    return store.carry_forward(session, before) + store.forget_payments(session, before)
