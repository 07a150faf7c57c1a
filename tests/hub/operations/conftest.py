"""A control room with jobs in every state."""

from tests.hub.dashboard.conftest import admin, app, settings, town

__all__ = ["admin", "app", "settings", "town"]
