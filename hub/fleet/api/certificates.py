"""The hub's own certificates: seen, shown, and told before they end."""

from collections.abc import Sequence
from dataclasses import replace

from hub.core.db import Session
from hub.fleet import store
from hub.fleet.api.alerts import Told, tell
from hub.fleet.rules import certificates as rules
from hub.fleet.rules.certificates import Own

CODE = "hub_certificate"


def own_certificates(session: Session) -> list[Own]:
    """As they were seen last, in the order of the page."""
    return sorted(store.own_certificates(session), key=lambda one: rules.NAMES.index(one.name))


def keep_own(
    session: Session, seen: Sequence[Own], names: Sequence[str], channels: tuple[str, ...], now: int
) -> list[Told]:
    """Keeps what was seen and tells what ends, all that end together in one message; `names` are those that there
    are, so that one that does not answer now is not forgotten."""
    before = {one.name: one for one in store.own_certificates(session)}
    fresh = {one.name: replace(one, warned=one.name in before and before[one.name].warned) for one in seen}
    known = [one for name, one in (before | fresh).items() if name in names]
    judged = rules.judge(known, now)
    warned = {one.name: one in judged.begin or (one.warned and one not in judged.end) for one in known}
    for one in known:
        store.keep_own_certificate(session, replace(one, warned=warned[one.name]))
    store.forget_own_certificates(session, [one.name for one in known])
    told = []
    if judged.begin:
        told.append(Told("", CODE, True, " ".join(rules.sentence(one, now) for one in judged.begin), now))
    if judged.end:
        told.append(Told("", CODE, False, " ".join(rules.restored(one) for one in judged.end), now))
    for one_told in told:
        tell(session, one_told, channels)
    return told
