"""Notices reach real sockets, encrypted for one device; they end with the log-out and survive what services do."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub import app
from hub.account import api as account
from hub.core import jobs
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.inbox import api as inbox
from hub.push import api, rules
from hub.push.gateway import keys
from hub.push.gateway.service import PushService, ServiceAwayError
from hub.push.rules import Subscription
from hub.push.work import pushing
from hub.settings import Settings
from tests.hub.account.desk import register
from tests.hub.push.phones import Phones

HOUSE = inbox.House("Bad Rappenau", "https://pass.example")


class Desk:
    """A hub with people, their devices and a worker whose clock can be put forward."""

    def __init__(self, database: Database, directory: Path, phones: Phones) -> None:
        self.database, self.phones = database, phones
        self.settings = Settings(
            state_dir=directory, push_hosts=f"push.example, {phones.host}", push_contact="mailto:amt@town.example"
        )
        self.ahead_ms = 0
        handlers = {api.PUSH_JOB: pushing(self.settings, database)}
        self.runner = jobs.Runner(database, handlers, self.now)

    def now(self) -> int:
        """The worker's time."""
        return now_ms() + self.ahead_ms

    def log_in(self, person_id: int, old_token: str = "") -> tuple[str, account.Person]:
        proof, now = account.Proof(person_id, frozenset({"pwd"})), now_ms()
        token = self.database.write(lambda s: account.sessions.open_session(s, proof, now, "Firefox", old_token))
        person = account.sessions.session_person(self.database, token, now)
        assert person is not None
        return token, person

    def log_out(self, token: str) -> None:
        self.database.write(lambda s: account.sessions.end_session(s, token, now_ms()))

    def switch_on(self, person: account.Person, phone: Subscription, browser: str = "") -> str:
        hosts = self.settings.push_services
        return self.database.write(lambda s: api.subscribe(s, person, phone, hosts, browser, now_ms()))

    def devices(self, person_id: int, browser: str = "") -> list[api.Device]:
        with self.database.read() as session:
            return api.devices(session, person_id, browser)

    def follow(self, person: account.Person, browser: str) -> None:
        self.database.write(lambda s: api.follow(s, person, browser, now_ms()))

    def message(self, person_id: int) -> None:
        """The town writes to somebody."""
        self.database.write(
            lambda s: inbox.send_message(s, HOUSE, person_id, "account", "security-password-set", now_ms(), {})
        )

    def work(self, later_ms: int = 0) -> jobs.Settled:
        """The worker does everything that is due (after a while)."""
        self.ahead_ms += later_ms
        before, self.runner.total = self.runner.total, jobs.Settled()
        while self.runner.turn(threading.Event()):
            continue
        done, self.runner.total = self.runner.total, before
        return done

    def jobs(self) -> list[jobs.JobNow]:
        """Notices that wait or were given up."""
        with self.database.read() as session:
            found = [one for state in (jobs.WAITING, jobs.DEAD) for one in jobs.listed(session, state, limit=100)]
        return [one for one in found if one.kind == api.PUSH_JOB]


