"""The public API keeps to its own description."""

import json
import re
from collections.abc import Callable

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from hub.core.web.system import OPENAPI
from hub.parking.api import feeds

BAY = "thermarium-001"
MACHINE_PATHS = ("/api/", "/feeds/", "/.well-known/", "/oauth/", "/healthz", "/readyz", "/metrics")
PAGES = ("/oauth/authorize", "/oauth/consent", "/oauth/wechseln", "/oauth/logout", "/oauth/logout/ja")


def schema(client: FlaskClient, path: str) -> dict[str, object]:
    document = json.loads(client.get("/api/openapi.json").data)
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return {**content["schema"], "components": document["components"]}


def test_the_description_is_valid_and_names_only_what_answers(client: FlaskClient) -> None:
    document = json.loads(client.get("/api/openapi.json").data)
    validate(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            status = client.open(path, method=method).status_code
            assert str(status) in operation["responses"], f"{method} {path} answered {status}"


def test_every_endpoint_for_machines_is_described_and_nothing_else(web_app: Flask) -> None:
    described = {
        (path, method.upper())
        for path, operations in json.loads(OPENAPI.read_text())["paths"].items()
        for method in operations
    }
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in web_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    routes |= {(f"/feeds/{name}", "GET") for name in feeds.FORMATS}  # one route serves them all
    routes -= {("/feeds/{name}", "GET")}
    for_machines = {(path, method) for path, method in routes if path.startswith(MACHINE_PATHS) and path not in PAGES}
    assert described == for_machines


@pytest.mark.parametrize("path", ["/api/parking/sites", "/api/parking/bays", "/healthz", "/readyz"])
def test_answers_have_the_described_form(client: FlaskClient, path: str) -> None:
    jsonschema.validate(json.loads(client.get(path).data), schema(client, path))


def test_a_reading_changes_site_and_bay(client: FlaskClient, report: Callable[[str, str], None]) -> None:
    for state, free, occupied in (("free", 1, 0), ("occupied", 0, 1)):
        report(BAY, state)
        site = client.get("/api/parking/sites").json["sites"][0]
        bay = client.get("/api/parking/bays?site=thermarium").json["bays"][0]
        assert (site["free"], site["occupied"], site["unknown"]) == (free, occupied, 89)
        assert (bay["id"], bay["state"], bay["site"]) == (BAY, state, "thermarium")
        jsonschema.validate({"bays": [bay]}, schema(client, "/api/parking/bays"))


def test_the_etag_saves_the_second_answer_until_something_changes(
    client: FlaskClient, report: Callable[[str, str], None]
) -> None:
    report("thermarium-002", "free")
    first = client.get("/api/parking/sites")
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get("/api/parking/sites", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    report("thermarium-002", "occupied")
    assert client.get("/api/parking/sites", headers=known).status_code == 200


def test_the_stream_is_at_the_live_server(client: FlaskClient) -> None:
    answer = client.get("/api/parking/stream", base_url="http://stadt.example:8080")
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://stadt.example:8093/api/parking/stream")


def test_errors_of_the_api_are_json(client: FlaskClient) -> None:
    answer = client.get("/api/gibt-es-nicht")
    assert answer.status_code == 404
    assert set(answer.json) == {"error"}


def test_metrics_count_what_came_in(client: FlaskClient, report: Callable[[str, str], None]) -> None:
    def stored() -> int:
        lines = client.get("/metrics").text.splitlines()
        counters = dict(line.split() for line in lines if not line.startswith("#"))
        names = ("stored", "duplicate", "refused", "quarantined")
        assert {f"stadtknoten_ingest_{name}_total" for name in names} <= set(counters)
        return int(counters["stadtknoten_ingest_stored_total"])

    before = stored()
    report(BAY, "free")
    assert stored() == before + 1
