"""The administrators' pages of the hub's own work."""

from hub.operations.web import jobs, log, tasks
from hub.operations.web.words import actions, things

blueprints = (jobs.blueprint, tasks.blueprint, log.blueprint)

__all__ = ["actions", "blueprints", "things"]