@pytest.fixture
def desk(database: Database, tmp_path: Path, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(database, tmp_path, phones)
    monkeypatch.setattr("hub.push.work.clock.now_ms", made.now)
    return made


@pytest.fixture
def rosa(desk: Desk) -> int:
    return register(desk.database, "rosa@example.org")


def test_a_message_becomes_a_notice_that_only_the_device_can_read_and_that_says_nothing_of_it(
    desk: Desk, rosa: int
) -> None:
    phone = desk.phones.subscribe()
    _, person = desk.log_in(rosa)
    desk.switch_on(person, phone)
    desk.message(rosa)
    desk.work()
    (notice,) = desk.phones.seen(phone)
    assert json.loads(notice["text"]) == {"path": "/konto/postfach", "lang": "de"}
    assert (notice["ttl"], notice["topic"], notice["urgency"]) == ("86400", "inbox", "normal")
    assert notice["claims"]["aud"] == f"https://{desk.phones.host}"
    assert notice["claims"]["sub"] == "mailto:amt@town.example"
    assert notice["claims"]["k"] == keys.public_key(desk.settings.push_key())
    assert desk.devices(rosa)[0].last_ok_at > 0
    assert desk.phones.refused() == []


def test_every_device_of_the_person_hears_and_nobody_elses(desk: Desk, rosa: int) -> None:
    otto = register(desk.database, "otto@example.org")
    hers, his = [desk.phones.subscribe(), desk.phones.subscribe()], desk.phones.subscribe()
    for phone in hers:
        desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.switch_on(desk.log_in(otto)[1], his)
    desk.message(rosa)
    desk.work()
    assert [len(desk.phones.seen(phone)) for phone in (*hers, his)] == [1, 1, 0]


def test_notices_end_with_the_log_out_of_that_device_also_for_a_job_that_waits(desk: Desk, rosa: int) -> None:
    here, there = desk.phones.subscribe(), desk.phones.subscribe()
    token, person = desk.log_in(rosa)
    desk.switch_on(person, here)
    desk.switch_on(desk.log_in(rosa)[1], there)
    desk.message(rosa)
    desk.log_out(token)
    desk.work()
    assert (desk.phones.seen(here), len(desk.phones.seen(there))) == ([], 1)
    assert len(desk.devices(rosa)) == 1


def test_a_session_ended_from_afar_takes_its_notices_along(desk: Desk, rosa: int) -> None:
    _, lost = desk.log_in(rosa)
    desk.switch_on(lost, desk.phones.subscribe())
    _, home = desk.log_in(rosa)
    desk.switch_on(home, desk.phones.subscribe())
    desk.database.write(lambda s: account.sessions.end_others(s, rosa, now_ms(), but=home.session_id))
    assert len(desk.devices(rosa)) == 1


def test_who_logs_in_again_in_the_same_browser_keeps_the_notices_until_the_log_out(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe()
    old, person = desk.log_in(rosa)
    browser = desk.switch_on(person, phone)
    newer, person = desk.log_in(rosa, old)  # the old one had run out, its cookie was still there
    assert desk.devices(rosa, browser)[0].current
    newest, person = desk.log_in(rosa)  # not even a cookie of the session: the browser's own one says it
    desk.follow(person, browser)
    desk.log_out(newer)
    assert len(desk.devices(rosa)) == 1
    desk.log_out(newest)
    assert desk.devices(rosa) == []


def test_another_person_in_the_same_browser_takes_it_over(desk: Desk, rosa: int) -> None:
    otto, phone = register(desk.database, "otto@example.org"), desk.phones.subscribe()
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    _, his = desk.log_in(otto)
    desk.switch_on(his, phone)
    desk.work()
    assert desk.phones.seen(phone) == []  # the notice that waited was for her
    assert (desk.devices(rosa), len(desk.devices(otto))) == ([], 1)


def test_another_person_who_only_logs_in_there_ends_the_notices(desk: Desk, rosa: int) -> None:
    otto = register(desk.database, "otto@example.org")
    browser = desk.switch_on(desk.log_in(rosa)[1], desk.phones.subscribe())
    desk.follow(desk.log_in(otto)[1], browser)
    assert (desk.devices(rosa), desk.devices(otto)) == ([], [])


def test_many_that_switch_on_the_same_browser_at_once_leave_one_owner(desk: Desk) -> None:
    people = [desk.log_in(register(desk.database, f"p{number}@example.org"))[1] for number in range(6)]
    phone = desk.phones.subscribe()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda person: desk.switch_on(person, phone), people * 3))
    assert sum(len(desk.devices(person.id)) for person in people) == 1


def test_a_person_has_at_most_twenty_devices(desk: Desk, rosa: int) -> None:
    _, person = desk.log_in(rosa)
    made = desk.phones.subscribe()
    for number in range(23):
        endpoint = f"https://push.example/{number}"
        desk.switch_on(person, Subscription(endpoint, made.p256dh, made.auth))
    assert len(desk.devices(rosa)) == 20


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten(desk: Desk, rosa: int, status: int) -> None:
    phone = desk.phones.subscribe({"status": status})
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    desk.work()
    assert desk.devices(rosa) == []
    assert [one.state for one in desk.jobs()] == []


