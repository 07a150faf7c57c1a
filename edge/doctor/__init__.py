"""Looks at everything that a node needs and says what to do where something is wrong."""

from edge.doctor.examine import Places, examine
from edge.doctor.listing import as_json, as_list

__all__ = ["Places", "as_json", "as_list", "examine"]
