"""Whom this node believes on the web: the system's authorities, and the town's own one that enrolment pinned."""

import contextlib
import ssl
from pathlib import Path

PINNED = "hub-ca.crt"  # in the agent's directory


def context(pinned: Path | bytes | None) -> ssl.SSLContext:
    """Checks certificate and name; `pinned` is a file (one that is missing or broken adds nobody) or DER."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if isinstance(pinned, bytes):
        made.load_verify_locations(cadata=pinned)
    elif pinned is not None:
        with contextlib.suppress(OSError):
            made.load_verify_locations(cafile=str(pinned))
    return made


def nobody() -> ssl.SSLContext:
    """Checks nothing: only for what proves itself, and nothing secret may be sent over it."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made
