"""Files that people hand in: recognised by their content, cleaned, encrypted at rest, deleted with their case.

`Intake.receive` looks at the bytes and puts them on disk under a random id; `attach` writes the row that names them
in the caller's own transaction (`draft` one for a form that is not sent yet). Bytes come before the row and go after
it, so a crash leaves at most bytes that no row names: the nightly sweep removes them.
"""

from hub.core.files.intake import Intake, Received, RefusedError
from hub.core.files.rules import ACCEPT, KINDS
from hub.core.files.table import (
    REMOVE_JOB,
    Stored,
    TakenError,
    attach,
    cases,
    delete_case,
    delete_drafts,
    draft,
    drafts,
    exported,
    find,
    known,
    used_bytes,
)
from hub.core.files.vault import Vault

__all__ = [
    "ACCEPT",
    "KINDS",
    "REMOVE_JOB",
    "Intake",
    "Received",
    "RefusedError",
    "Stored",
    "TakenError",
    "Vault",
    "attach",
    "cases",
    "delete_case",
    "delete_drafts",
    "draft",
    "drafts",
    "exported",
    "find",
    "known",
    "used_bytes",
]
