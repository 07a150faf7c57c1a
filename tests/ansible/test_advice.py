"""Every command that somebody is advised to type is one that our programs take, with all that they need."""

import ast
import html
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.__main__ import TOOLS
from edge.tools import calibrate, configure, doctor, enrol, update
from hub.__main__ import parser as hub_parser
from tests.edge.doctor.test_checkup import BROKEN

ROOT = Path(__file__).parents[2]
EDGE = {
    "calibrate": calibrate._parser,
    "configure": configure._parser,
    "doctor": doctor._parser,
    "enrol": enrol._enrol_parser,
    "renew": enrol._renew_parser,
    "update": update._parser,
}
_END = r"(?=$|[`;&|),'\"“”<\n]|\.(?:\s|$)|  | (?:and|with|then|to|on) )"
_COMMAND = re.compile(rf"(?<!-u )\bstadtknoten-(edge|hub) ([a-z][\w-]*\b.*?){_END}")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(program, its words) of every command in a text; a service's name is none, nor is what a parser calls itself."""
    for found in _COMMAND.finditer("" if _COMMAND.fullmatch(text) and len(text.split()) == 2 else text):
        yield found[1], re.sub(r"[\[\]]|\.\.\.|…", "", found[2]).strip()


def strings(file: Path) -> Iterator[str]:
    """What a program may say: its texts without docstrings, values that come in at run time as one word."""
    tree = ast.parse(file.read_text())
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    inside |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "VALUE" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def readme_code(file: Path) -> Iterator[str]:
    """What stands in back quotes or in a block of commands."""
    text = file.read_text()
    yield from re.findall(r"`([^`\n]+)`", text)
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines())


def advised() -> dict[tuple[str, str], str]:
    """Every command, and where it stands."""
    texts = [("the doctor", finding.advice) for finding, _ in BROKEN.values() if finding is not None]
    for file in [*ROOT.glob("edge/**/*.py"), *ROOT.glob("hub/fleet/**/*.py"), ROOT / "hub/identities.py"]:
        texts += [(str(file.relative_to(ROOT)), text) for text in strings(file)]
    for file in (ROOT / "README.md", ROOT / "ansible/README.md", ROOT / "ansible/first-boot/README.md"):
        texts += [(str(file.relative_to(ROOT)), text) for text in readme_code(file)]
    for file in ROOT.glob("ansible/roles/*/tasks/*.yml"):
        words = re.sub(r"\{\{.*?\}\}", "VALUE", " ".join(file.read_text().split()))
        texts += [
            (str(file.relative_to(ROOT)), "stadtknoten-" + text.partition(" && ")[0])
            for text in words.split("sudo stadtknoten-")[1:]
        ]
    for file in ROOT.glob("hub/templates/dashboard/*.html"):
        text = re.sub(r"\{\{.*?\}\}", "VALUE", file.read_text())
        texts.append((str(file.relative_to(ROOT)), html.unescape(text)))
    return {command: place for place, text in texts for command in commands(text)}


ADVISED = advised()


@pytest.mark.parametrize(("program", "words"), sorted(ADVISED), ids=lambda part: part.replace(" ", "_"))
def test_every_advised_command_is_taken_as_it_stands(program: str, words: str) -> None:
    arguments = shlex.split(words)
    assert [word for word in arguments if "/" in word and not word.startswith(("/", "https://"))] == [], (
        "where is that?"
    )
    try:
        if program == "hub":
            hub_parser().parse_args(arguments)
        elif arguments[0] in TOOLS:
            EDGE[arguments[0]]().parse_args(arguments[1:])
        else:
            pytest.fail(f"no such tool ({ADVISED[program, words]})")
    except SystemExit as ended:
        pytest.fail(f"stadtknoten-{program} {words}: refused ({ADVISED[program, words]})" if ended.code else "")


def test_the_commands_of_every_day_are_among_them() -> None:
    named = {(program, words.split()[0]) for program, words in ADVISED}
    assert {("edge", "enrol"), ("edge", "calibrate"), ("edge", "renew"), ("edge", "doctor")} <= named
    assert {("hub", "node"), ("hub", "rollout"), ("hub", "admin")} <= named


def test_what_the_doctor_advises_is_typed_with_sudo() -> None:
    for finding, _ in BROKEN.values():
        if finding is not None:
            assert re.search(r"(?<!sudo )(?<!-u )\bstadtknoten-(edge|hub) [a-z]", finding.advice) is None, (
                finding.advice
            )
