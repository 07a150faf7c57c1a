"""Codes by mail and at the counter: who gets one, what it opens, how often one may be wrong."""

import threading

import pytest

from hub.account import api, rules
from hub.account.api import codes, registration, retention, staff
from hub.core.db import Database
from tests.hub.account.desk import DAY, NOW, PHONE, RING, Ear, person, register

MAIL = "rosa@example.org"


def ask(database: Database, purpose: str = codes.REGISTER, mail: str = MAIL, now: int = NOW) -> str:
    return database.write(lambda session: codes.ask(session, RING, purpose, mail, "de", now))


def check(database: Database, code_id: str, typed: str, purpose: str = codes.REGISTER, now: int = NOW):
    return database.write(lambda session: codes.check(session, RING, purpose, code_id, typed, now))


def test_the_mailed_code_opens_an_account_once(database: Database) -> None:
    ear, code_id = Ear(), ask(database)
    code = ear.last(api.CodeMade).code
    granted = check(database, code_id, f" {code[:4]} {code[4:]}")
    assert granted == codes.Granted(codes.REGISTER, MAIL)
    assert check(database, code_id, code) is None


def test_a_code_is_over_after_a_quarter_of_an_hour(database: Database) -> None:
    ear, code_id = Ear(), ask(database)
    code = ear.last(api.CodeMade).code
    assert check(database, code_id, code, now=NOW + rules.CODE_MS) is None
    assert check(database, code_id, code, now=NOW + rules.CODE_MS - 1) is not None


def test_after_five_wrong_tries_even_the_right_code_is_worthless(database: Database) -> None:
    ear, code_id = Ear(), ask(database)
    for _ in range(5):
        assert check(database, code_id, "00000000x") is None
    assert check(database, code_id, ear.last(api.CodeMade).code) is None


def test_of_many_who_type_the_right_code_at_once_one_gets_in(database: Database) -> None:
    ear, code_id, got = Ear(), ask(database), []
    code = ear.last(api.CodeMade).code
    threads = [threading.Thread(target=lambda: got.append(check(database, code_id, code))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in got) == 1


def test_a_code_for_one_purpose_opens_no_other(database: Database) -> None:
    ear, code_id = Ear(), ask(database)
    assert check(database, code_id, ear.last(api.CodeMade).code, purpose=codes.RESET) is None


def test_an_address_with_an_account_gets_a_hint_and_no_code(database: Database) -> None:
    register(database, MAIL)
    ear = Ear()
    assert len(ask(database)) == len(ask(database, mail="unknown@example.org"))
    assert ear.count(api.AlreadyRegistered) == 1
    assert ear.last(api.CodeMade).mail == "unknown@example.org"


def test_nobody_without_an_account_gets_a_code_for_a_new_password(database: Database) -> None:
    ear = Ear()
    ask(database, codes.RESET, "unknown@example.org")
    assert ear.heard == []


def test_who_has_passkeys_only_gets_no_code_for_a_password(database: Database) -> None:
    register(database, MAIL, password=None)
    ear = Ear()
    ask(database, codes.RESET)
    assert ear.count(api.CodeMade) == 0
    assert ear.count(api.AlreadyRegistered) == 1


def test_a_ticket_opens_one_account_even_when_it_is_sent_twice_at_once(database: Database) -> None:
    granted, results = codes.Granted(codes.REGISTER, MAIL), []
    ticket = codes.seal(RING, granted, NOW)

    def start() -> None:
        try:
            results.append(
                database.write(
                    lambda s: registration.start(s, granted, ticket, f"h{id(s)}", "de", NOW, registration.PASSWORD)
                )
            )
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, int) for one in results) == 1


def test_tickets_are_not_believed_when_they_are_old_or_changed(database: Database) -> None:
    ticket = codes.seal(RING, codes.Granted(codes.REGISTER, MAIL), NOW)
    assert codes.unseal(RING, ticket, NOW).mail == MAIL
    for wrong, now in ((ticket, NOW + rules.RECOVERY_MS), (ticket[:-2] + "AA", NOW), ("", NOW)):
        with pytest.raises(ValueError, match=r"ticket|seal"):
            codes.unseal(RING, wrong, now)


