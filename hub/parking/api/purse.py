"""Wallets pay for parking stays."""

from dataclasses import dataclass

from hub.core.db import Session
from hub.payments import api as payments


@dataclass(frozen=True)
class WalletPurse:
    """`taxes` is site -> tax rate of its fees in percent, `titles` site -> what stands on the receipt."""

    taxes: dict[str, str]
    titles: dict[str, str]

    def hold(self, session: Session, key: str, number: int, holder: str, cents: int, now: int) -> bool:
        """Sets money of the holder's wallet aside."""
        return payments.holds.hold(session, key, number, holder, cents, now)

    def settle(
        self, session: Session, key: str, holder: str, site: str, held: int, cents: int, lines: list[str], now: int
    ) -> None:
        """Pays the fee with its derivation on the receipt; the rest goes back."""
        title = self.titles.get(site, site)
        item = payments.Item(title, cents, "parking", self.taxes.get(site, "0"), tuple(lines))
        order = payments.Order(key, holder, "parking", key.removeprefix("stay:"), title, (item,))
        payments.holds.settle(session, order, held, now)
