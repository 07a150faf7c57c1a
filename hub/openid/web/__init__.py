"""The provider's endpoints and pages."""

from hub.openid.web import authorize, connections, logout, tokens
from hub.openid.web.authorize import form_target

blueprints = (authorize.blueprint, tokens.blueprint, logout.blueprint, connections.blueprint)

__all__ = ["blueprints", "form_target"]
