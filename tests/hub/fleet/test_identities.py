"""Codes, certificates, renewal and their end: once each, and for the right device alone."""

import contextlib
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hub.core.authority import Authority, Issued
from hub.core.db import Database
from hub.fleet import api
from hub.fleet.rules.enrolment import hash_of
from tests.hub import town

NOW = 1_800_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


class Device:
    """A node's key and its requests."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def request(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stadtknoten hub")])  # it may wish what it likes
        built = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, hashes.SHA256())
        return built.public_bytes(serialization.Encoding.PEM).decode()

    def proof(self, request: str) -> str:
        return self.key.sign(request.encode(), ec.ECDSA(hashes.SHA256())).hex()


def code(database: Database, authority: Authority, node: str = "lake-b1", now: int = NOW) -> str:
    return database.write(lambda session: api.make_code(session, authority, node, now)).code


def enrol(database: Database, authority: Authority, said: str, request: str, now: int = NOW):
    return database.write(lambda session: api.enrol(session, authority, said, request, now))


def test_a_code_gives_the_certificate_of_its_node_whatever_the_request_wishes(
    database: Database, authority: Authority
) -> None:
    node, issued = enrol(database, authority, code(database, authority), Device().request)
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    assert node == "lake-b1"
    assert certificate.subject.rfc4514_string() == "CN=lake-b1"
    assert issued.until == NOW + 90 * DAY
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_code_may_be_typed_in_small_letters_and_without_dashes(database: Database, authority: Authority) -> None:
    said = code(database, authority).lower().replace("-", " ")
    assert enrol(database, authority, said, Device().request)[0] == "lake-b1"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda said: said[::-1], "not known"),
        (lambda said: "", "not known"),
    ],
)
def test_a_wrong_code_is_refused(database: Database, authority: Authority, spoil, reason: str) -> None:
    with pytest.raises(api.EnrolmentRefusedError, match=reason):
        enrol(database, authority, spoil(code(database, authority)), Device().request)


def test_a_used_code_and_one_that_is_over_are_refused_with_what_to_do(database: Database, authority: Authority) -> None:
    used = code(database, authority)
    enrol(database, authority, used, Device().request)
    with pytest.raises(api.EnrolmentRefusedError, match=r"used already.*node enrol"):
        enrol(database, authority, used, Device().request)
    late = code(database, authority)
    with pytest.raises(api.EnrolmentRefusedError, match="is over"):
        enrol(database, authority, late, Device().request, NOW + 25 * HOUR)


def test_a_newer_code_of_a_node_ends_the_older_one(database: Database, authority: Authority) -> None:
    older, newer = code(database, authority), code(database, authority)
    with pytest.raises(api.EnrolmentRefusedError):
        enrol(database, authority, older, Device().request)
    assert enrol(database, authority, newer, Device().request)


def test_of_many_devices_with_one_code_exactly_one_gets_a_certificate(database: Database, authority: Authority) -> None:
    said, got, refused = code(database, authority), [], []

    def attempt() -> None:
        try:
            got.append(enrol(database, authority, said, Device().request))
        except api.EnrolmentRefusedError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 11)


class Meeting(Authority):
    """Two requests meet after both found the code unused, where the database lets two work at once."""

    meeting = threading.Barrier(2)

    def issue_node(self, request_pem: str, name: str, now_ms: int, days: int) -> Issued:
        with contextlib.suppress(threading.BrokenBarrierError):
            self.meeting.wait(1)
        return super().issue_node(request_pem, name, now_ms, days)


def test_two_devices_that_both_found_the_code_unused_get_one_certificate(database: Database, tmp_path: Path) -> None:
    authority = Meeting(tmp_path / "ca")
    authority.meeting = threading.Barrier(2)
    said, ends = code(database, authority), []

    def attempt() -> None:
        try:
            ends.append(enrol(database, authority, said, Device().request)[0])
        except api.EnrolmentRefusedError as error:
            ends.append(str(error)[:28])

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["This code was used already. ", "lake-b1"]


def test_a_broken_request_does_not_use_up_the_code(database: Database, authority: Authority) -> None:
    said = code(database, authority)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong_kind = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    for request in ("garbage", wrong_kind.public_bytes(serialization.Encoding.PEM).decode()):
        with pytest.raises(api.EnrolmentRefusedError, match="broken"):
            enrol(database, authority, said, request)
    assert enrol(database, authority, said, Device().request)


def test_no_code_for_a_node_that_is_not_in_the_towns_data(database: Database, authority: Authority) -> None:
    with pytest.raises(api.EnrolmentRefusedError, match="lake-b1"):
        code(database, authority, "stranger")


def test_the_database_holds_no_code(database: Database, authority: Authority) -> None:
    said = code(database, authority)
    from sqlalchemy import text

    with database.read() as session:
        assert session.execute(text("SELECT hash FROM fleet_code")).scalar_one() == hash_of(said)


def renew(database: Database, authority: Authority, certificate: str, request: str, proof: str, now: int = NOW):
    return database.write(lambda session: api.renew(session, authority, certificate, request, proof, now))


def test_a_good_certificate_is_renewed_for_a_new_key(database: Database, authority: Authority) -> None:
    old, new = Device(), Device()
    _, issued = enrol(database, authority, code(database, authority), old.request)
    request = new.request
    node, renewed = renew(database, authority, issued.pem, request, old.proof(request), NOW + 70 * DAY)
    assert (node, renewed.until) == ("lake-b1", NOW + 160 * DAY)
    again = Device().request
    assert renew(database, authority, renewed.pem, again, new.proof(again), NOW + 80 * DAY)


def test_a_stolen_certificate_without_its_key_is_worth_nothing(database: Database, authority: Authority) -> None:
    _, issued = enrol(database, authority, code(database, authority), Device().request)
    thief = Device()
    request = thief.request
    for proof in (thief.proof(request), "", "zz"):
        with pytest.raises(api.EnrolmentRefusedError, match="not signed"):
            renew(database, authority, issued.pem, request, proof)


def test_over_revoked_and_strange_certificates_are_not_renewed(
    database: Database, authority: Authority, tmp_path: Path
) -> None:
    device = Device()
    _, issued = enrol(database, authority, code(database, authority), device.request)
    request = device.request
    with pytest.raises(api.EnrolmentRefusedError, match="is over"):
        renew(database, authority, issued.pem, request, device.proof(request), NOW + 91 * DAY)
    strange = Authority(tmp_path / "other").issue_node(device.request, "lake-b1", NOW, 90)
    with pytest.raises(api.EnrolmentRefusedError, match="not ours"):
        renew(database, authority, strange.pem, request, device.proof(request))
    database.write(lambda session: api.revoke(session, authority, "lake-b1", NOW))
    with pytest.raises(api.EnrolmentRefusedError, match="revoked"):
        renew(database, authority, issued.pem, request, device.proof(request))


def test_the_revocation_list_names_what_was_ended(database: Database, authority: Authority) -> None:
    _, issued = enrol(database, authority, code(database, authority), Device().request)
    count, pem = database.write(lambda session: api.revoke(session, authority, "lake-b1", NOW))
    listed = x509.load_pem_x509_crl(pem)
    assert count == 1
    assert listed.get_revoked_certificate_by_serial_number(int(issued.serial, 16)) is not None
    assert listed.is_signature_valid(x509.load_pem_x509_certificate(authority.pem.encode()).public_key())


def test_the_authoritys_key_is_for_its_owner_alone(authority: Authority, tmp_path: Path) -> None:
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert Authority(tmp_path / "ca").fingerprint == authority.fingerprint


def test_processes_that_start_at_once_make_one_authority(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(Authority(tmp_path / "fresh").fingerprint)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_a_code_of_another_authority_is_noticed_by_the_node(tmp_path: Path) -> None:
    """Somebody in between answers with a certificate of an authority of its own."""
    import json
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from edge import enrolment

    false = Authority(tmp_path / "false")

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            issued = false.issue_node(said["csr"], "lake-b1", NOW, 90)
            body = {"node": "lake-b1", "certificate": issued.pem, "authority": false.pem}
            body |= {"until": "2027-04-15T08:00:00.000Z", "broker": "mqtts://evil.example"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(enrolment.EnrolmentError, match="does not fit the code"):
        enrolment.enrol(f"http://127.0.0.1:{server.server_port}", "7KQF-2M9X-RT4C-0000-0000-0000", tmp_path / "state")
    server.shutdown()
    assert not (tmp_path / "state").exists()
