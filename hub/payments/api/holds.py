"""Money that is set aside in a wallet while its amount is not known yet, and settled once."""

from hub.core.db import Session
from hub.payments.api import ledger, wallet
from hub.payments.api.wallet import Order
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import payment as payment_rules
from hub.payments.rules.ledger import Line, RefusedError


def hold(session: Session, key: str, number: int, owner: str, cents: int, now: int) -> bool:
    """Sets cents of a wallet aside; False when it has too little or would go over its day. Once for key and number."""
    line = Line(ledger_rules.wallet(owner), ledger_rules.held(owner), cents)
    try:
        ledger.transfer(session, f"hold:{key}:{number}", [line], now, "set aside")
    except RefusedError as error:
        if error.reason not in ("funds", "day_limit"):
            raise
        wallet.fill_low(session, owner, now)
        return False
    wallet.fill_low(session, owner, now)
    return True


def settle(session: Session, order: Order, held: int, now: int) -> None:
    """Pays an order out of what was set aside (`held` cents in all) and gives the rest back; the same again is nothing.

    RefusedError when more is asked than was set aside.
    """
    cents = sum(item.cents for item in order.items)
    if cents > held:
        raise RefusedError("funds", order.key)
    source = ledger_rules.held(order.owner)
    if cents:
        lines = [Line(source, target, part) for target, part in payment_rules.incomes(order.items).items()]
        booked = ledger.transfer(session, f"pay:{order.key}", lines, now, f"{order.purpose} {order.reference}"[:60])
        if booked.is_new:
            wallet.note_paid(session, order, now)
    if held > cents:
        back = Line(source, ledger_rules.wallet(order.owner), held - cents)
        ledger.transfer(session, f"release:{order.key}", [back], now, "not needed")
