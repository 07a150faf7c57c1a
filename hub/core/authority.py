"""The town's own certificate authority: nodes, the broker and the hub trust its certificates and no others.

Keys are ECDSA P-256, certificates X.509 v3; a node's common name is its name, which the broker takes as its user.
"""

import ipaddress
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_PEM = serialization.Encoding.PEM
_YEARS = 10
_WAIT_S = 5.0
_SKEW = timedelta(minutes=10)  # a node's clock may be a little behind


@dataclass(frozen=True)
class Issued:
    """A new certificate; `until` in ms."""

    serial: str
    pem: str
    until: int


class Authority:
    """Key (0600) and certificate in a directory; both are made at the first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o755)
        key_file, certificate_file = directory / "ca.key", directory / "ca.crt"
        if not certificate_file.exists():
            _make_once(key_file, certificate_file)
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_file} holds no ECDSA key")
        self._key = key
        self.pem = certificate_file.read_text()
        self._certificate = x509.load_pem_x509_certificate(self.pem.encode())

    @property
    def fingerprint(self) -> str:
        """The certificate's SHA-256, hexadecimal: a code carries its beginning, with which a node knows a false one."""
        return self._certificate.fingerprint(hashes.SHA256()).hex().upper()

    def issue_node(self, request_pem: str, name: str, now_ms: int, days: int) -> Issued:
        """A client certificate for a node's own key; what else the request says is ignored. ValueError for nonsense."""
        request = x509.load_pem_x509_csr(request_pem.encode())
        if not request.is_signature_valid:
            raise ValueError("the request is not signed by its own key")
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("the request's key is no ECDSA P-256 key")
        return self._issue(key, name, now_ms, days, ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def issue_pair(self, name: str, now_ms: int, days: int, hosts: tuple[str, ...] = ()) -> tuple[Issued, bytes]:
        """(certificate, private key) for a program of the hub: a server for `hosts`, or without any a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        issued = self._issue(key.public_key(), name, now_ms, days, usage, hosts)
        return issued, key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def issued_to(self, pem: str, now_ms: int) -> tuple[str, ec.EllipticCurvePublicKey]:
        """(serial, public key) of a certificate that this authority gave and that is still good; ValueError else."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, TypeError, ValueError):
            raise ValueError("this certificate is not ours") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not _holds(certificate, now_ms):
            raise ValueError("this certificate is over")
        return f"{certificate.serial_number:x}", key

    def revocation_list(self, serials: dict[str, int], now_ms: int) -> bytes:
        """PEM of the list; serial -> when it was revoked (ms)."""
        now = _moment(now_ms)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._certificate.subject)
        builder = builder.last_update(now - _SKEW).next_update(now + timedelta(days=365 * _YEARS))
        for serial, at in sorted(serials.items()):
            revoked = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(_moment(at))
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM)

    def _issue(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        now_ms: int,
        days: int,
        usage: x509.ObjectIdentifier,
        hosts: tuple[str, ...],
    ) -> Issued:
        now, serial = _moment(now_ms), x509.random_serial_number()
        end = now + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(serial)
            .not_valid_before(now - _SKEW)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
            )
        pem = builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM).decode()
        return Issued(f"{serial:x}", pem, int(end.timestamp()) * 1000)


def signed_by(key: ec.EllipticCurvePublicKey, signature_hex: str, content: str) -> bool:
    """Whether the key's owner signed the content."""
    try:
        key.verify(bytes.fromhex(signature_hex), content.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _make_once(key_file: Path, certificate_file: Path) -> None:
    """Of several processes that start at once one makes the pair, the others wait for it."""
    try:
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        deadline = time.monotonic() + _WAIT_S
        while not certificate_file.exists():
            if time.monotonic() > deadline:
                raise OSError(f"{key_file} has no certificate beside it; remove it to begin anew") from None
            time.sleep(0.05)
        return
    with os.fdopen(descriptor, "wb") as file:
        private, certificate = _make()
        file.write(private)
    fresh = certificate_file.with_name(".ca.crt.new")
    fresh.write_bytes(certificate)
    fresh.rename(certificate_file)


def _make() -> tuple[bytes, bytes]:
    """(private key, certificate) of a new authority, both PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = _name("Stadtknoten CA")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(_PEM)


def _signing_only() -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **dict.fromkeys(names, False))


def _holds(certificate: x509.Certificate, now_ms: int) -> bool:
    return certificate.not_valid_before_utc <= _moment(now_ms) <= certificate.not_valid_after_utc


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)
