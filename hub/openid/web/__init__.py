"""The provider's endpoints and pages."""

from hub.openid.web import authorize, connections, logout, machines, tokens
from hub.openid.web.authorize import form_target

blueprints = (authorize.blueprint, tokens.blueprint, logout.blueprint, connections.blueprint)
machine_errors = dict.fromkeys(tokens.JSON_PATHS, machines.failed)

__all__ = ["blueprints", "form_target", "machine_errors"]
