"""The part of the environment that is not a setting of the hub: what children inherit, where a user's state is.

Apart from `hub.settings`, because the demo's supervisor stays small by not importing pydantic.
"""

import os
from pathlib import Path


def inherited_environment() -> dict[str, str]:
    """The environment without any HUB_ setting but BundID's: a demonstration may have a broker of its own."""
    return {
        key: value for key, value in os.environ.items() if not key.startswith("HUB_") or key.startswith("HUB_BUNDID_")
    }


def current_environment() -> dict[str, str]:
    """The environment as it is, for child processes that shall have the same settings."""
    return dict(os.environ)


def user_state_dir() -> Path:
    """Where the demo keeps its state: $XDG_STATE_HOME/stadtknoten/demo, by default under ~/.local/state."""
    return Path(os.environ.get("XDG_STATE_HOME", "~/.local/state")).expanduser() / "stadtknoten" / "demo"
