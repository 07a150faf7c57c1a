"""One node: what it says of itself, the proof of its messages, what it was told, what was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.dashboard import rules
from hub.fleet import api as fleet
from hub.fleet.api import rollouts
from hub.ingest import api as ingest

DAY = rules.DAY


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
    versions: Sequence[fleet.VersionNow]
    blocks: Sequence[fleet.BlockNow]
    backups: Sequence[fleet.BackupNow]
    updates: Sequence[rollouts.RolloutNow]

    @property
    def config_state(self) -> str:
        """none, refused, applied or underway: what became of the newest configuration."""
        if self.config.v == 0:
            return "none"
        if self.node.config_v == self.config.v:
            return "applied"
        return "refused" if self.node.refused_v == self.config.v else "underway"

    @property
    def gate_state(self) -> str:
        """applied, underway or "" (it does not say): whether the gate obeys what the agent took."""
        if self.node.wifi_open is None or self.config_state != "applied":
            return ""
        return "applied" if self.node.wifi_v == self.config.v else "underway"


@dataclass(frozen=True)
class HistoryView:
    """Everything that /admin/knoten/<node>/verlauf shows; `since` is where the pictures begin."""

    now: int
    node: fleet.NodeNow
    since: int
    series: Sequence[fleet.Series]
    happenings: Sequence[fleet.Happening]

    @property
    def count(self) -> int:
        """How many values the longest way has."""
        return max((one.count for one in self.series), default=0)

    def line(self, one: fleet.Series) -> str:
        """The SVG path of a figure's way."""
        lowest, span = min(one.lowest, 0), max(one.highest - min(one.lowest, 0), 1)
        path = rules.sparkline(
            [None if value is None else round((value - lowest) / span * 1000) for value in one.values]
        )
        return re.sub(r"(M\S+ [\d.]+)(?=M|$)", r"\1h6", path)  # a lonely value is a dash


def node_view(session: Session, name: str, now: int, language: str) -> NodeView | None:
    """The page's contents, None for an unknown node."""
    node = fleet.node(session, name, now)
    if node is None:
        return None
    alarms = [alarm for alarm in fleet.alarms(session) if alarm.node == name]
    share = node.clients / node.capacity if node.clients is not None and node.capacity and node.online else None
    codes = {alarm.code: alarm.text for alarm in alarms}
    return NodeView(
        now=now,
        node=node,
        state=fleet.overview.state_of(node.last_seen, node.online, codes, share, node.wifi_open),
        alarms=alarms,
        proof=ingest.proof(session, name, now),
        config=fleet.config_now(session, name),
        commands=fleet.commands_now(session, name),
        versions=fleet.versions_now(session, name),
        blocks=fleet.blocks_now(session, name, now),
        backups=fleet.backups_now(session, name),
        updates=rollouts.updates_now(session, name, now, 1),
    )


def history_view(session: Session, name: str, days: int, now: int) -> HistoryView | None:
    """The page's contents, None for an unknown node; figures of a fortnight at most are there."""
    node = fleet.node(session, name, now)
    if node is None:
        return None
    since = now - days * DAY
    begin, series = fleet.series(session, name, since, now)
    return HistoryView(now, node, begin, series, fleet.happenings(session, name, node.site, since))
