"""Machines' doors: a node asks for its certificate. No cookies, no pages."""

import flask
from flask.typing import ResponseReturnValue

from edge import wire
from hub.core import web
from hub.core.authority import Authority, Issued
from hub.core.clock import now_ms
from hub.fleet import api
from hub.fleet.api.rollouts import Releases

blueprint = flask.Blueprint("fleet", __name__)
_MOST_BYTES = 16 * 1024


@blueprint.get("/api/fleet/authority")
def authority() -> ResponseReturnValue:
    """The town's authority, PEM, for everybody: a node holds it against its code before it says anything else."""
    return _authority().pem, 200, {"Content-Type": "application/x-pem-file", "Cache-Control": "no-store"}


@blueprint.post("/api/fleet/enrol")
def enrol() -> ResponseReturnValue:
    """{"code", "csr"} -> the node's first certificate; 400 with a sentence when the code is wrong, used or over."""
    said = _said("code", "csr")
    now, authority = now_ms(), _authority()
    node, issued = web.write(lambda session: api.enrol(session, authority, said["code"], said["csr"], now))
    return _answer(node, issued, authority)


@blueprint.post("/api/fleet/renew")
def renew() -> ResponseReturnValue:
    """{"certificate", "csr", "proof"} -> a new certificate; proof is the old key's signature of the request."""
    said = _said("certificate", "csr", "proof")
    now, authority = now_ms(), _authority()
    node, issued = web.write(
        lambda session: api.renew(session, authority, said["certificate"], said["csr"], said["proof"], now)
    )
    return _answer(node, issued, authority)


@blueprint.get("/api/fleet/releases/<release>/<file>")
def release_file(release: str, file: str) -> ResponseReturnValue:
    """One file of a signed release, for everybody: it is the signature that protects it, and it holds no secret. A
    download goes on where it ended (HTTP Range); how much at once is the front server's business."""
    settings = web.settings()
    path = Releases(settings.stored_releases_dir, settings.release_key).file(release, file)
    if path is None:
        flask.abort(404)
    answer = flask.send_file(path, mimetype="application/octet-stream", conditional=True, max_age=86400)
    answer.headers["Accept-Ranges"] = "bytes"
    return answer


@blueprint.errorhandler(api.EnrolmentRefusedError)
def refused(error: Exception) -> ResponseReturnValue:
    """A sentence for the technician."""
    return {"error": str(error)}, 400


def _said(*names: str) -> dict[str, str]:
    flask.request.max_content_length = _MOST_BYTES
    body = flask.request.get_json(silent=True)
    if not isinstance(body, dict) or not all(_is_ascii(body.get(name)) for name in names):
        raise api.EnrolmentRefusedError("The request must be JSON with the texts " + ", ".join(names) + ".")
    return {name: body[name] for name in names}


def _is_ascii(value: object) -> bool:
    return isinstance(value, str) and value.isascii()


def _authority() -> Authority:
    return Authority(web.settings().authority_dir)


def _answer(node: str, issued: Issued, authority: Authority) -> ResponseReturnValue:
    body = {
        "node": node,
        "certificate": issued.pem,
        "authority": authority.pem,
        "until": wire.format_ms(issued.until),
        "broker": web.settings().node_broker_url,
    }
    return body, 200, {"Cache-Control": "no-store"}