def test_a_service_that_names_a_time_is_asked_again_then_and_not_before(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe({"status": 429, "Retry-After": "1200"}, {"status": 503, "Retry-After": "60"})
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    desk.work()
    desk.work(later_ms=1_190_000)
    assert [one["status"] for one in desk.phones.seen(phone)] == [429]
    desk.work(later_ms=11_000)
    assert [one["status"] for one in desk.phones.seen(phone)] == [429, 503]
    desk.work(later_ms=61_000)
    assert [one["status"] for one in desk.phones.seen(phone)] == [429, 503, 201]


def test_a_broken_service_gets_more_tries_and_the_notice_arrives(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe({"status": 500}, {"status": 502})
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    for _ in range(3):
        desk.work(later_ms=600_000)
    assert [one["status"] for one in desk.phones.seen(phone)] == [500, 502, 201]


def test_after_six_tries_the_job_is_dead_and_the_device_stays(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe(*[{"status": 500}] * 9)
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    for _ in range(9):
        desk.work(later_ms=3_600_000)
    assert len(desk.phones.seen(phone)) == 6
    assert [(one.state, one.last_error) for one in desk.jobs()] == [(jobs.DEAD, "localhost answered 500")]
    assert len(desk.devices(rosa)) == 1


def test_a_service_that_says_later_for_ever_is_not_asked_for_ever(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe(*[{"status": 429, "Retry-After": "1"}] * 30)
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    for _ in range(12):
        desk.work(later_ms=5_000)
    assert len(desk.phones.seen(phone)) == 7
    assert [one.state for one in desk.jobs()] == [jobs.DEAD]


def test_a_device_that_fails_twenty_times_in_a_row_is_forgotten(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe(*[{"status": 403}] * 25)
    desk.switch_on(desk.log_in(rosa)[1], phone)
    for number in range(20):
        assert len(desk.devices(rosa)) == 1, number
        desk.message(rosa)
        desk.work()
    assert desk.devices(rosa) == []


def test_the_person_sees_which_device_the_last_notice_did_not_reach(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe({"status": 403})
    desk.switch_on(desk.log_in(rosa)[1], phone)
    seen = []
    for _notice in range(2):
        desk.message(rosa)
        desk.work()
        seen += [one.is_failing for one in desk.devices(rosa)]
    assert seen == [True, False]


def test_a_redirect_is_not_followed(desk: Desk, rosa: int) -> None:
    trap = desk.phones.subscribe()
    phone = desk.phones.subscribe({"status": 307, "Location": trap.endpoint})
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.message(rosa)
    desk.work()
    assert (len(desk.phones.seen(phone)), desk.phones.seen(trap), desk.phones.refused()) == (1, [], [])
    assert [one.state for one in desk.jobs()] == [jobs.DEAD]


def test_a_service_that_hangs_does_not_hold_the_worker(phones: Phones) -> None:
    phone = phones.subscribe({"hang": 30})
    service = PushService(b"k" * 32, "amt@town.example", (1, 0.5))
    began = time.monotonic()
    with pytest.raises(ServiceAwayError, match="ReadTimeout"):
        service.send(phone, b"{}", "inbox")
    assert time.monotonic() - began < 10


def test_nothing_goes_to_a_service_without_a_good_certificate(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = phones.subscribe()
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(ServiceAwayError, match="SSLError"):
        PushService(b"k" * 32, "amt@town.example").send(phone, b"{}", "inbox")
    assert phones.seen(phone) == []


def test_a_subscription_cannot_make_the_hub_talk_to_another_machine(desk: Desk, rosa: int) -> None:
    _, person = desk.log_in(rosa)
    good = desk.phones.subscribe()
    with socket.create_server(("127.0.0.1", 0)) as inner:
        inner.settimeout(0.2)
        for endpoint in (
            f"https://localhost:{inner.getsockname()[1]}/x",
            f"https://127.0.0.1:{desk.phones.port}/push/x",
        ):
            with pytest.raises(api.RefusedError):
                desk.switch_on(person, Subscription(endpoint, good.p256dh, good.auth))
        with pytest.raises(TimeoutError):
            inner.accept()
    assert desk.devices(rosa) == []


def test_a_host_that_was_taken_off_the_list_hears_nothing_more(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe()
    desk.switch_on(desk.log_in(rosa)[1], phone)
    shorter = desk.settings.model_copy(update={"push_hosts": "push.example"})
    desk.runner = jobs.Runner(desk.database, {api.PUSH_JOB: pushing(shorter, desk.database)}, now_ms)
    desk.message(rosa)
    desk.work()
    assert (desk.phones.seen(phone), desk.devices(rosa)) == ([], [])


@pytest.mark.parametrize("change", [{"p256dh": "AAAA"}, {"auth": ""}, {"p256dh": "BAAA" + "A" * 83}])
def test_keys_that_are_none_are_refused_at_once(desk: Desk, rosa: int, change: dict[str, str]) -> None:
    phone = desk.phones.subscribe()
    facts = {"endpoint": phone.endpoint, "p256dh": phone.p256dh, "auth": phone.auth, **change}
    with pytest.raises(api.RefusedError):
        desk.switch_on(desk.log_in(rosa)[1], Subscription(**facts))


def test_a_notice_of_yesterday_is_not_sent(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe()
    desk.switch_on(desk.log_in(rosa)[1], phone)
    desk.database.write(lambda s: api.notify(s, rosa, now_ms() - rules.LIFE_MS - 1000))
    desk.work()
    assert (desk.phones.seen(phone), desk.jobs()) == ([], [])


def test_a_probe_is_sent_to_ones_own_device_and_not_twice_at_once(desk: Desk, rosa: int) -> None:
    otto = register(desk.database, "otto@example.org")
    phone = desk.phones.subscribe()
    desk.switch_on(desk.log_in(rosa)[1], phone)
    (device,), at = desk.devices(rosa), now_ms() // 10_000 * 10_000
    assert not desk.database.write(lambda s: api.probe(s, otto, device.id, at))
    assert not desk.database.write(lambda s: api.remove(s, otto, device.id))
    for _ in range(5):
        assert desk.database.write(lambda s: api.probe(s, rosa, device.id, at))
    desk.work()
    (notice,) = desk.phones.seen(phone)
    assert (json.loads(notice["text"])["path"], notice["topic"]) == ("/konto/hinweise", "probe")


def test_export_tells_what_is_kept_and_nothing_of_the_secrets(desk: Desk, rosa: int) -> None:
    phone = desk.phones.subscribe()
    desk.switch_on(desk.log_in(rosa)[1], phone)
    with desk.database.read() as session:
        (kept,) = api.export(session, rosa, 0)["devices"]
    assert kept["device"] == "Firefox"
    assert phone.auth not in json.dumps(kept)


def test_devices_that_nobody_uses_are_forgotten_after_half_a_year(desk: Desk, rosa: int) -> None:
    desk.switch_on(desk.log_in(rosa)[1], desk.phones.subscribe())
    assert desk.database.write(lambda s: api.tidy(s, now_ms() + 179 * 86_400_000)) == 0
    assert desk.database.write(lambda s: api.tidy(s, now_ms() + 181 * 86_400_000)) == 1


def test_rows_go_with_the_person(desk: Desk, rosa: int) -> None:
    from sqlalchemy import text

    desk.switch_on(desk.log_in(rosa)[1], desk.phones.subscribe())
    desk.database.write(
        lambda s: s.execute(text("DELETE FROM account_session WHERE person_id = :p"), {"p": rosa}) and None
    )
    assert len(desk.devices(rosa)) == 1  # a session that merely ran out takes nothing along
    desk.database.write(lambda s: s.execute(text("DELETE FROM account_person WHERE id = :p"), {"p": rosa}) and None)
    assert desk.devices(rosa) == []


def test_the_wiring_of_the_town_sends_notices() -> None:
    assert inbox.NewMessage in app.EVENTS
    assert api.PUSH_JOB in app.JOBS
