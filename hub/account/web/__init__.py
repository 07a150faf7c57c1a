"""The account's pages."""

from hub.account.api.demo import PERSONAS
from hub.account.web import address, circles, counter, demo, login, partings, porter, registration, security, upstream
from hub.account.web.circles import acting
from hub.account.web.porter import PORTER

blueprints = tuple(
    room.blueprint for room in (login, porter, registration, security, address, circles, partings, counter)
)

demo_blueprint = demo.blueprint
upstream_blueprint = upstream.blueprint

__all__ = ["PERSONAS", "PORTER", "acting", "blueprints", "demo_blueprint", "upstream_blueprint"]
