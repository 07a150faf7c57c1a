"""A push service as a process of its own: it checks what a real one checks, plays the device, and fails on demand.

`python -m tests.hub.push.service PORT DIRECTORY` writes DIRECTORY/service.pem (its certificate) and serves
  POST /subscribe {"faults": [...]}   -> what a browser's subscription.toJSON() gives
  POST /push/ID                       -> RFC 8030, with the first of ID's faults or 201
  GET  /seen                          -> what arrived: decrypted, with headers and the claims of the signature
A fault is {"status": 429, "Retry-After": "7"}, {"status": 307, "Location": "..."} or {"hang": seconds}.
Nothing of the hub or of its library is used here.
"""

import base64
import ipaddress
import json
import ssl
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()


class RefusalError(Exception):
    """What a real service would answer to a bad request."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


class Device:
    """A browser with a subscription."""

    def __init__(self, faults: list[dict]) -> None:
        self.key = ec.generate_private_key(CURVE)
        self.secret = AESGCM.generate_key(128)
        self.faults = faults

    def keys(self) -> dict[str, str]:
        return {"p256dh": to_text(point(self.key.public_key())), "auth": to_text(self.secret)}

    def open(self, body: bytes) -> str:
        """RFC 8188 and 8291: one record, encrypted for this device alone."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        if size < 18 or len(sealed) > size:
            raise RefusalError(400, "record size")
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        info = b"WebPush: info\0" + point(self.key.public_key()) + sender
        root = HKDF(hashes.SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(root)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(root)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        if plain[-1:] != b"\2":
            raise RefusalError(400, "the last record ends with 2")
        return plain[:-1].decode()


def check_vapid(header: str, origin: str) -> dict:
    """RFC 8292: the claims when the signature fits the key beside it."""
    if not header.startswith("vapid "):
        raise RefusalError(401, "no vapid")
    parts = dict(part.strip().split("=", 1) for part in header.removeprefix("vapid ").split(","))
    signed, _, signature = parts["t"].rpartition(".")
    raw = to_bytes(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to_bytes(parts["k"]))
    numbers = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    try:
        key.verify(numbers, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise RefusalError(403, "signature") from None
    head, claims = (json.loads(to_bytes(part)) for part in signed.split("."))
    if head["alg"] != "ES256" or claims["aud"] != origin:
        raise RefusalError(403, f"aud {claims['aud']}")
    if not time.time() < claims["exp"] <= time.time() + 24 * 3600 or not claims["sub"].startswith("mailto:"):
        raise RefusalError(403, "exp or sub")
    return {**claims, "k": parts["k"]}


class Service:
    """Everything that the service knows."""

    def __init__(self, port: int) -> None:
        self.origin = f"https://localhost:{port}"
        self.devices: dict[str, Device] = {}
        self.seen: list[dict] = []
        self.refused: list[str] = []
        self.lock = threading.Lock()

    def subscribe(self, faults: list[dict]) -> dict:
        with self.lock:
            name = f"device{len(self.devices)}"
            self.devices[name] = Device(faults)
        return {"endpoint": f"{self.origin}/push/{name}", "keys": self.devices[name].keys()}

    def push(self, name: str, headers: dict[str, str], body: bytes) -> dict:
        """Judges a message; returns the answer as a fault or {"status": 201}."""
        if name not in self.devices:
            raise RefusalError(404, "unknown device")
        if headers.get("content-encoding") != "aes128gcm":
            raise RefusalError(415, "content-encoding")
        if not headers.get("ttl", "").isdigit():
            raise RefusalError(400, "ttl")
        claims = check_vapid(headers.get("authorization", ""), self.origin)
        device = self.devices[name]
        message = {"device": name, "text": device.open(body), "claims": claims}
        message |= {header: headers.get(header, "") for header in ("ttl", "topic", "urgency")}
        with self.lock:
            fault = device.faults.pop(0) if device.faults else {"status": 201}
            self.seen.append({**message, "status": fault.get("status", 0)})
        return fault


class Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        self._answer(200, {"seen": self.service.seen, "refused": self.service.refused})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/subscribe":
            self._answer(200, self.service.subscribe(json.loads(body or b"{}").get("faults", [])))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            fault = self.service.push(self.path.removeprefix("/push/"), headers, body)
        except RefusalError as refusal:
            self.service.refused.append(f"{refusal.status} {refusal} {self.path}")
            self._answer(refusal.status, {})
            return
        if "hang" in fault:
            time.sleep(fault["hang"])
            return
        more = {name: value for name, value in fault.items() if name != "status"}
        self._answer(fault["status"], {}, more)

    def _answer(self, status: int, content: dict, more: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def certificate(directory: Path) -> Path:
    """A key and a certificate for localhost in one file."""
    key = ec.generate_private_key(CURVE)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = directory / "service.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


def main() -> None:
    """Serves until it is ended."""
    port, directory = int(sys.argv[1]), Path(sys.argv[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(directory))
    Handler.service = Service(port)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
