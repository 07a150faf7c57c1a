"""The administrators' pages of the hub's own work."""

from hub.operations.web import jobs, log, tasks

blueprints = (jobs.blueprint, tasks.blueprint, log.blueprint)

__all__ = ["blueprints"]
