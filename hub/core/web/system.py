"""Is the web server alive, is it ready, and what does its API look like."""

from pathlib import Path
from typing import Any

import flask
from flask.typing import ResponseReturnValue

from hub.core import schema
from hub.core.db import Database, UnavailableErrors
from hub.core.web.headers import answer_json

blueprint = flask.Blueprint("system", __name__)

OPENAPI = Path(__file__).parents[2] / "openapi.json"


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The process and its database answer, and the tables are those that it needs; 503 with the reason otherwise."""
    try:
        reason = _not_ready(flask.current_app.extensions)
    except UnavailableErrors:
        reason = "the database does not answer"
    return ({"ok": False, "reason": reason}, 503) if reason else ({"ok": True}, 200)


def _not_ready(extensions: dict[str, Any]) -> str:
    database: Database = extensions["database"]
    if extensions.get("schema_fits"):  # it stays so as long as this process runs
        return "" if database.is_ready() else "the database does not answer"
    reason = schema.problem(database.revision())
    extensions["schema_fits"] = not reason
    return reason


@blueprint.get("/api/openapi.json")
def openapi() -> ResponseReturnValue:
    """The OpenAPI document."""
    return answer_json(OPENAPI.read_bytes(), max_age=300)
