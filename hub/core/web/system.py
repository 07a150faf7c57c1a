"""Is the web server alive, is it ready, and what does its API look like."""

from pathlib import Path

import flask
from flask.typing import ResponseReturnValue

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
    """The process and its database answer; 503 otherwise."""
    database: Database = flask.current_app.extensions["database"]
    try:
        ready = database.is_ready()
    except UnavailableErrors:
        ready = False
    return {"ok": ready}, 200 if ready else 503


@blueprint.get("/api/openapi.json")
def openapi() -> ResponseReturnValue:
    """The OpenAPI document."""
    return answer_json(OPENAPI.read_bytes(), max_age=300)
