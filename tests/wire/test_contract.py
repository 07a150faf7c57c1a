"""Producer, consumer and document agree: golden files, AsyncAPI document, table of fields."""

import ast
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from edge import wire
from edge.wire import topics
from edge.wire.messages import CHOICES

GOLDEN = Path(__file__).with_name("golden")
WIRE = Path(wire.__file__).parent
DOCUMENT = yaml.safe_load((WIRE / "asyncapi.yaml").read_text())
TYPES = {
    (str,): "string",
    (int,): "integer",
    (int, float): "number",
    (bool,): "boolean",
    (dict,): "object",
    (list,): "array",
}


def golden(kind: str):
    return json.loads((GOLDEN / f"{kind}.json").read_text())


@pytest.mark.parametrize("kind", wire.FIELDS)
def test_the_golden_message_keeps_the_contract(kind: str) -> None:
    wire.check(kind, golden(kind))
    assert wire.decode(kind, wire.encode(kind, golden(kind))) == golden(kind)


@pytest.mark.parametrize("kind", wire.FIELDS)
def test_the_golden_message_shows_every_field(kind: str) -> None:
    assert set(golden(kind)) == set(wire.FIELDS[kind])


@pytest.mark.parametrize("kind", wire.FIELDS)
def test_the_document_says_what_the_code_checks(kind: str) -> None:
    payload = DOCUMENT["components"]["messages"][kind]["payload"]
    jsonschema.validate(golden(kind), payload)
    assert set(payload["properties"]) == set(wire.FIELDS[kind])
    assert payload["required"] == [field for field, (_, required) in wire.FIELDS[kind].items() if required]
    for field, (types, _) in wire.FIELDS[kind].items():
        assert payload["properties"][field]["type"] == TYPES[types]
    for field, choices in CHOICES.get(kind, ()):
        assert payload["properties"][field]["enum"] == list(choices)


def test_every_topic_is_a_channel_of_the_document_and_the_other_way_round() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    up = {wire.up("{node}", kind) for kind in topics.UP_KINDS}
    down = {wire.down("{node}", kind) for kind in topics.DOWN_KINDS}
    assert addresses == up | down | {wire.BULLETIN}
    assert DOCUMENT["asyncapi"] == "3.0.0"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                target = DOCUMENT
                for part in value["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for member in value.values():
                walk(member)

    walk(DOCUMENT)


@pytest.mark.parametrize("file", sorted(WIRE.glob("*.py")), ids=lambda file: file.name)
def test_the_contract_runs_under_micropython_so_it_imports_json_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert all(name == "json" or name.split(".")[:2] == ["edge", "wire"] for name in names), names
