"""The ONLY wiring: which module listens to which event, which pages exist and who may see them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.core.db import Session

# event class declared in a module's api -> handlers of the modules above it, run in the announcer's transaction
EVENTS: Mapping[type, Sequence[Callable[[Session, Any], None]]] = {}
