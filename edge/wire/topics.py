"""Topics of the contract between nodes and hub. MicroPython-safe: no typing imports.

Up:   node/v1/<node>/<kind>   durable kinds are kept in the node's outbox until the hub's ack; status is
                              latest-only; session, answer and backup are said once and may be lost
Down: hub/v1/<node>/<kind>    (config is retained) and the retained hub/v1/all/bulletin
"""

VERSION = 1
DURABLE_KINDS = ("bay", "portal", "alarm", "skip")
UP_KINDS = DURABLE_KINDS + ("status", "session", "answer", "backup")  # noqa: RUF005 (MicroPython knows no * in a tuple)
DOWN_KINDS = ("ack", "config", "command", "grant", "update")

ALL_UP = "node/+/+/+"  # every version, so that an unknown one is counted instead of unseen
BULLETIN = "hub/v1/all/bulletin"

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def is_name(text: str) -> bool:
    """True for a node's or bay's name: 1 to 63 of a-z 0-9 _ - (safe in topics, file names and DNS); "all" is taken."""
    return 0 < len(text) <= 63 and text != "all" and not text.strip(_NAME_CHARACTERS)


def up(node: str, kind: str) -> str:
    """Topic on which `node` sends messages of `kind`."""
    if kind not in UP_KINDS:
        raise ValueError("no such kind: " + kind)
    return "node/v1/" + node + "/" + kind


def down(node: str, kind: str) -> str:
    """Topic on which the hub sends messages of `kind` to `node`."""
    if kind not in DOWN_KINDS:
        raise ValueError("no such kind: " + kind)
    return "hub/v1/" + node + "/" + kind


def all_down(node: str) -> str:
    """Topic filter for everything the hub sends to `node`."""
    return "hub/v1/" + node + "/+"


def split(topic: str) -> tuple[str, str, str, str]:
    """(side, version, node, kind) of a topic, e.g. ("node", "v1", "kurpark", "bay"); else ValueError."""
    parts = topic.split("/")
    if len(parts) != 4:
        raise ValueError("not a topic of the contract: " + topic)
    return parts[0], parts[1], parts[2], parts[3]
