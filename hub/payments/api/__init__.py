"""Money: the ledger, payments through providers, wallets.

City modules ask for money with `payments.request` (anybody pays at /bezahlen/<id>) or take it out of a wallet with
`wallet.pay`; both tell them by `PaymentCompleted`, `PaymentFailed` and `PaymentRefunded`. Money goes back by
`refunds.refund`.
"""

from hub.payments.api import (
    archive,
    bank,
    debits,
    holds,
    ledger,
    machines,
    payments,
    personal,
    providers,
    receipts,
    refunds,
    repayments,
    wallet,
)
from hub.payments.api.cashier import Cashier
from hub.payments.api.desk import Desk
from hub.payments.api.events import PaymentCompleted, PaymentFailed, PaymentRefunded
from hub.payments.api.ledger import Movement, balance, book, check, statement, transfer
from hub.payments.api.payments import Listed
from hub.payments.api.wallet import Order, Paid
from hub.payments.rules.ledger import Booked, Line, RefusedError, Transfer
from hub.payments.rules.money import cents as read_euro
from hub.payments.rules.money import euro
from hub.payments.rules.payment import Item, Payment, State
from hub.payments.rules.wallet import WalletError

__all__ = [
    "Booked",
    "Cashier",
    "Desk",
    "Item",
    "Line",
    "Listed",
    "Movement",
    "Order",
    "Paid",
    "Payment",
    "PaymentCompleted",
    "PaymentFailed",
    "PaymentRefunded",
    "RefusedError",
    "State",
    "Transfer",
    "WalletError",
    "archive",
    "balance",
    "bank",
    "book",
    "check",
    "debits",
    "euro",
    "holds",
    "ledger",
    "machines",
    "payments",
    "personal",
    "providers",
    "read_euro",
    "receipts",
    "refunds",
    "repayments",
    "statement",
    "transfer",
    "wallet",
]
