"""The fleet's door: the nodes of the town, what they said last, and the alarms."""

from hub.fleet.api.alarms import AlarmNow, alarms, raise_alarm, tidy
from hub.fleet.api.alerts import Send, judge_nodes, notify, send_notices
from hub.fleet.api.certificates import keep_own, own_certificates
from hub.fleet.api.configuration import (
    BlockNow,
    By,
    ConfigConflictError,
    ConfigNow,
    ConfigProblemError,
    UnknownNodeError,
    VersionNow,
    block,
    blocks_now,
    config_now,
    roll_back,
    set_config,
    set_ring,
    set_wifi,
    unblock,
    versions_now,
    would_roll_back,
    would_set_config,
    would_set_wifi,
)
from hub.fleet.api.enrolment import EnrolmentRefusedError, NewCode, enrol, make_code, renew, revocation_list, revoke
from hub.fleet.api.history import (
    BackupNow,
    Happening,
    backups_now,
    figures_since,
    happenings,
    keep_backup,
    series,
)
from hub.fleet.api.lines import OutageNow, lines, outages_now
from hub.fleet.api.nodes import NodeNow, names, node, nodes, seed
from hub.fleet.api.remote import CommandNow, answered, command, commands_now, tell, tell_again
from hub.fleet.api.reports import heard, portal_event, status
from hub.fleet.api.snapshots import Snapshot, forget_snapshots, snapshot
from hub.fleet.api.visitors import has_grants, remember_session, take_grants
from hub.fleet.gateway import Mail, Webhook
from hub.fleet.gateway.certificates import Places
from hub.fleet.gateway.certificates import look as look_at_certificates
from hub.fleet.rules import certificates, overview, wifi
from hub.fleet.rules.certificates import Own
from hub.fleet.rules.configuration import RINGS, Difference, Problem
from hub.fleet.rules.configuration import RULES as RULE_LIMITS
from hub.fleet.rules.history import KEEP_MS as KEEP_FIGURES_MS
from hub.fleet.rules.history import Series
from hub.fleet.rules.overview import Box, Line, Wanted

__all__ = [
    "KEEP_FIGURES_MS",
    "RINGS",
    "RULE_LIMITS",
    "AlarmNow",
    "BackupNow",
    "BlockNow",
    "Box",
    "By",
    "CommandNow",
    "ConfigConflictError",
    "ConfigNow",
    "ConfigProblemError",
    "Difference",
    "EnrolmentRefusedError",
    "Happening",
    "Line",
    "Mail",
    "NewCode",
    "NodeNow",
    "OutageNow",
    "Own",
    "Places",
    "Problem",
    "Send",
    "Series",
    "Snapshot",
    "UnknownNodeError",
    "VersionNow",
    "Wanted",
    "Webhook",
    "alarms",
    "answered",
    "backups_now",
    "block",
    "blocks_now",
    "certificates",
    "command",
    "commands_now",
    "config_now",
    "enrol",
    "figures_since",
    "forget_snapshots",
    "happenings",
    "has_grants",
    "heard",
    "judge_nodes",
    "keep_backup",
    "keep_own",
    "lines",
    "look_at_certificates",
    "make_code",
    "names",
    "node",
    "nodes",
    "notify",
    "outages_now",
    "overview",
    "own_certificates",
    "portal_event",
    "raise_alarm",
    "remember_session",
    "renew",
    "revocation_list",
    "revoke",
    "roll_back",
    "seed",
    "send_notices",
    "series",
    "set_config",
    "set_ring",
    "set_wifi",
    "snapshot",
    "status",
    "take_grants",
    "tell",
    "tell_again",
    "tidy",
    "unblock",
    "versions_now",
    "wifi",
    "would_roll_back",
    "would_set_config",
    "would_set_wifi",
]
