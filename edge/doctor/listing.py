"""The doctor's list for a person, and the same as JSON."""

import json
from collections.abc import Sequence

from edge.rules.checkup import Finding, Level, worst

_WORDS = {Level.OK: "ok", Level.WARN: "look", Level.BAD: "BAD"}
_COLOURS = {Level.OK: "\033[32m", Level.WARN: "\033[33m", Level.BAD: "\033[1;31m"}
_END = "\033[0m"


def as_list(findings: Sequence[Finding], *, colour: bool) -> str:
    """One line a finding, what to do below it; colour never is the only sign."""
    lines = []
    for finding in findings:
        word = f"{_WORDS[finding.level]:5}"
        if colour:
            word = f"{_COLOURS[finding.level]}{word}{_END}"
        lines.append(f"{word} {finding.area:14} {finding.text}")
        if finding.advice:
            lines.append(f"{'':20} -> {finding.advice}")
    lines.append(_sum(findings))
    return "\n".join(lines)


def _sum(findings: Sequence[Finding]) -> str:
    bad, look = (sum(1 for one in findings if one.level is level) for level in (Level.BAD, Level.WARN))
    if not bad and not look:
        return "\nThis node is well."
    return f"\n{bad} BAD, {look} to look at."


def as_json(findings: Sequence[Finding]) -> str:
    """{"level": ..., "findings": [{"area", "level", "text", "advice"}]}; levels are ok, look and bad."""
    rows = [
        {"area": one.area, "level": _WORDS[one.level].lower(), "text": one.text, "advice": one.advice}
        for one in findings
    ]
    return json.dumps({"level": _WORDS[worst(findings)].lower(), "findings": rows}, indent=1)
