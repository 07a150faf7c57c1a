"""A node's identity: a key of its own, and the certificate that the hub gives for a one-time code.

The key never leaves the node. A code is 12 letters of 31 that only hub and technician know (59 bits), then 20
hexadecimal digits of the SHA-256 fingerprint of the town's authority (80 bits; the last twelve digits are its first
ones, which was all that shorter codes had). Whoever answers is first asked for the authority alone, over a connection
that nobody vouches for. The code is sent only after one came that fits those 80 bits, and only to a server that it,
or an authority of the system, vouches for. So somebody in between sees nothing that depends on the 59 bits: there is
nothing to guess offline, and a false authority for 80 bits takes 2^80 tries. A short code's 48 bits would take 2^48,
hours of a graphics card: it pins nobody, an authority of the system must vouch for the hub. The pinned authority is
believed in renewals and downloads and by the doctor, too (edge.trust).
"""

import hashlib
import json
import ssl
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from edge import files, trust, wire

RENEW_BEFORE_MS = 30 * 86_400_000
CERTIFICATE, AUTHORITY, ABOUT = "node.pem", trust.PINNED, "certificate.json"  # node.pem holds the key, too
_TIMEOUT_S = 20.0
_MOST_BYTES = 1 << 20
_SECRET, _SHORT, _LONG = 12, 12, 20  # letters of a code: the secret, then the fingerprint's
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")
_KEY_BEGINS = b"-----BEGIN PRIVATE KEY"


class EnrolmentError(RuntimeError):
    """The hub gave no certificate; the text says why and what to do."""


@dataclass(frozen=True)
class Identity:
    """What the hub answered: the node's name, the broker's address, and until when the certificate is good (ms)."""

    name: str
    broker: str
    until: int


def certificate_until(directory: Path) -> str | None:
    """Until when this node's certificate is good, as it was said with it; None without one."""
    try:
        until = json.loads((directory / ABOUT).read_text())["until"]
        wire.parse_ms(until)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(until)


def enrol(hub: str, code: str, directory: Path, name: str = "") -> Identity:
    """Asks the hub for the first certificate; EnrolmentError or OSError, and then nothing was changed.

    `name`: who this node is; "" takes whatever name the code is for.
    """
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    believed = trust.context(_authority(hub, letters))
    key, request = _request_for("new")
    answer = _ask(hub, "/api/fleet/enrol", {"code": letters, "csr": request}, believed)
    authority = _der(str(answer["authority"]))
    if not _fits(letters, authority):
        raise EnrolmentError("Not the hub answered: its authority does not fit the code. Nothing was kept.")
    if name not in ("", answer["node"]):
        raise EnrolmentError(
            f"The code was for {answer['node']}, and this node is {name}: nothing was kept. The code is used now. "
            f"On the hub, for a new one: sudo stadtknoten-hub node enrol {name}"
        )
    return _keep(directory, key, answer, authority)


def _authority(hub: str, letters: str) -> bytes | None:
    """DER of the authority that the code names, whoever handed it out; None for a short code, which pins nobody."""
    found = len(letters) - _SECRET
    if found == _SHORT:
        return None
    if found != _LONG:
        raise EnrolmentError(
            f"A code has {_SECRET + _LONG} letters and digits, this one has {len(letters)}: check it letter by letter."
        )
    authority = _der(_get(hub, "/api/fleet/authority"))
    if not _fits(letters, authority):
        raise EnrolmentError(
            f"The authority that {hub} shows does not fit the code: check the code letter by letter, then the address. "
            "If both are right, somebody stands between this node and the hub. The code was not sent, nothing was kept."
        )
    return authority


def _der(pem: str) -> bytes:
    """Of exactly one certificate; what follows it in the text would be believed, but is in no fingerprint."""
    try:
        return ssl.PEM_cert_to_DER_cert(pem)
    except ValueError:
        return b""


def _fits(letters: str, authority: bytes) -> bool:
    """Whether the end of a code is the fingerprint of this certificate (DER)."""
    print_ = hashlib.sha256(authority).hexdigest().upper()
    return letters[_SECRET:] in (print_[_SHORT:_LONG] + print_[:_SHORT], print_[:_SHORT])


