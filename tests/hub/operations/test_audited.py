"""What staff and the command line do stands in the audit log: who, what, on what; once; and not when it failed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import flask
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient
from sqlalchemy import text

from hub import identities, setup
from hub.account import api as account
from hub.account.store import people
from hub.core import audit, i18n, jobs
from hub.core.clock import now_ms
from hub.core.db import Session
from hub.fleet import api as fleet
from hub.openid import api as openid
from hub.payments import api as payments
from hub.payments.store import payments as payment_store
from hub.settings import Settings
from hub.setup import people as service_commands
from hub.setup import radio as radio_commands
from hub.till import api as till
from tests.hub.dashboard.conftest import LAKE, MARKET, Town
from tests.hub.operations.test_tasks import die
from tests.hub.till.phones import LonelyTill

pytestmark = pytest.mark.thorough

ME, OTHER = "person:1", 2
UNCLEAR, TODAY = "entry-2", i18n.local(now_ms()).date().isoformat()
DECODER = json.dumps({"fields": [{"name": "distance_mm", "offset": 0, "size": 2, "endian": "big"}]})
DEVICE = {"network": "tts", "id": "Bay-7", "node": "thermarium-b1", "bay": "thermarium-001", "decoder": "bosch_tps110"}


@dataclass(frozen=True)
class Press:
    """One button: its address and fields, and the entry that it must leave."""

    path: str
    fields: dict[str, str]
    action: str
    subject: str
    details: dict[str, object]


PRESSES = [
    Press(
        f"/admin/knoten/{MARKET}/befehl",
        {"befehl": "restart"},
        "fleet.commanded",
        f"node:{MARKET}",
        {"command": "restart"},
    ),
    Press(
        f"/admin/knoten/{LAKE}/konfiguration", {"max_flips": "8"}, "fleet.configured", f"node:{LAKE}", {"version": 1}
    ),
    Press(f"/admin/knoten/{LAKE}/wlan", {"wann": "aus"}, "fleet.configured", f"node:{LAKE}", {"version": 1}),
    Press(
        f"/admin/knoten/{MARKET}/zurueck",
        {"auf": "1"},
        "fleet.config-returned",
        f"node:{MARKET}",
        {"version": 4, "of_version": 1},
    ),
    Press(
        f"/admin/knoten/{LAKE}/sperren", {"geraet": "1a2b 3c4d"}, "fleet.device-blocked", f"node:{LAKE}", {"version": 1}
    ),
    Press(
        f"/admin/knoten/{MARKET}/freigeben",
        {"sperre": "1"},
        "fleet.device-unblocked",
        f"node:{MARKET}",
        {"version": 4},
    ),
    Press(f"/admin/knoten/{LAKE}/ring", {"ring": "canary"}, "fleet.ring-set", f"node:{LAKE}", {"ring": "canary"}),
    Press(
        "/admin/funksensoren/geraet",
        DEVICE,
        "radio.device-added",
        "device:tts-bay-7",
        {"bay": "thermarium-001", "decoder": "bosch_tps110"},
    ),
    Press(
        "/admin/funksensoren/weg", {"network": "sensit", "id": "s-1"}, "radio.device-removed", "device:sensit-s-1", {}
    ),
    Press(
        "/admin/funksensoren/decoder", {"name": "acme-3", "spec": DECODER}, "radio.decoder-added", "decoder:acme-3", {}
    ),
    Press("/admin/auftraege/noch-einmal", {"auftrag": "1"}, "jobs.retried", "job:1", {"kind": "mail"}),
    Press("/admin/auftraege/anhalten", {"art": "logout"}, "jobs.paused", "jobs", {"kind": "logout"}),
    Press("/admin/auftraege/fortsetzen", {"art": "held"}, "jobs.resumed", "jobs", {"kind": "held"}),
    Press("/admin/aufgaben/uebernehmen", {"aufgabe": "1"}, "tasks.taken", "task:1", {"job": 1, "kind": "mail"}),
    Press("/admin/aufgaben/zurueckgeben", {"aufgabe": "2"}, "tasks.given-back", "task:2", {"job": 2, "kind": "mail"}),
    Press("/admin/aufgaben/noch-einmal", {"aufgabe": "1"}, "tasks.retried", "task:1", {"job": 1, "kind": "mail"}),
    Press(
        "/admin/aufgaben/erledigt", {"aufgabe": "1", "notiz": "ok"}, "tasks.done", "task:1", {"job": 1, "kind": "mail"}
    ),
    Press("/admin/aufgaben/uebernehmen", {"art": "mail"}, "tasks.taken", "tasks", {"count": 1, "kind": "mail"}),
    Press(
        "/admin/rollen",
        {"name": "rosa@example.org", "role": "clerk"},
        "account.role-given",
        f"person:{OTHER}",
        {"role": "clerk"},
    ),
    Press(
        "/admin/rollen",
        {"name": "rosa@example.org", "role": "editor", "scope": "kita-1"},
        "account.role-given",
        f"person:{OTHER}",
        {"role": "editor", "scope": "kita-1"},
    ),
    Press(
        f"/admin/rollen/{OTHER}/entfernen",
        {"role": "editor", "scope": ""},
        "account.role-taken",
        f"person:{OTHER}",
        {"role": "editor"},
    ),
    Press(
        f"/buergerbuero/konten/{OTHER}/ausweis",
        {"seen": "1", "display_name": "Rosa Quelle", "mail": "rosa@example.org"},
        "account.identified",
        f"person:{OTHER}",
        {},
    ),
    Press(
        f"/buergerbuero/konten/{OTHER}/zugang",
        {"seen": "1", "mail": "rosa@example.org"},
        "account.recovery-code-given",
        f"person:{OTHER}",
        {},
    ),
    Press(
        "/admin/parkausweise",
        {"plate": "HN-R 1", "kind": "resident", "site": "", "until": "2099-12-31"},
        "parking.permit-added",
        "permit:2",
        {"kind": "resident"},
    ),
    Press("/admin/parkausweise/1/beenden", {}, "parking.permit-ended", "permit:1", {}),
    Press(
        "/admin/kassen",
        {"name": "bad-2", "operation": "pool"},
        "till.added",
        "till:bad-2",
        {"operation": "pool"},
    ),
    Press("/admin/kassen/bad-1/sperren", {}, "till.ended", "till:bad-1", {}),
    Press("/admin/kassen/offen/beleg-1/abschreiben", {}, "till.claim-waived", "till:bad-1", {"kind": "token"}),
    Press(
        f"/admin/zahlungen/{UNCLEAR}/zuordnen",
        {"reference": "RF2700021I3V9"},
        "payments.entry-assigned",
        "payment:p1",
        {},
    ),
    Press(
        f"/admin/zahlungen/{UNCLEAR}/zurueck",
        {"holder": "Rosa", "iban": "DE89370400440532013000"},
        "payments.repayment-asked",
        "repayment:2",
        {"cents": 500, "typed": True},
    ),
    Press(
        "/admin/zahlungen/rueckzahlung/1/zurueckziehen",
        {"seen": "asked"},
        "payments.repayment-withdrawn",
        "repayment:1",
        {},
    ),
    Press(
        "/admin/zahlungen/datei",
        {"tag": TODAY},
        "payments.repayments-exported",
        "repayments",
        {"cents": 500, "count": 1},
    ),
    Press("/admin/protokoll/export", {"format": "csv"}, "audit.exported", "audit", {"format": "csv"}),
]


@pytest.fixture
def staff(app: flask.Flask, town: Town, admin: FlaskClient, settings: Settings) -> FlaskClient:
    """The admin (who is a clerk, too), and something to press each button on."""

    def work(session: Session) -> None:
        rosa = people.add_person(session, name="rosa@example.org", handle="h", created_at=1, seen_at=1)
        assert rosa.id == OTHER
        people.add_role(session, 1, "clerk")
        people.add_role(session, OTHER, "editor")
        jobs.pause(session, "held", now=1)

    town.database.write(work)
    die(town.database, "mail", 2, now=now_ms() - 1000)
    town.database.write(lambda session: jobs.add(session, "logout", {}, now=now_ms()))
    from hub.operations import api as operations
    from hub.radio import api as radio

    town.database.write(lambda session: operations.take(session, operations.Chosen(2), 1, now_ms()))
    from hub.parking.store import permits

    town.database.write(lambda session: permits.put(session, "HNR2", "disabled", "", now_ms() + 1_000_000) and None)
    device = radio.NewDevice("sensit", "s-1", MARKET, "thermarium-001", "nedap_sensit")
    town.database.write(lambda session: radio.add_device(session, device, ME, now_ms()))
    by = fleet.By("admin", ME, now_ms())
    for flips in (8, 9):
        town.database.write(lambda session, f=flips: fleet.set_config(session, MARKET, {"max_flips": f}, {}, by))
    town.database.write(lambda session: fleet.block(session, MARKET, "1a2b3c4d", by))
    leave_open(town, settings)
    leave_unclear(town, settings)
    return admin


def leave_unclear(town: Town, settings: Settings) -> None:
    """Two entries that nobody knows, of which one is on its way back, and a transfer that is expected."""
    sealer = payments.Cashier(settings, town.database).sealer

    def work(session: Session) -> None:
        for number in (1, 2):
            facts = {"booked_on": "2027-01-15", "cents": 500, "text": "Bad", "outcome": "unclear", "at": now_ms()}
            payment_store.add_bank_entry(session, id=f"entry-{number}", **facts)
        facts = {"sealer": sealer, "actor": ME, "now": now_ms()}
        payments.repayments.ask(session, "entry-1", holder="Rosa", iban="DE89370400440532013000", **facts)
        facts = {"owner": "", "purpose": "pool", "reference": "visit", "title": "Bad", "created_at": now_ms()}
        facts |= {"items": '[["Bad", 500, "pool", "7", [], []]]', "cents": 500, "state": "started"}
        payment_store.add(session, id="p1", key="k", **facts)
        payment_store.add_attempt(session, "p1", "transfer", now_ms(), provider_ref="RF2700021I3V9")

    town.database.write(work)


def leave_open(town: Town, settings: Settings) -> None:
    """A till with a sale that nobody will pay."""
    shop, alone = till.town_of(settings.town_dir), LonelyTill()
    key = town.database.write(lambda session: till.tills.add(session, shop, "bad-1", "pool", ME, now_ms()))

    def sell(session: Session) -> None:
        till.tills.set_public_key(session, till.tills.find(session, key), alone.signer.public_key)
        counter = till.tills.Counter(till.tills.find(session, key), shop, till.Signer.new())
        till.offers.accept(session, counter, *alone.offer("1", now_ms(), code="none"), now_ms(), now_ms())
        session.execute(text("UPDATE till_sale SET receipt = 'beleg-1'"))

    town.database.write(sell)


def last_number(town: Town) -> int:
    with town.database.read() as session:
        return audit.newest(session, 1)[0].number


def since(town: Town, number: int) -> list[audit.Entry]:
    with town.database.read() as session:
        return audit.following(session, 100, number)


def press(client: FlaskClient, path: str, fields: dict[str, str]) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/admin/protokoll").get_data(as_text=True))
    assert token is not None
    return client.post(path, data={"csrf": token.group(1), **fields})


@pytest.mark.parametrize("one", PRESSES, ids=lambda one: f"{one.action} {one.subject}")
def test_a_button_of_staff_leaves_one_entry(staff: FlaskClient, town: Town, one: Press) -> None:
    before = last_number(town)
    assert press(staff, one.path, one.fields).status_code in (200, 303)
    (entry,) = since(town, before)
    assert (entry.action, entry.actor, entry.subject) == (one.action, ME, one.subject)
    assert json.loads(entry.details) == one.details


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/admin/knoten/nirgends/befehl", {"befehl": "restart"}),
        (f"/admin/knoten/{MARKET}/befehl", {"befehl": "explode"}),
        (f"/admin/knoten/{MARKET}/konfiguration", {"max_flips": "9999"}),
        ("/admin/funksensoren/geraet", {**DEVICE, "decoder": "nothing"}),
        ("/admin/funksensoren/weg", {"network": "tts", "id": "nobody"}),
        ("/admin/funksensoren/decoder", {"name": "acme-3", "spec": "no JSON"}),
        ("/admin/auftraege/noch-einmal", {"auftrag": "3"}),
        ("/admin/auftraege/anhalten", {"art": "held"}),
        ("/admin/auftraege/fortsetzen", {"art": "mail"}),
        ("/admin/aufgaben/uebernehmen", {"aufgabe": "2"}),
        ("/admin/aufgaben/erledigt", {"aufgabe": "1", "notiz": ""}),
        ("/admin/rollen", {"name": "rosa@example.org", "role": "emperor"}),
        ("/admin/rollen", {"name": "rosa@example.org", "role": "clerk", "scope": "Haus Nr. 1 @ home"}),
        (f"/admin/rollen/{OTHER}/entfernen", {"role": "clerk"}),
        ("/admin/rollen/4711/entfernen", {"role": "clerk"}),
        ("/admin/rollen/1/entfernen", {"role": "admin"}),
        ("/admin/parkausweise", {"plate": "?", "kind": "resident", "site": "", "until": "2099-12-31"}),
        ("/admin/parkausweise", {"plate": "HN-R 1", "kind": "resident", "site": "", "until": "2020-12-31"}),
        ("/admin/parkausweise/99/beenden", {}),
        ("/admin/kassen", {"name": "bad-1", "operation": "pool"}),
        ("/admin/kassen", {"name": "bad-3", "operation": "circus"}),
        ("/admin/kassen/bad-9/sperren", {}),
        ("/admin/kassen/offen/none/abschreiben", {}),
        (f"/admin/zahlungen/{UNCLEAR}/zuordnen", {"reference": "RF00"}),
        (f"/admin/zahlungen/{UNCLEAR}/zurueck", {"holder": "Rosa", "iban": "DE00"}),
        ("/admin/zahlungen/none/zurueck", {"holder": "Rosa", "iban": "DE89370400440532013000"}),
        ("/admin/zahlungen/rueckzahlung/9/zurueckziehen", {}),
        ("/admin/zahlungen/datei", {"tag": "2020-01-01"}),
        ("/buergerbuero/konten/1/ausweis", {"seen": "1", "display_name": "Ich"}),
        (f"/buergerbuero/konten/{OTHER}/zugang", {}),
    ],
)
def test_what_was_refused_leaves_none(staff: FlaskClient, town: Town, path: str, fields: dict[str, str]) -> None:
    before = last_number(town)
    assert press(staff, path, fields).status_code < 500
    assert since(town, before) == []


def test_every_changing_door_of_staff_is_pressed_here(app: flask.Flask) -> None:
    """So that a new button cannot be forgotten; what changes nothing is named."""
    from hub.doors import ACCESS

    # the first keeps nothing, the others have tests of their own (here and in tests/hub/inbox)
    silent = {"radio.try_decoder", "audit.check", "office.write", "office.reply", "office.close"}
    silent |= {"counter.search", "office.write_to", "permits.search"}  # forms that only show a page
    silent |= {"node_preview.wifi", "node_preview.sensors", "node_preview.version"}
    # tests/hub/dashboard/test_rollouts, test_node_update
    silent |= {f"rollouts.{verb}" for verb in ("start", "pause", "resume", "stop", "skip")}
    silent |= {"node_update.start", "node_update.stop"}
    urls = app.url_map.bind("localhost")
    pressed = {urls.match(one.path, method="POST")[0] for one in PRESSES}
    doors = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and ACCESS[rule.endpoint].who in ("admin", "clerk", "editor", "technician")
    }
    assert doors - silent == pressed


def csr(node: str) -> tuple[ec.EllipticCurvePrivateKey, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return key, request.public_bytes(serialization.Encoding.PEM).decode()


def test_a_nodes_certificate_from_its_code_to_its_end_is_noted(
    app: flask.Flask, town: Town, settings: Settings
) -> None:
    said = json.loads(identities.enrol(settings, MARKET, 24, as_json=True))
    key, request = csr(MARKET)
    client = app.test_client()
    first = client.post("/api/fleet/enrol", json={"code": said["code"], "csr": request}).get_json()
    assert client.post("/api/fleet/enrol", json={"code": said["code"], "csr": request}).status_code == 400
    proof = key.sign(request.encode(), ec.ECDSA(hashes.SHA256())).hex()
    body = {"certificate": first["certificate"], "csr": request, "proof": proof}
    assert client.post("/api/fleet/renew", json=body).status_code == 200
    assert identities.revoke(settings, MARKET).startswith(f"{MARKET}: 2 certificates revoked, ")
    subject = f"node:{MARKET}"
    found = [(entry.action, entry.actor, entry.subject) for entry in since(town, 0)]
    assert found == [
        ("fleet.code-made", "cli", subject),
        ("fleet.enrolled", subject, subject),
        ("fleet.renewed", subject, subject),
        ("fleet.revoked", "cli", subject),
    ]
    serials = [json.loads(entry.details)["serial"] for entry in since(town, 1)[:2]]
    assert len(set(serials)) == 2
    assert said["code"] not in "".join(entry.details for entry in since(town, 0))


def device_file(directory: Path) -> Path:
    file = directory / "decoder.json"
    file.write_text(DECODER)
    return file


COMMANDS: dict[str, tuple[Callable[[Settings, Path], object], str, str]] = {
    "admin create": (lambda settings, _: setup.set_admin(settings, "neu"), "account.role-given", "person:1"),
    "account add-client": (
        lambda settings, _: service_commands.add_client(
            settings, "Bad", ["https://bad.example/cb"], [], "", as_json=True
        ),
        "openid.client-added",
        "client:",
    ),
    "radio add-device": (
        lambda settings, _: radio_commands.add_radio_device(settings, DEVICE, None, 5),
        "radio.device-added",
        "device:tts-bay-7",
    ),
    "radio add-decoder": (
        lambda settings, directory: radio_commands.add_radio_decoder(settings, "acme", device_file(directory)),
        "radio.decoder-added",
        "decoder:acme",
    ),
    "ca": (
        lambda settings, directory: identities.write_pairs(settings, directory / "out", ["broker"], 1),
        "fleet.pairs-issued",
        "authority",
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_leaves_one_entry(town: Town, settings: Settings, tmp_path: Path, command: str) -> None:
    work, action, subject = COMMANDS[command]
    work(settings, tmp_path)
    (entry,) = since(town, 0)
    assert (entry.action, entry.actor) == (action, "cli")
    assert entry.subject.startswith(subject)


def test_a_reset_and_a_closed_account_are_the_command_lines(town: Town, settings: Settings) -> None:
    setup.set_admin(settings, "neu")
    setup.set_admin(settings, "neu", create=False)
    account.disable(town.database, "neu")
    found = [(entry.action, entry.actor, entry.subject) for entry in since(town, 1)]
    assert found == [("account.password-set", "cli", "person:1"), ("account.closed", "cli", "person:1")]


def test_consent_is_noted_when_it_is_given_and_when_it_is_withdrawn(town: Town) -> None:
    account.create_admin(town.database, "rosa")
    before = last_number(town)

    def work(session: Session) -> str:
        made = openid.add_client(session, "Bad", ["https://bad.example/cb"], [], "", 1)
        client, person = openid.find_client(session, made.client_id), account.find(session, 1)
        assert client is not None
        assert person is not None
        openid.agree(session, person, client, frozenset({"openid"}), frozenset({"openid"}), 2)
        assert openid.disconnect(session, person.id, made.client_id, 3)
        assert not openid.disconnect(session, person.id, made.client_id, 4)
        return made.client_id

    client_id = town.database.write(work)
    found = [(entry.action, entry.actor, entry.subject) for entry in since(town, before + 1)]
    subject = f"client:{client_id}"
    assert found == [("openid.consent", ME, subject), ("openid.disconnect", ME, subject)]


def test_what_a_member_does_names_the_organisation(town: Town) -> None:
    account.create_admin(town.database, "rosa")
    before = last_number(town)

    def work(session: Session) -> int:
        person = account.find(session, 1)
        assert person is not None
        made = account.organisations.create(session, person, "Salz GmbH", 1)
        account.acting.act_for(session, person, f"organisation:{made}", 2)
        account.organisations.close(session, person, made, 3)
        return made

    made = town.database.write(work)
    assert [(entry.action, entry.actor) for entry in since(town, before)] == [
        ("account.organisation-created", f"person:1 for organisation:{made}"),
        ("account.acting-for", f"person:1 for organisation:{made}"),
        ("account.organisation-closed", f"person:1 for organisation:{made}"),
    ]


def test_an_admin_of_one_place_is_no_admin_of_the_town(app: flask.Flask, town: Town) -> None:
    account.create_admin(town.database, "rosa")

    def narrow(session: Session) -> str:
        people.remove_role(session, 1, "admin")
        people.add_role(session, 1, "admin", "kita-1")
        return account.sessions.open_session(session, account.Proof(1, frozenset({"pwd"})), now_ms())

    client = app.test_client()
    client.set_cookie("sk_session", town.database.write(narrow))
    with town.database.read() as session:
        rosa = account.find(session, 1)
    assert rosa is not None
    assert (rosa.roles, rosa.grants) == (frozenset(), frozenset({("admin", "kita-1")}))
    assert rosa.may("admin", "kita-1")
    for path in ("/admin", "/admin/protokoll", "/admin/aufgaben", "/admin/rollen"):
        assert client.get(path).status_code == 403
