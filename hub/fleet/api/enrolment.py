"""A node's identity from the hub's side: code, certificate, renewal, end."""

from dataclasses import dataclass

from hub.core import audit
from hub.core.authority import Authority, Issued, signed_by
from hub.core.db import Session
from hub.fleet import store
from hub.fleet.rules import enrolment as rules


class EnrolmentRefusedError(ValueError):
    """No certificate; the text is a sentence for the technician."""


@dataclass(frozen=True)
class NewCode:
    """A code as it is shown once; expires_at in ms."""

    node: str
    code: str
    expires_at: int


def make_code(session: Session, authority: Authority, node: str, now: int, hours: int = rules.CODE_HOURS) -> NewCode:
    """A one-time code for a node of the town; EnrolmentRefusedError for an unknown one."""
    known = store.names(session)
    if node not in known:
        raise EnrolmentRefusedError(f"there is no node {node} in the town's data; known: {', '.join(sorted(known))}")
    code, expires_at = rules.new_code(authority.fingerprint), now + hours * rules.HOUR_MS
    store.add_code(session, rules.hash_of(code), node, expires_at)
    audit.note(session, "fleet.code-made", actor=audit.CLI, subject=_node(node), now=now, details={"hours": hours})
    return NewCode(node, code, expires_at)


def enrol(session: Session, authority: Authority, code: str, request: str, now: int) -> tuple[str, Issued]:
    """(node, certificate) for a code, which is used up by it; EnrolmentRefusedError says what is wrong."""
    code_hash = rules.hash_of(code)
    known = store.code(session, code_hash)
    reason = rules.refusal(known, now)
    if reason is not None or known is None:
        raise EnrolmentRefusedError(reason or "")
    issued = _issue(authority, request, known.node, now)
    if not store.use_code(session, code_hash, now):  # somebody else was a moment earlier
        raise EnrolmentRefusedError(rules.refusal(rules.Code(known.node, known.expires_at, now), now) or "")
    _keep(session, "fleet.enrolled", known.node, issued, now)
    return known.node, issued


def renew(
    session: Session, authority: Authority, certificate: str, request: str, proof: str, now: int
) -> tuple[str, Issued]:
    """(node, new certificate) for a good old one whose key signed the request; EnrolmentRefusedError else."""
    try:
        serial, key = authority.issued_to(certificate, now)
    except ValueError as error:
        raise EnrolmentRefusedError(f"{error}. Enrol the node anew: sudo stadtknoten-hub node enrol NAME") from None
    node = store.holder(session, serial)
    if node is None:
        raise EnrolmentRefusedError("This certificate was revoked. Enrol the node anew, or ask the administrators.")
    if not signed_by(key, proof, request):
        raise EnrolmentRefusedError("The request is not signed by the certificate's key.")
    issued = _issue(authority, request, node, now)
    _keep(session, "fleet.renewed", node, issued, now)
    return node, issued


def revoke(session: Session, authority: Authority, node: str, now: int) -> tuple[int, bytes]:
    """(certificates ended, the new revocation list for the broker)."""
    count = store.revoke(session, node, now)
    audit.note(session, "fleet.revoked", actor=audit.CLI, subject=_node(node), now=now, details={"count": count})
    return count, revocation_list(session, authority, now)


def revocation_list(session: Session, authority: Authority, now: int) -> bytes:
    """PEM of every certificate that the broker must not take any more."""
    return authority.revocation_list(store.revoked(session, now), now)


def _keep(session: Session, action: str, node: str, issued: Issued, now: int) -> None:
    store.add_certificate(session, issued.serial, node, now, issued.until)
    audit.note(session, action, actor=_node(node), subject=_node(node), now=now, details={"serial": issued.serial})


def _node(name: str) -> str:
    """As the audit log names it."""
    return f"node:{name}"


def _issue(authority: Authority, request: str, node: str, now: int) -> Issued:
    try:
        return authority.issue_node(request, node, now, rules.CERTIFICATE_DAYS)
    except ValueError as error:
        raise EnrolmentRefusedError(f"The certificate request is broken: {error}.") from None
