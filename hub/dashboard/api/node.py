"""One node: what it says of itself, the proof of its messages, what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.dashboard import rules
from hub.fleet import api as fleet
from hub.ingest import api as ingest


@dataclass(frozen=True)
class NodeView:
    """Everything that /admin/knoten/<node> shows; times in ms."""

    now: int
    node: fleet.NodeNow
    state: str
    alarms: Sequence[fleet.AlarmNow]
    proof: ingest.Proof
    config: fleet.ConfigNow
    commands: Sequence[fleet.CommandNow]

    @property
    def config_state(self) -> str:
        """none, refused, applied or underway: what became of the newest configuration."""
        if self.config.v == 0:
            return "none"
        if self.node.config_v == self.config.v:
            return "applied"
        return "refused" if self.node.refused_v == self.config.v else "underway"


def node_view(session: Session, name: str, now: int, language: str) -> NodeView | None:
    """The page's contents, None for an unknown node."""
    node = fleet.node(session, name, now)
    if node is None:
        return None
    line = rules.NodeLine(
        node.id, node.name[language], node.role, node.online, node.last_seen, node.clients, node.capacity
    )
    return NodeView(
        now=now,
        node=node,
        state=line.state,
        alarms=[alarm for alarm in fleet.alarms(session) if alarm.node == name],
        proof=ingest.proof(session, name, now),
        config=fleet.config_now(session, name),
        commands=fleet.commands_now(session, name),
    )
