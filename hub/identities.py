"""What the command line does about certificates: codes for nodes, pairs for the broker and the hub."""

import io
import json
import os
from functools import partial
from pathlib import Path

import segno

from edge import wire
from hub.core import audit, i18n
from hub.core.authority import Authority
from hub.core.clock import now_ms
from hub.core.db import Session, opened
from hub.fleet import api as fleet
from hub.settings import Settings

HUB_NAME = "stadtknoten hub"  # with a blank: no node can have this name


def enrol(settings: Settings, node: str, hours: int, *, as_json: bool) -> str:
    """The text for the technician: code, end, QR code; ValueError for an unknown node."""
    authority = Authority(settings.authority_dir)
    with opened(settings.database) as database:
        found = database.write(partial(fleet.make_code, authority=authority, node=node, now=now_ms(), hours=hours))
    command = f"sudo stadtknoten-edge enrol {found.code} --hub {settings.public_url}"
    if as_json:
        facts = {"node": node, "code": found.code, "expires_at": wire.format_ms(found.expires_at)}
        return json.dumps({**facts, "hub": settings.public_url, "command": command})
    picture = io.StringIO()
    segno.make(command, error="m").terminal(picture, compact=True)
    until = i18n.moment(found.expires_at, "en", now_ms())
    return f"{picture.getvalue()}\nNode {node}; the code is good once, until {until}. On the node:\n\n  {command}\n"


def revoke(settings: Settings, node: str, crl_file: Path | None = None) -> str:
    """Ends a node's certificates and writes the list that the broker reads (crl.pem beside the authority's key, where
    the playbook's unit stadtknoten-broker-crl.path waits for it)."""
    authority = Authority(settings.authority_dir)
    with opened(settings.database) as database:
        count, crl = database.write(partial(fleet.revoke, authority=authority, node=node, now=now_ms()))
    file = crl_file or settings.authority_dir / "crl.pem"
    _replace(file, crl, 0o644)
    said = f"{node}: {count} certificate{'' if count == 1 else 's'} revoked, {file} is written."
    if crl_file is None:
        return f"{said} The playbook's broker starts anew with it at once; any other one reads it when it starts."
    return f"{said} Restart the broker that reads it."


def listed(settings: Settings) -> str:
    """One line a node."""
    with opened(settings.database) as database, database.read() as session:
        nodes = fleet.nodes(session, now_ms())
    lines = []
    for node in nodes:
        heard = wire.format_ms(node.last_seen) if node.last_seen else "-"
        until = wire.format_ms(node.certificate_until) if node.certificate_until else "-"
        lines.append(f"{node.id:32} {'online' if node.online else 'offline':8} {heard:25} {until}")
    return "\n".join(lines)


def write_pairs(settings: Settings, out: Path, hosts: list[str], days: int) -> str:
    """Writes ca.crt, crl.pem, broker.crt, broker.key, hub.crt and hub.key into a directory (keys 0600)."""
    authority, now = Authority(settings.authority_dir), now_ms()
    out.mkdir(parents=True, exist_ok=True)
    with opened(settings.database) as database:
        crl = database.write(partial(_crl_for_pairs, authority=authority, now=now))
    files = {"ca.crt": (authority.pem.encode(), 0o644), "crl.pem": (crl, 0o644)}
    for name, common, names in (("broker", hosts[0], tuple(hosts)), ("hub", HUB_NAME, ())):
        issued, key = authority.issue_pair(common, now, days, names)
        files |= {f"{name}.crt": (issued.pem.encode(), 0o644), f"{name}.key": (key, 0o600)}
    for name, (content, mode) in files.items():
        _replace(out / name, content, mode)
    return "\n".join(str(out / name) for name in files)


def _crl_for_pairs(session: Session, authority: Authority, now: int) -> bytes:
    """The revocation list; notes that pairs for the broker and the hub are made."""
    audit.note(session, "fleet.pairs-issued", actor=audit.CLI, subject="authority", now=now, details={"count": 2})
    return fleet.revocation_list(session, authority, now)


def _replace(file: Path, content: bytes, mode: int) -> None:
    """In one step, so that the broker never reads half a file."""
    fresh = file.with_name(f".{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    fresh.chmod(mode)
    fresh.replace(file)
