"""Pages and calls of the tills."""

from hub.till.web import admin, cards, demo, desk, machine

blueprints = (desk.blueprint, admin.blueprint, cards.blueprint, machine.blueprint)

demo_blueprint = demo.blueprint

__all__ = ["blueprints", "demo_blueprint"]
