"""What an uplink says, whether it is new, and what it means for a bay."""

from hub.radio.rules.bay import Bay, Options, observe
from hub.radio.rules.counter import Frames
from hub.radio.rules.decoders import BUILT_IN, REPEAT_S, decode
from hub.radio.rules.envelope import NETWORKS, TOPICS, Join, Uplink, open_envelope
from hub.radio.rules.reading import RadioError, Reading
from hub.radio.rules.table import check_spec

__all__ = [
    "BUILT_IN",
    "NETWORKS",
    "REPEAT_S",
    "TOPICS",
    "Bay",
    "Frames",
    "Join",
    "Options",
    "RadioError",
    "Reading",
    "Uplink",
    "check_spec",
    "decode",
    "observe",
    "open_envelope",
]
