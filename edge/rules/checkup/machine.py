"""The node itself: disk, power, sensors, services."""

from collections.abc import Mapping, Sequence

from edge.rules.checkup.finding import Finding, bad, good, warn

_TIGHT_MB, _FULL_MB = 500, 50
_UNDERVOLTAGE, _THROTTLED = 0x1, 0x4


def judge_disk(free_mb: int | None, total_mb: int, writable: bool, directory: str) -> Finding:
    """Room where the outbox lies."""
    area = "disk"
    if free_mb is None:
        return bad(area, f"{directory} is not there", "Run the playbook again, it makes the directory.")
    if free_mb < _FULL_MB:
        advice = (
            "Make room: sudo journalctl --vacuum-size=16M; sudo apt-get clean; then look at `sudo du -xh / | sort -h`."
        )
        return bad(area, f"the disk is full, {free_mb} of {total_mb} MB are free, readings will be lost", advice)
    if not writable:
        advice = "Start the node again; if it comes back, the SD card is worn out: replace it."
        return bad(area, f"{directory} cannot be written", advice)
    if free_mb < _TIGHT_MB and free_mb < total_mb / 10:
        advice = "Make room soon: sudo apt-get clean, and see `sudo du -xh / | sort -h`."
        return warn(area, f"only {free_mb} of {total_mb} MB are free", advice)
    return good(area, f"{free_mb} of {total_mb} MB are free")


def judge_power(bits: int | None) -> Finding | None:
    """The Raspberry Pi's own bits; None where no firmware tells."""
    if bits is None:
        return None
    if bits & _UNDERVOLTAGE:
        return bad("power", "the voltage is too low", "Use the official power supply and a short cable.")
    if bits & _THROTTLED:
        return warn("power", "the processor is slowed down, it is too hot", "Give the box shade or air.")
    if bits >> 16 & (_UNDERVOLTAGE | _THROTTLED):
        return warn(
            "power", "the voltage was too low or the heat too high since the start", "Watch it; see `vcgencmd`."
        )
    return good("power", "voltage and heat are well")


def judge_sensors(configured: Sequence[str], states: Mapping[str, str | None] | None) -> Finding:
    """`states` as the agent says them; None when it does not run."""
    area = "sensors"
    if states is None:
        advice = "Look why: sudo journalctl -u stadtknoten-edge -n 20"
        return bad(area, "the agent is not running", advice)
    if missing := [bay for bay in configured if bay not in states]:
        advice = "The configuration changed: sudo systemctl restart stadtknoten-edge"
        return warn(area, f"the agent does not know {', '.join(missing)}", advice)
    if broken := [bay for bay, state in states.items() if state in ("faulty", "unknown")]:
        advice = (
            f"Check plug, pin and voltage of {broken[0]}, then: sudo systemctl stop stadtknoten-edge; "
            f"sudo stadtknoten-edge calibrate {broken[0]}; sudo systemctl start stadtknoten-edge"
        )
        return bad(area, f"no sense in what {', '.join(broken)} says", advice)
    if waiting := [bay for bay, state in states.items() if state is None]:
        return warn(area, f"{', '.join(waiting)} said nothing yet", "Wait half a minute and ask again.")
    return good(area, f"{len(states)} bays are read" if states else "no bays are connected here")


def judge_services(states: Mapping[str, str]) -> list[Finding]:
    """systemd's word for each of our units; a good one when all that are there are active."""
    found = [
        bad("services", f"{unit} is {state}", f"Look why: sudo journalctl -u {unit} -n 20")
        for unit, state in states.items()
        if state not in ("active", "activating", "reloading")
    ]
    return found or ([good("services", f"{len(states)} are running")] if states else [])
