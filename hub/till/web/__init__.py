"""Pages and calls of the tills."""

from hub.till.web import admin, cards, desk, machine

blueprints = (desk.blueprint, admin.blueprint, cards.blueprint, machine.blueprint)

__all__ = ["blueprints"]
