"""Parking's money: set aside in wallets, paid by card before, given back by card."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.core.db import Session
from hub.parking.api.bills import Derivation
from hub.payments import api as payments

OPERATION = "parking"
PURPOSE = "parking_card"  # a stay without an account: the money must be there at once


@dataclass(frozen=True)
class WalletPurse:
    """`taxes` is site -> tax rate of its fees in percent, `titles` site -> what stands on the receipt."""

    taxes: dict[str, str]
    titles: dict[str, str]
    titles_en: dict[str, str] = field(default_factory=dict)

    def item(self, site: str, cents: int, why: Derivation) -> payments.Item:
        """A fee as it stands on the receipt."""
        title, tax = self.titles.get(site, site), self.taxes.get(site, "0")
        return payments.Item(title, cents, OPERATION, tax, why.de, why.en, self.titles_en.get(site, ""))

    def hold(self, session: Session, key: str, number: int, holder: str, cents: int, now: int) -> bool:
        """Sets money of the holder's wallet aside."""
        return payments.holds.hold(session, key, number, holder, cents, now)

    def settle(
        self, session: Session, key: str, holder: str, site: str, held: int, cents: int, lines: Derivation, now: int
    ) -> None:
        """Pays the fee with its derivation on the receipt; the rest goes back."""
        item = self.item(site, cents, lines)
        order = payments.Order(key, holder, OPERATION, key.removeprefix("stay:"), item.text, (item,))
        payments.holds.settle(session, order, held, now)

    def ask(self, session: Session, key: str, token: str, site: str, cents: int, why: Derivation, now: int) -> str:
        """The number of a payment that anybody may make by card for a stay; the same key gives the same one."""
        item, target = self.item(site, cents, why), f"/parken/vorgang/{token}"
        facts = {"key": key, "owner": "", "purpose": PURPOSE, "reference": token, "title": item.text}
        made = payments.payments.request(session, **facts, items=(item,), now=now, return_to=target)
        return made.payment.id

    def give_back(self, session: Session, key: str, paid: Sequence[str], cents: int, now: int) -> None:
        """Sends cents of payments by card back, the newest payment first."""
        left = cents
        for payment_id in reversed(paid):
            one = payments.payments.find(session, payment_id)
            share = min(left, one.payment.refundable) if one is not None else 0
            if share > 0:
                payments.refunds.refund(session, payment_id, share, key, "unused parking time", now)
                left -= share


def money(session: Session, holder: str, now: int) -> int:
    """Cents in a holder's wallet."""
    return payments.wallet.get(session, holder, now).balance


def receipts(session: Session, token: str, by_card: Sequence[str]) -> list[payments.Listed]:
    """The payments of a stay that is over or was paid before, the oldest first."""
    out_of_wallet = payments.payments.by_key(session, f"stay:{token}")
    found = [payments.payments.find(session, one) for one in by_card]
    return [one for one in (out_of_wallet, *found) if one is not None and payments.receipts.has_receipt(one)]