def test_mails_to_one_address_have_a_limit(database: Database) -> None:
    for _ in range(5):
        codes.allow_mail(MAIL, PHONE, NOW)
    with pytest.raises(api.ThrottledError):
        codes.allow_mail(MAIL, PHONE, NOW)
    codes.allow_mail(MAIL, "198.51.100.9", NOW)
    codes.allow_mail(MAIL, PHONE, NOW + rules.HOUR)


@pytest.mark.parametrize(
    "typed", ["", "rosa", "rosa@", "a@b@c.de", "rosa@exa mple.org", "rosa@example.org\nBcc: x@y.de"]
)
def test_what_is_no_mail_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        codes.valid_mail(typed)


def test_the_counter_helps_citizens_but_neither_oneself_nor_colleagues(database: Database) -> None:
    rosa, petra, boss = (register(database, mail) for mail in (MAIL, "petra@example.org", "boss@example.org"))
    admin = person(database, boss)
    admin = database.write(lambda s: staff.give_role(s, admin, "petra@example.org", "clerk", "", NOW) or admin)
    clerk = person(database, petra)
    for target, reason in ((petra, "self"), (999, "unknown")):
        with pytest.raises(staff.NotAllowedError, match=reason):
            database.write(lambda s, target=target: staff.recover(s, RING, clerk, target, NOW))
    colleague = person(database, rosa)
    with pytest.raises(staff.NotAllowedError, match="staff"):
        database.write(lambda s: staff.recover(s, RING, colleague, petra, NOW))
    assert len(database.write(lambda s: staff.recover(s, RING, clerk, rosa, NOW))) == 11


def test_a_recovery_takes_every_old_key_away_and_logs_every_device_out(database: Database) -> None:
    rosa, petra = register(database, MAIL), register(database, "petra@example.org")
    token = database.write(lambda s: api.sessions.open_session(s, api.Proof(rosa, frozenset({"pwd"})), NOW))
    old_codes = database.write(lambda s: api.login.new_recovery_codes(s, RING, rosa, NOW))
    clerk = person(database, petra)
    code = database.write(lambda s: staff.recover(s, RING, clerk, rosa, NOW))
    assert api.sessions.session_person(database, token, NOW) is not None  # giving the code changes nothing yet
    granted = database.write(lambda s: codes.check_recovery(s, RING, MAIL, code.lower(), NOW))
    assert granted is not None
    ticket = codes.seal(RING, granted, NOW)
    database.write(lambda s: registration.start(s, granted, ticket, "", "de", NOW, registration.PASSWORD))
    assert api.sessions.session_person(database, token, NOW) is None
    assert api.login.authenticate(database, MAIL, "vier zufällige wörter am see", PHONE, NOW) is None
    assert not database.write(lambda s: api.login.use_recovery_code(s, RING, rosa, old_codes[0], NOW))


def test_who_was_identified_is_substantiell_with_two_factors_until_the_date(database: Database) -> None:
    rosa, petra = register(database, MAIL), register(database, "petra@example.org")
    clerk = person(database, petra)
    until = database.write(lambda s: staff.identify(s, clerk, rosa, "Rosa Quelle", NOW))
    assert until == NOW + staff.IDENTIFIED_DAYS * DAY
    assert person(database, rosa).level == api.Level.BASIS
    assert person(database, rosa, methods=("pwd", "otp")).level == api.Level.SUBSTANTIELL
    assert person(database, rosa, methods=("swk", "user")).level == api.Level.SUBSTANTIELL
    assert person(database, rosa, methods=("swk", "user"), now=until).level == api.Level.BASIS


def test_what_is_over_is_forgotten_and_the_history_after_half_a_year(database: Database) -> None:
    register(database, MAIL)
    ask(database, mail="other@example.org")
    assert database.write(lambda s: retention.tidy(s, NOW)) == 0
    assert database.write(lambda s: retention.tidy(s, NOW + DAY)) == 2  # the code, and the ticket of the registration
    assert database.write(lambda s: retention.tidy(s, NOW + 180 * DAY)) == 0
    assert database.write(lambda s: retention.tidy(s, NOW + 181 * DAY)) == 2  # registered, password set
