"""What people are told of a rollout; in German, as all alerts."""

from collections.abc import Sequence

from hub.fleet.rules.rollout import DONE, FAILED
from hub.fleet.store import rollouts


def news(row: rollouts.Rollout, parts: Sequence[rollouts.RolloutNode]) -> str:
    """That it ended, or came to a halt."""
    if row.node:
        return f"{row.node} hat {row.release} nicht: {'; '.join(part.text for part in parts)}"[:300]
    if row.state == "done":
        done = sum(part.state == DONE for part in parts)
        share = f"{done} von {len(parts)} Knoten {'hat' if done == 1 else 'haben'} sie"
        return f"Die Verteilung von {row.release} ist fertig, {share}."
    failed = [part.node for part in parts if part.state == FAILED]
    who = f"{len(failed)} Knoten {'kam' if len(failed) == 1 else 'kamen'} nicht zurecht ({', '.join(failed[:5])})"
    return f"Die Verteilung von {row.release} hält an: {who}."


def stuck(row: rollouts.Rollout, names: Sequence[str]) -> str:
    """That it waits for nodes that are away."""
    others = f" und {len(names) - 5} weitere" if len(names) > 5 else ""
    if row.node:
        return f"{row.node} ist seit über einer Stunde nicht erreichbar und hat {row.release} noch nicht geholt."
    return (
        f"Die Verteilung von {row.release} wartet seit über einer Stunde auf {', '.join(names[:5])}{others}: nicht "
        "erreichbar. Strom und Leitung prüfen; oder auf der Seite „Verteilung“ beiseitelegen, dann geht es ohne weiter."
    )