def renew(hub: str, directory: Path, name: str) -> Identity:
    """A new key and certificate for a node that has good ones; the old key signs the request."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pair = (directory / CERTIFICATE).read_bytes()
    old = serialization.load_pem_private_key(pair[pair.index(_KEY_BEGINS) :], None)
    if not isinstance(old, ec.EllipticCurvePrivateKey):
        raise EnrolmentError(f"{directory / CERTIFICATE} holds no key that the hub gave a certificate for")
    key, request = _request_for(name)
    proof = old.sign(request.encode(), ec.ECDSA(hashes.SHA256())).hex()
    certificate = pair[: pair.index(_KEY_BEGINS)].decode()
    body = {"certificate": certificate, "csr": request, "proof": proof}
    pinned = directory / AUTHORITY
    answer = _ask(hub, "/api/fleet/renew", body, trust.context(pinned))
    authority = _der(str(answer["authority"]))
    if pinned.exists() and authority != _der(pinned.read_text()):
        raise EnrolmentError(
            "The hub has another authority now. Enrol the node anew: sudo stadtknoten-hub node enrol NAME"
        )
    return _keep(directory, key, answer, authority)


def renew_in_background(config_file: Path, directory: Path, now_ms: int) -> bool:
    """Starts the renewal in a process of its own when the certificate ends within 30 days; True when it did."""
    until = certificate_until(directory)
    if until is None or wire.parse_ms(until) - now_ms > RENEW_BEFORE_MS:
        return False
    subprocess.Popen([sys.executable, "-m", "edge", "renew", "--config", str(config_file)], stdin=subprocess.DEVNULL)
    return True


def _request_for(name: str) -> tuple[bytes, str]:
    """(private key, certificate request), both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, request.public_bytes(encoding).decode()


def _ask(hub: str, path: str, body: dict[str, str], believed: ssl.SSLContext) -> dict[str, Any]:
    data = json.dumps(body).encode()
    text = _send(Request(_address(hub, path), data, {"Content-Type": "application/json"}), hub, believed)  # noqa: S310 (_address)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"certificate", "authority", "node", "broker", "until"} <= set(found):
        raise EnrolmentError(f"{hub} answered something that is no certificate; is it the hub's address?")
    return found


def _get(hub: str, path: str) -> str:
    """What anybody answers; the caller must be able to tell whether it is true."""
    text = _send(Request(_address(hub, path)), hub, trust.nobody())  # noqa: S310 (_address refuses other schemes)
    return text.decode(errors="replace")


def _address(hub: str, path: str) -> str:
    """Encrypted, or not further than this machine."""
    parts = urlsplit(hub)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _OWN_NAMES):
        raise EnrolmentError("the hub's address ([node] hub, or --hub) must begin with https://")
    return hub.rstrip("/") + path


def _send(request: Request, hub: str, believed: ssl.SSLContext) -> bytes:
    try:
        with urlopen(request, timeout=_TIMEOUT_S, context=believed) as answer:  # noqa: S310 (_address made it)
            return bytes(answer.read(_MOST_BYTES))
    except HTTPError as error:
        raise EnrolmentError(_reason(error)) from None
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            why = error.reason.verify_message
            raise EnrolmentError(
                f"{hub}: its certificate is not believed ({why}). Check the address and this node's clock. If the hub "
                "was set up anew: sudo stadtknoten-edge enrol CODE, with a new code. Nothing was sent."
            ) from None
        raise EnrolmentError(f"{hub} is not reached: {error.reason}") from None
    except HTTPException:
        raise EnrolmentError(f"{hub} answered something that is no certificate; is it the hub's address?") from None


def _reason(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(10_000))["error"])
    except (ValueError, KeyError, TypeError):
        return f"the hub answered {error.code}"


def _keep(directory: Path, key: bytes, answer: dict[str, Any], authority: bytes) -> Identity:
    """Writes the authority, then key and certificate in one file: a power cut leaves a pair that fits, old or new."""
    found = Identity(str(answer["node"]), str(answer["broker"]), wire.parse_ms(str(answer["until"])))
    directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    files.replace(directory / AUTHORITY, ssl.DER_cert_to_PEM_cert(authority).encode())
    files.replace(directory / CERTIFICATE, str(answer["certificate"]).encode() + key, 0o600)
    files.replace(directory / ABOUT, json.dumps({"until": answer["until"]}).encode())
    return found
