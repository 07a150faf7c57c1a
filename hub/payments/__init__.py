"""Money: a double-entry ledger, payments through providers, wallets, receipts."""
