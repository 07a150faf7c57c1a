"""What people are told of a rollout's end: the figures are true, and one node is one node."""

import pytest

from hub.fleet.api.rollouts.words import news
from hub.fleet.store.rollouts import Rollout, RolloutNode


def told(state: str, *nodes: str) -> str:
    """The news of a rollout in `state` whose nodes are in these states."""
    row = Rollout(release="1.0-bbbbbbbbbbbb", state=state, node="")
    return news(row, [RolloutNode(node=f"n{number}", state=one, text="") for number, one in enumerate(nodes)])


@pytest.mark.parametrize(
    ("nodes", "share"),
    [
        (["done", "done", "skipped", "skipped", "skipped"], "2 von 5 Knoten haben sie"),
        (["done", "skipped", "failed"], "1 von 3 Knoten hat sie"),
        (["skipped"], "0 von 1 Knoten haben sie"),
    ],
)
def test_only_nodes_that_are_done_have_it(nodes: list[str], share: str) -> None:
    assert told("done", *nodes) == f"Die Verteilung von 1.0-bbbbbbbbbbbb ist fertig, {share}."


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (["failed", "waiting"], "hält an: 1 Knoten kam nicht zurecht (n0)."),
        (["failed", "failed"], "hält an: 2 Knoten kamen nicht zurecht (n0, n1)."),
    ],
)
def test_one_node_that_failed_is_told_of_as_one(nodes: list[str], sentence: str) -> None:
    assert told("halted", *nodes) == f"Die Verteilung von 1.0-bbbbbbbbbbbb {sentence}"
