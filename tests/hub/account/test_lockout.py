"""Strangers who try to lock somebody out, and guessers who try many at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import flask
import pytest

from hub.account import api, rules
from hub.account.api import codes, staff
from hub.account.api.throttle import Throttle, held_keys, mail_keys, recipient_keys
from hub.core.clock import now_ms
from hub.core.db import Database
from tests.hub.account.desk import NOW, PASSWORD, RING, Ear, register
from tests.hub.account.visitor import Visitor

ROSA, STRANGER = "rosa@example.org", "198.51.100.66"


def counter_code(app: flask.Flask) -> str:
    """What the citizens' office hands over."""
    database, ring = app.extensions["database"], api.Keyring(app.secret_key)
    with database.read() as session:
        rosa = api.find_by_name(session, ROSA)
    assert rosa is not None
    clerk = api.Person(0, "amt", frozenset())
    return database.write(lambda s: staff.recover(s, ring, clerk, rosa.id, now_ms()))


def test_wrong_codes_of_a_stranger_do_not_take_the_right_one_away(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    code = counter_code(house)
    stranger, owner = Visitor(house, STRANGER), Visitor(house)
    for _ in range(5):
        assert stranger.post("/anmelden/wiederherstellen", mail=ROSA, code="AAAAA-AAAAA").status_code == 422
    assert stranger.post("/anmelden/wiederherstellen", mail=ROSA, code=code).status_code == 429
    assert owner.post("/anmelden/wiederherstellen", mail=ROSA, code=code).status_code == 200
    assert owner.hidden("granted")


def test_a_stranger_blocks_neither_a_new_password_nor_a_new_account(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    stranger, owner = Visitor(house, STRANGER), Visitor(house, "192.0.2.55")
    for mail in (ROSA, "neu@example.org"):
        for _ in range(6):
            stranger.post("/anmelden/wiederherstellen", mail=mail, code="AAAAA-AAAAA")
            stranger.post("/anmelden/passwort", mail=mail)
            stranger.post("/konto/neu", mail=mail)
    assert owner.prove_mail(ROSA, "/anmelden/passwort")
    assert owner.prove_mail("neu@example.org")


def test_a_code_stays_good_when_a_stranger_asks_for_others(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    stranger, owner = Visitor(house, STRANGER), Visitor(house, "192.0.2.55")
    owner.post("/anmelden/passwort", mail=ROSA)
    code_id, code = owner.hidden("code_id"), owner.mailed_code(ROSA)
    for _ in range(5):
        assert stranger.post("/anmelden/passwort", mail=ROSA).status_code == 200
    answer = owner.post("/anmelden/passwort/code", mail=ROSA, code_id=code_id, code=code)
    assert answer.status_code == 200
    assert owner.hidden("granted")


def test_a_flood_of_mails_ends_but_looks_the_same(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    pages = []
    for number in range(21):
        stranger = Visitor(house, f"198.51.100.{number}")
        assert stranger.post("/anmelden/passwort", mail=ROSA).status_code == 200
        pages.append(re.sub(r'value="[^"]*"', "", stranger.page))
    assert len(set(pages)) == 1
    assert not codes.has_room(ROSA, codes.RESET, now_ms())


def test_after_a_code_was_used_the_others_count_no_more(database: Database) -> None:
    register(database, ROSA)
    ear, made = Ear(), []
    for _ in range(2):
        code_id = database.write(lambda s: codes.ask(s, RING, codes.RESET, ROSA, "de", NOW))
        made.append((code_id, ear.last(api.CodeMade).code))
    tried = [
        database.write(lambda s, one=one: codes.check(s, RING, codes.RESET, one[0], one[1], NOW)) is not None
        for one in made
    ]
    assert tried == [True, False]


def test_many_guesses_at_a_mailed_code_at_once_are_five(database: Database) -> None:
    ear, together = Ear(), Barrier(16)
    code_id = database.write(lambda s: codes.ask(s, RING, codes.REGISTER, ROSA, "de", NOW))

    def guess(_number: int) -> None:
        together.wait()
        database.write(lambda s: codes.check(s, RING, codes.REGISTER, code_id, "00000000x", NOW))

    seen = count_comparisons(lambda: list(ThreadPoolExecutor(16).map(guess, range(16))))
    assert seen == rules.CODE_TRIES
    right = ear.last(api.CodeMade).code
    assert database.write(lambda s: codes.check(s, RING, codes.REGISTER, code_id, right, NOW)) is None


def count_comparisons(attack) -> int:
    """How often a code was compared while the attack ran."""
    seen: list[int] = []
    real = codes.hmac.compare_digest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes.hmac, "compare_digest", lambda a, b: seen.append(1) or real(a, b))
        attack()
    return len(seen)


def test_of_many_wrong_app_codes_at_once_five_are_looked_at(house: flask.Flask) -> None:
    Visitor(house).register(ROSA).set_app()
    thief = Visitor(house, STRANGER)
    thief.log_in(ROSA)
    ticket, together = thief.hidden("ticket"), Barrier(24)
    cookie = thief.client.get_cookie("sk_form")
    assert cookie is not None

    def guess(number: int) -> int:
        client = house.test_client(use_cookies=False)
        together.wait()
        fields = {"csrf": thief.token, "ticket": ticket, "code": f"{number:06d}"}
        headers = {"Cookie": f"sk_form={cookie.value}"}
        origin = {"REMOTE_ADDR": STRANGER}
        return client.post("/anmelden/code", data=fields, headers=headers, environ_base=origin).status_code

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(guess, range(24)))
    assert (answers.count(401), answers.count(429)) == (5, 19)


def test_of_many_wrong_passwords_at_once_five_are_looked_at(database: Database) -> None:
    register(database, ROSA)
    together = Barrier(12)

    def guess(_number: int) -> str:
        together.wait()
        try:
            return str(api.login.authenticate(database, ROSA, "falsch", STRANGER, NOW))
        except (api.ThrottledError, api.BusyError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(12)))
    assert answers.count("None") <= 5
    assert api.login.authenticate(database, ROSA, PASSWORD, "192.0.2.1", NOW) is not None


def test_right_log_ins_use_no_tries_up(database: Database) -> None:
    register(database, ROSA)
    for _ in range(30):
        assert api.login.authenticate(database, ROSA, PASSWORD, STRANGER, NOW) is not None


def test_a_flood_of_one_kind_makes_no_other_kind_forgotten() -> None:
    throttle = Throttle()
    for _ in range(20):
        throttle.take(recipient_keys(ROSA, "reset"), NOW)
    for number in range(10_500):
        throttle.take(mail_keys(f"m{number}@x.de", "reset", f"2001:db8::{number:x}"), NOW)
    assert throttle.wait_ms(recipient_keys(ROSA, "reset"), NOW) > 0


def test_a_line_with_ipv6_is_one_sender_whatever_address_it_takes() -> None:
    assert rules.network("2001:db8:1:2::1") == rules.network("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert rules.network("2001:db8:1:3::1") != rules.network("2001:db8:1:2::1")
    assert rules.network("::ffff:192.0.2.7") == rules.network("192.0.2.7") == "192.0.2.7"
    assert rules.network("fe80::1%eth0") == "fe80::/64"
    assert rules.network("") == ""


def test_a_town_behind_one_address_may_register_and_fill_in_forms() -> None:
    throttle = Throttle()
    for number in range(100):
        assert throttle.take(mail_keys(f"m{number}@x.de", "register", "192.0.2.1"), NOW) == 0
        assert throttle.take(held_keys(number, "192.0.2.1"), NOW) == 0
        assert throttle.take(held_keys(None, "192.0.2.1"), NOW) == 0
    assert [throttle.take(held_keys(1, "192.0.2.1"), NOW) > 0 for _ in range(30)][-1]
