"""The account's pages."""

from hub.account.web import circles, counter, login, porter, registration, security
from hub.account.web.circles import acting
from hub.account.web.porter import PORTER

blueprints = tuple(room.blueprint for room in (login, porter, registration, security, circles, counter))

__all__ = ["PORTER", "acting", "blueprints"]
