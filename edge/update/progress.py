"""How far an update is: one small file, replaced in one step, that other programs of the node read.

States: downloading, waiting (fetched), installing, trial, and at the end done, refused or rolled_back; interrupted when
the power went away before anything was switched: then it begins again.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from edge import files

ENDED = ("done", "refused", "rolled_back")


@dataclass(frozen=True)
class Progress:
    """`id` is the order's; `old` and `new` are names of releases while there are two of them."""

    id: str = ""
    state: str = ""
    percent: int = 0
    text: str = ""
    old: str = ""
    new: str = ""

    @property
    def is_over(self) -> bool:
        """True when nothing more will happen for this order."""
        return self.state in ENDED


def load(file: Path) -> Progress:
    """What was written last; an empty one when there is none or it cannot be read."""
    try:
        found = json.loads(file.read_text())
        fields = {name: found[name] for name in Progress.__dataclass_fields__}
    except (OSError, ValueError, KeyError, TypeError):
        return Progress()
    if type(fields["percent"]) is not int or not all(
        isinstance(fields[name], str) for name in fields if name != "percent"
    ):
        return Progress()
    return Progress(**fields)


def save(file: Path, progress: Progress) -> None:
    """Durable before it returns."""
    files.replace(file, json.dumps(asdict(progress)).encode(), 0o644)
