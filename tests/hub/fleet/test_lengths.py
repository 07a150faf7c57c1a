"""The house's limit for functions holds in this module."""

import ast
from pathlib import Path

import hub.fleet

LINES = 30


def test_no_function_of_the_fleet_is_longer_than_one_can_see_at_once() -> None:
    modules = list(Path(hub.fleet.__file__).parent.rglob("*.py"))
    assert modules
    functions = [
        (file.name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for file in modules
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert [one for one in functions if one[2] > LINES] == []
