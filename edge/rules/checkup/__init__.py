"""What the doctor thinks of a node: facts in, findings out. Each finding that is not good says what to do."""

from edge.rules.checkup.finding import Finding, Level, bad, good, warn, worst
from edge.rules.checkup.machine import judge_disk, judge_power, judge_sensors, judge_services
from edge.rules.checkup.remote import Trouble, judge_broker, judge_certificate, judge_clock, judge_hub, judge_uplink
from edge.rules.checkup.visitors import Listener, Wanted, judge_gate, judge_lease, judge_ports, judge_radio

__all__ = [
    "Finding",
    "Level",
    "Listener",
    "Trouble",
    "Wanted",
    "bad",
    "good",
    "judge_broker",
    "judge_certificate",
    "judge_clock",
    "judge_disk",
    "judge_gate",
    "judge_hub",
    "judge_lease",
    "judge_ports",
    "judge_power",
    "judge_radio",
    "judge_sensors",
    "judge_services",
    "judge_uplink",
    "warn",
    "worst",
]
