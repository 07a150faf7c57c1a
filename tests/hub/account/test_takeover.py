"""Attacks on somebody else's account, through the web."""

import flask
import pytest

from hub.account import api
from hub.account.api import staff
from hub.core.clock import now_ms
from tests.hub.account.authenticator import Authenticator
from tests.hub.account.visitor import Visitor

VICTIM, THIEF = "opfer@example.org", "boese@example.org"
OTHER_PASSWORD = "ein ganz anderes langes Wort"


@pytest.mark.parametrize("silent", [True, False])
def test_who_reads_the_mail_alone_gets_no_passkey_into_the_account(house: flask.Flask, silent: bool) -> None:
    Visitor(house).register(VICTIM).set_app()
    thief, device = Visitor(house, "198.51.100.66"), Authenticator()
    reset = thief.prove_mail(VICTIM, "/anmelden/passwort")
    thief.prove_mail(THIEF)
    ticket, options = thief.question("create")
    answer = device.create(options)
    stolen = thief.post(
        "/konto/neu/passkey", granted=reset, ticket=ticket, handle=thief.hidden("handle"), answer=answer, device="x"
    )
    assert stolen.status_code == 410
    assert thief.log_in_by_passkey(device, handle="" if silent else None).status_code == 401


def test_a_new_account_takes_no_passkey_that_was_made_for_another_handle(house: flask.Flask) -> None:
    visitor, device = Visitor(house), Authenticator()
    granted = visitor.prove_mail(VICTIM)
    ticket, options = visitor.question("create")
    answer = visitor.post(
        "/konto/neu/passkey", granted=granted, ticket=ticket, handle="QUFB", answer=device.create(options), device="x"
    )
    assert answer.status_code == 422
    assert visitor.log_in_by_passkey(device).status_code == 401


def test_an_account_opens_with_a_passkey_and_the_passkey_names_its_owner(house: flask.Flask) -> None:
    visitor, device = Visitor(house), Authenticator()
    granted = visitor.prove_mail(VICTIM)
    ticket, options = visitor.question("create")
    made = device.create(options)
    fields = {"granted": granted, "ticket": ticket, "handle": visitor.hidden("handle"), "answer": made}
    assert visitor.post("/konto/neu/passkey", **fields, device="Handy").status_code == 303
    other = Visitor(house)
    assert other.log_in_by_passkey(device, handle="").status_code == 401
    assert other.log_in_by_passkey(device).status_code == 303


@pytest.mark.parametrize("spell", [lambda t: t + "\n", lambda t: t + "=", lambda t: t[:20] + "!" + t[20:]])
def test_a_ticket_that_was_used_opens_nothing_in_another_spelling(house: flask.Flask, spell) -> None:
    visitor = Visitor(house)
    granted = visitor.prove_mail(VICTIM)
    assert visitor.post("/konto/neu/kennwort", granted=granted, password=OTHER_PASSWORD).status_code == 303
    visitor.post("/abmelden")
    reset = visitor.prove_mail(VICTIM, "/anmelden/passwort")
    assert visitor.post("/konto/neu/kennwort", granted=reset, password=OTHER_PASSWORD).status_code == 303
    again = visitor.post("/konto/neu/kennwort", granted=spell(reset), password="das setzt jetzt der Dieb im Wald")
    assert again.status_code == 410
    assert visitor.log_in(VICTIM, OTHER_PASSWORD).status_code == 303


@pytest.mark.parametrize("length", [72, 73, 120, 256])
def test_a_long_password_is_taken(house: flask.Flask, length: int) -> None:
    password = (f"korrekt pferd batterie klammer heft {length} " * 20)[:length].strip()
    visitor = Visitor(house)
    visitor.register(VICTIM)
    assert visitor.post("/konto/sicherheit/passwort", password=password).status_code == 303
    assert Visitor(house).log_in(VICTIM, password).status_code == 303


def test_who_is_logged_in_adds_a_passkey_and_logs_in_with_it(house: flask.Flask) -> None:
    owner, device = Visitor(house).register(VICTIM), Authenticator()
    answer = owner.add_passkey(device)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/konto/sicherheit?gesagt=passkey-neu")
    assert Visitor(house).log_in_by_passkey(device).status_code == 303


def test_a_recovery_takes_no_passkey_that_was_made_for_another_handle(house: flask.Flask) -> None:
    owner, kept = Visitor(house).register(VICTIM), Authenticator()
    owner.add_passkey(kept)
    database, ring = house.extensions["database"], api.Keyring(house.secret_key)
    code = database.write(lambda s: staff.recover(s, ring, api.Person(0, "amt", frozenset()), 1, now_ms()))
    visitor, device = Visitor(house), Authenticator()
    visitor.post("/anmelden/wiederherstellen", mail=VICTIM, code=code)
    granted = visitor.hidden("granted")
    visitor.prove_mail(THIEF)
    ticket, options = visitor.question("create")
    fields = {"granted": granted, "ticket": ticket, "handle": visitor.hidden("handle")}
    assert visitor.post("/konto/neu/passkey", **fields, answer=device.create(options)).status_code == 410
    assert Visitor(house).log_in_by_passkey(kept).status_code == 303  # nothing was taken away either
