"""The hub's commands, a module for each field: what they are called, what they ask for, what they start."""

import argparse
import logging
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from hub.settings import Settings

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def settings_of_environment() -> "Settings":
    """The settings, and their log level set; `ValueError` when one is wrong."""
    from hub.settings import Settings  # not at the top: `--help` answers without pydantic

    settings = Settings()
    logging.getLogger().setLevel(settings.log_level)
    return settings
