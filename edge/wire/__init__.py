"""THE contract between nodes and hub: topics, versions and payloads. The only part of edge that the hub may import.

The same files run under MicroPython in the wireless sensor, so they import `json` and nothing else.
"""

from edge.wire.messages import (
    BAY_STATES,
    COMMANDS,
    FIELDS,
    MAX_PAYLOAD,
    WireError,
    check,
    decode,
    encode,
    parse,
    readable_seq,
)
from edge.wire.timestamp import format_ms, parse_ms
from edge.wire.topics import ALL_UP, BULLETIN, DURABLE_KINDS, UP_KINDS, VERSION, all_down, down, is_name, split, up
from edge.wire.wifi import (
    LONGEST_BLOCK_MS,
    QUOTAS_MB,
    SPEEDS_MBIT,
    check_wifi,
    is_blocked,
    is_device,
    is_open,
    minutes_of,
    opens_in,
)

__all__ = [
    "ALL_UP",
    "BAY_STATES",
    "BULLETIN",
    "COMMANDS",
    "DURABLE_KINDS",
    "FIELDS",
    "LONGEST_BLOCK_MS",
    "MAX_PAYLOAD",
    "QUOTAS_MB",
    "SPEEDS_MBIT",
    "UP_KINDS",
    "VERSION",
    "WireError",
    "all_down",
    "check",
    "check_wifi",
    "decode",
    "down",
    "encode",
    "format_ms",
    "is_blocked",
    "is_device",
    "is_name",
    "is_open",
    "minutes_of",
    "opens_in",
    "parse",
    "parse_ms",
    "readable_seq",
    "split",
    "up",
]
