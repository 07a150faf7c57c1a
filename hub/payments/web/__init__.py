"""Pages and calls of payments."""

from hub.payments.web import bank, ground, machine, pay, wallet

blueprints = (wallet.blueprint, pay.blueprint, machine.blueprint, bank.blueprint)
FILTERS = {"euro": ground.euro}

__all__ = ["FILTERS", "blueprints"]
