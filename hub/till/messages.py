"""What tills hear: payments of what was open, stays that end, log-outs; and what guests hear of them."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.account import api as account
from hub.core.db import Session
from hub.inbox import api as inbox
from hub.parking.api.stays import StayChanged
from hub.payments import api as payments
from hub.till import api

Handler = Callable[[Session, Any], None]


def handlers(town: api.Town, house: inbox.House, sites: Mapping[str, str]) -> Mapping[type, Handler]:
    """event -> what the tills do; `sites` is car park -> name."""

    def on_payment(session: Session, event: payments.PaymentCompleted) -> None:
        api.returns.on_payment(session, town, event)

    def on_claim(session: Session, event: api.ClaimOpened) -> None:
        title = town.operations[event.operation].title
        _write(session, house, "till-claim", event, site=title, token=event.payment_id)

    def on_refund(session: Session, event: api.ParkingRefunded) -> None:
        place = sites.get(event.site, event.site)
        _write(session, house, "parking-refunded", event, site=place, token=event.payment_id)

    def on_due(session: Session, event: api.ParkingDue) -> None:
        _write(session, house, "parking-due", event, site=sites.get(event.site, event.site), token=event.payment_id)

    return {
        payments.PaymentCompleted: on_payment,
        StayChanged: api.parking.on_stay,
        account.SessionsEnded: api.passes.on_sessions_ended,
        api.ClaimOpened: on_claim,
        api.ParkingRefunded: on_refund,
        api.ParkingDue: on_due,
    }


def _write(
    session: Session,
    house: inbox.House,
    kind: str,
    event: api.ClaimOpened | api.ParkingRefunded | api.ParkingDue,
    site: str | Mapping[str, str],
    token: str,
) -> None:
    """A letter in the person's language."""
    person = account.find(session, event.person_id)
    if person is None:
        return
    place = site if isinstance(site, str) else site.get(person.language, site["de"])
    values = {"site": place, "sum": payments.euro(event.cents, person.language), "token": token}
    inbox.send_message(session, house, person.id, "till", kind, event.now, values)
