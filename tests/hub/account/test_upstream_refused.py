"""What a log-in with BundID must not open; the provider is a real one in its own process."""

import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.account import api
from hub.account.rules import Level
from hub.account.store import people
from tests.hub.account.brokers import Traveller, linked

pytestmark = pytest.mark.process

STEP_UP = "/anmelden/bestaetigen"


def test_somebody_elses_identity_is_refused_at_step_up(traveller: Traveller, rosa: int, otto: int, issuer: str) -> None:
    linked(traveller.database, otto, issuer, "jonas", Level.BASIS)
    traveller.log_in(rosa)
    answer = traveller.trip("jonas", "/konto/firmen", 2)
    assert answer.status_code == 403
    assert "gehört zu einem anderen Konto" in answer.text
    assert "next=/konto/firmen&amp;level=2" in answer.text
    person = traveller.person()
    assert person is not None
    assert (person.id, person.level) == (rosa, Level.BASIS)


def test_an_answer_that_another_browser_asked_for_is_refused(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    answer = traveller.at_the_broker(traveller.set_out(), "erika")  # the attacker's own identity
    victim = Traveller(traveller.client.application.test_client(), issuer, traveller.database)
    for prepare in (lambda: None, victim.set_out):
        prepare()
        refused = victim.client.get(answer)
        assert refused.status_code == 400
        assert "gilt nicht mehr" in refused.text
        assert victim.person() is None
    assert traveller.client.get(answer).status_code == 303


def test_an_answer_counts_once(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    answer = traveller.at_the_broker(traveller.set_out(), "erika")
    assert traveller.client.get(answer).status_code == 303
    traveller.log_out()
    assert traveller.client.get(answer).status_code == 400
    assert traveller.person() is None


def test_of_two_equal_answers_at_once_one_opens_a_session(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    answer = traveller.at_the_broker(traveller.set_out(), "erika")
    key = traveller.client.get_cookie("sk_broker")
    assert key is not None
    seen: list[int] = []

    def ask() -> None:
        client = traveller.client.application.test_client()
        client.set_cookie("sk_broker", key.value)
        seen.append(client.get(answer).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [303, 400, 400, 400]


def test_a_code_brought_with_a_changed_state_opens_nothing(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    answer = traveller.at_the_broker(traveller.set_out(), "erika")
    for changed in (
        answer.replace("state=", "state=x"),
        answer.split("&state=")[0],
        f"{answer}&state=x",
        f"{answer}&code=x",
        "/anmelden/bundid/zurueck",
    ):
        assert traveller.client.get(changed).status_code == 400
    mixed = traveller.at_the_broker(traveller.set_out(), "erika")
    foreign_code = re.sub(r"code=[^&]+", "code=made-up", mixed)
    assert traveller.client.get(foreign_code).status_code == 503
    assert traveller.person() is None


def test_when_somebody_else_logged_in_meanwhile_nothing_happens_to_them(
    traveller: Traveller, rosa: int, otto: int, issuer: str
) -> None:
    traveller.log_in(rosa)
    answer = traveller.at_the_broker(traveller.set_out("/konto", 2), "erika")
    traveller.log_in(otto)
    refused = traveller.client.get(answer)
    assert refused.status_code == 403
    assert "jemand anderes angemeldet" in refused.text
    assert traveller.client.get_cookie("sk_identity") is None


def test_who_cancels_at_the_broker_comes_back_to_the_same_page(traveller: Traveller, rosa: int) -> None:
    address = traveller.set_out("/konto/familie")
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = traveller.client.get("/anmelden/bundid/zurueck", query_string={"error": "access_denied", "state": state})
    assert answer.status_code == 200
    assert "abgebrochen" in answer.text
    assert 'name="next" value="/konto/familie"' in answer.text


def test_a_closed_account_stays_closed(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    api.disable(traveller.database, "rosa@example.org")
    answer = traveller.trip("erika")
    assert answer.status_code == 403
    assert "Bürgerbüro" in answer.text
    assert traveller.person() is None


def test_a_password_at_the_broker_does_not_get_round_the_app(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "basis", Level.BASIS)
    sealed = api.Keyring(traveller.client.application.extensions["settings"].secret()).sealer("otp").seal("JBSWY3DP")
    traveller.database.write(lambda s: people.change_person(s, rosa, otp_secret=sealed))
    answer = traveller.trip("basis")
    assert answer.status_code == 200
    assert "Code eingeben" in answer.text
    assert traveller.person() is None


def test_an_admin_gets_no_role_from_the_broker_and_keeps_the_own_one(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    api.create_admin(traveller.database, "leitstelle", "salz wasser rosen turm")
    with traveller.database.read() as session:
        admin = api.find_by_name(session, "leitstelle")
    assert admin is not None
    linked(traveller.database, admin.id, issuer, "erika", Level.BASIS)
    assert traveller.trip("erika").headers["Location"] == "/admin"
    traveller.log_out()
    linked(traveller.database, rosa, issuer, "hoch", Level.BASIS)
    traveller.trip("hoch")
    person = traveller.person()
    assert person is not None
    assert person.roles == frozenset()


def test_a_session_that_ended_on_the_way_is_opened_anew_for_its_own_person(
    traveller: Traveller, rosa: int, otto: int, issuer: str
) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    linked(traveller.database, otto, issuer, "jonas", Level.BASIS)
    for who, status in (("jonas", 403), ("erika", 303)):
        traveller.log_in(rosa)
        address = traveller.set_out("/konto/firmen", 2)
        traveller.log_out()
        assert traveller.client.get(traveller.at_the_broker(address, who)).status_code == status
    person = traveller.person()
    assert person is not None
    assert person.id == rosa


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_no_target_leads_out_of_the_town(traveller: Traveller, rosa: int, issuer: str, target: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    assert traveller.trip("erika", target).headers["Location"] == "/konto"
