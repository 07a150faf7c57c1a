"""What payments do to stays, and what drivers hear of them."""

from collections.abc import Callable
from typing import Any

from hub.core import i18n
from hub.core.db import Session
from hub.inbox import api as inbox
from hub.parking.api import prepaid
from hub.parking.api.purse import WalletPurse
from hub.parking.api.stays import StayChanged
from hub.parking.api.wishes import SiteFills
from hub.payments.api import PaymentCompleted, PaymentFailed

Handler = Callable[[Session, Any], None]


def on_card_failed(session: Session, event: PaymentFailed) -> None:
    """A payment by card that came to nothing leaves no stay."""
    prepaid.on_failed(session, event)


def beginning(purse: WalletPurse) -> Handler:
    """The money of a card is there: a stay begins or goes on."""

    def on_card_paid(session: Session, event: PaymentCompleted) -> None:
        prepaid.on_paid(session, purse, event)

    return on_card_paid


def warning(house: inbox.House, names: dict[str, str]) -> Handler:
    """A letter to who wished to hear that a car park fills up; `names` is site -> name."""

    def on_fills(session: Session, event: SiteFills) -> None:
        values = {"site": names.get(event.site, event.site), "count": str(event.free), "page": event.site}
        inbox.send_message(session, house, event.person_id, "parking", "site-fills", event.now, values)

    return on_fills


def telling(house: inbox.House, names: dict[str, str]) -> Handler:
    """A letter to the driver: the bay is free, the end comes near, the wallet is empty. `names` is site -> name."""

    def on_stay(session: Session, event: StayChanged) -> None:
        if event.person_id is None or event.kind == "settled":
            return
        end = i18n.clock_time(event.end, "de") if event.end is not None else ""
        values = {"site": names.get(event.site, event.site), "token": event.token, "end": end}
        inbox.send_message(session, house, event.person_id, "parking", f"stay-{event.kind}", event.now, values)

    return on_stay
