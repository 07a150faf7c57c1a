"""The roles' templates with their defaults, outside of Ansible: for what can be judged without a machine."""

import json
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROLES = Path(__file__).parents[2] / "ansible/roles"


def defaults(role: str) -> dict[str, Any]:
    """A role's own defaults; the values themselves are not rendered."""
    return dict(yaml.safe_load((ROLES / role / "defaults/main.yml").read_text()) or {})


def render(role: str, template: str, **values: object) -> str:
    """The text of one template; a name that nobody set is an error."""
    loader = jinja2.FileSystemLoader(ROLES / role / "templates")
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["to_json"] = json.dumps
    environment.filters["bool"] = lambda value: value if isinstance(value, bool) else value == "true"
    environment.filters["basename"] = lambda value: Path(value).name
    return environment.get_template(template).render({**defaults(role), **values})


def units() -> list[tuple[str, str]]:
    """(role, template) of every service."""
    return sorted((file.parts[-3], file.name) for file in ROLES.glob("*/templates/*.service.j2"))
