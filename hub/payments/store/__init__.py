"""Tables of payments."""

from hub.payments.store import ledger, payment_tables, payments, tables, wallets

__all__ = ["ledger", "payment_tables", "payments", "tables", "wallets"]
