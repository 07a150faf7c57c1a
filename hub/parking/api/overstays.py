"""Rule files for standing too long, and which car park has which."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.parking.rules import overstay as rules
from hub.parking.rules.overstay import Overstay, OverstayError, Step, fee, minutes_over

__all__ = ["Overstay", "OverstayError", "Step", "fee", "minutes_over", "of_site", "rule"]

_DIRECTORY = Path(__file__).parents[2] / "data" / "overstay"


@lru_cache(maxsize=64)
def rule(name: str) -> Overstay:
    """The rule file with this name; OverstayError (a ValueError) in a plain sentence."""
    try:
        return rules.read_overstay(json.loads((_DIRECTORY / f"{name}.json").read_text()))
    except OSError:
        raise OverstayError(f"there is no rule {name} in {_DIRECTORY.name}") from None
    except json.JSONDecodeError as error:
        raise OverstayError(f"{name}.json is no JSON: {error}") from None


def of_site(facts: Mapping[str, Any]) -> Overstay | None:
    """The rule of a car park, as its tariff in the town's data names it."""
    name = (facts.get("tariff") or {}).get("overstay")
    return rule(str(name)) if name else None
