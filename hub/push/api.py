"""Switching notices on and off for a device, and planning them."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.account import api as account
from hub.core import jobs
from hub.core.db import Session
from hub.push import rules, store
from hub.push.gateway import keys
from hub.push.rules import Subscription

PUSH_JOB = "push"
public_key = keys.public_key


@dataclass(frozen=True)
class Device:
    """A device as its owner sees it; times in ms, last_ok_at 0 = nothing was sent yet.

    `is_failing`: the push service did not take the newest notice.
    """

    id: int
    name: str
    service: str
    created_at: int
    last_ok_at: int
    current: bool
    is_failing: bool = False


@dataclass(frozen=True)
class Notice:
    """What a job sends, and to where."""

    to: Subscription
    body: bytes
    topic: str


class RefusedError(ValueError):
    """What came is no subscription at a push service that the hub knows."""


def subscribe(
    session: Session, person: account.Person, given: Subscription, hosts: Sequence[str], browser: str, now: int
) -> str:
    """Switches notices on for the browser; returns the new secret of its cookie. RefusedError.

    `browser` is the secret that the cookie had before.
    """
    if not rules.is_push_service(given.endpoint, hosts):
        raise RefusedError("this is not a push service that we know")
    if not rules.has_whole_keys(given) or not keys.is_point(rules.decode(given.p256dh)):
        raise RefusedError("these keys are none")
    store.remove_of_browser(session, digest(browser))
    secret = secrets.token_urlsafe(32)
    store.put(
        session,
        {
            "endpoint": given.endpoint,
            "p256dh": given.p256dh.rstrip("="),
            "auth": given.auth.rstrip("="),
            "person_id": person.id,
            "session_id": person.session_id,
            "browser": digest(secret),
            "device": _device_name(session, person, now),
            "created_at": now,
            "seen_at": now,
        },
    )
    too_many = [row.id for row in store.of_person(session, person.id)][rules.MAX_DEVICES :]
    store.remove(session, person.id, too_many)
    return secret


def devices(session: Session, person_id: int, browser: str) -> list[Device]:
    """A person's devices with notices, the newest first; the one with this cookie is the current one."""
    return [
        Device(
            row.id,
            row.device,
            rules.host_of(row.endpoint),
            row.created_at,
            row.last_ok_at,
            _is(row, browser),
            row.failures > 0,
        )
        for row in store.of_person(session, person_id)
    ]


def remove(session: Session, person_id: int, subscription_id: int) -> bool:
    """Switches a device off; False when it is not theirs."""
    return bool(store.remove(session, person_id, (subscription_id,)))


def probe(session: Session, person_id: int, subscription_id: int, now: int) -> bool:
    """Plans a test notice, at most one in ten seconds; False when the device is not theirs."""
    if store.one(session, person_id, subscription_id) is None:
        return False
    key = f"push-probe-{subscription_id}-{now // 10_000}"
    _plan(session, subscription_id, person_id, rules.PROBE_PATH, now, unique_key=key)
    return True


def notify(session: Session, person_id: int, now: int) -> None:
    """Plans a notice for each of the person's devices."""
    for row in store.of_person(session, person_id):
        _plan(session, row.id, person_id, rules.INBOX_PATH, now)


def is_stale(session: Session, person: account.Person, browser: str) -> bool:
    """Whether `follow` has something to do."""
    row = store.of_browser(session, digest(browser))
    return row is not None and (row.person_id, row.session_id) != (person.id, person.session_id)


def follow(session: Session, person: account.Person, browser: str, now: int) -> None:
    """Somebody is logged in in a browser that has notices: its owner's new log-in, or the end for somebody else's."""
    row = store.of_browser(session, digest(browser))
    if row is None:
        return
    if row.person_id == person.id:
        store.bind(session, (row.session_id,), person.session_id, now)
    else:
        store.remove(session, row.person_id, (row.id,))


def on_sessions_ended(session: Session, event: account.SessionsEnded) -> None:
    """Notices end with a log-out; a log-in that merely ran out leaves them, and the next one goes on with them."""
    if event.followed_by:
        store.bind(session, event.session_ids, event.followed_by, event.now)
    elif not event.ran_out:
        store.remove_of_sessions(session, event.session_ids)


def tidy(session: Session, now: int) -> int:
    """Forgets devices on which nobody logged in for half a year; returns how many."""
    return store.forget_unseen(session, now - rules.FORGOTTEN_MS)


def export(session: Session, person_id: int, _now: int) -> dict[str, object]:
    """What is kept about a person's devices."""
    names = ("device", "endpoint", "created_at", "seen_at", "last_ok_at")
    return {"devices": [{name: getattr(row, name) for name in names} for row in store.of_person(session, person_id)]}


def forget_person(session: Session, person_id: int, _now: int) -> None:
    """Switches notices off on every device."""
    store.remove(session, person_id, [row.id for row in store.of_person(session, person_id)])


def notice(session: Session, person_id: int, subscription_id: int, path: str) -> Notice | None:
    """What a job has to send; None when the device or the account is gone meanwhile."""
    row, person = store.one(session, person_id, subscription_id), account.find(session, person_id)
    if row is None or person is None:
        return None
    to = Subscription(row.endpoint, row.p256dh, row.auth)
    return Notice(to, rules.payload(path, person.language), rules.TOPICS[path])


def postpone(session: Session, arguments: dict[str, object], wait_ms: int, now: int) -> None:
    """The push service named a time: the same job again then, in the transaction that ends this one."""
    again = {**arguments, "postponed": int(str(arguments.get("postponed", 0))) + 1}
    jobs.add(session, PUSH_JOB, again, now=now, run_at=now + wait_ms, max_tries=rules.MAX_TRIES)


succeeded = store.succeeded


def forget(session: Session, person_id: int, subscription_id: int) -> None:
    """The push service says that the subscription is over."""
    store.remove(session, person_id, (subscription_id,))


def failed(session: Session, subscription_id: int) -> None:
    """Counts; a device that fails too often is forgotten."""
    store.failed(session, subscription_id, rules.MAX_FAILURES)


def digest(secret: str) -> str:
    """How the table knows a browser's cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _plan(
    session: Session, subscription_id: int, person_id: int, path: str, now: int, unique_key: str | None = None
) -> None:
    facts = {"subscription": subscription_id, "person": person_id, "path": path, "at": now}
    jobs.add(session, PUSH_JOB, facts, now=now, unique_key=unique_key, max_tries=rules.MAX_TRIES)


def _device_name(session: Session, person: account.Person, now: int) -> str:
    return next((one.device for one in account.sessions.listed(session, person, now) if one.current), "")


def _is(row: store.SubscriptionRow, browser: str) -> bool:
    return bool(browser) and row.browser == digest(browser)
