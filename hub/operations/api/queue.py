"""Jobs as people see them, and what they do to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core import audit, jobs
from hub.core.db import Session
from hub.operations import rules, store

STATES = jobs.VIEWS


@dataclass(frozen=True)
class JobsPage:
    """One page of the jobs in one state; `paused` is kind -> since when, ms."""

    state: str
    jobs: Sequence[jobs.JobNow]
    totals: Mapping[str, int]
    kinds: Sequence[str]
    paused: Mapping[str, int]
    number: int
    pages: int


def jobs_page(session: Session, state: str, number: int, now: int) -> JobsPage:
    """Page `number` (from 1, or the nearest that exists) of 50 jobs."""
    counts = jobs.counts(session, now)
    totals = {
        jobs.WAITING: counts.waiting,
        jobs.RUNNING: counts.running,
        jobs.DEAD: counts.dead,
        jobs.DONE: counts.done,
    }
    number = rules.within(number, totals[state])
    found = jobs.listed(session, state, limit=rules.PAGE, offset=(number - 1) * rules.PAGE)
    return JobsPage(state, found, totals, jobs.kinds(session), jobs.paused(session), number, rules.pages(totals[state]))


def retry(session: Session, job_id: int, actor: str, now: int) -> bool:
    """Gives a dead job all its tries again; False when it is not dead any more."""
    kind = jobs.retry(session, (job_id,), now=now).get(job_id)
    if kind is None:
        return False
    store.mark_retried(session, (job_id,), now)
    audit.note(session, "jobs.retried", actor=actor, subject=f"job:{job_id}", now=now, details={"kind": kind})
    return True


def pause(session: Session, kind: str, actor: str, now: int) -> bool:
    """Holds back a kind; False for one of which there is no open job, and for one that is held back."""
    if kind not in jobs.kinds(session) or kind in jobs.paused(session):
        return False
    jobs.pause(session, kind, now=now)
    audit.note(session, "jobs.paused", actor=actor, subject="jobs", now=now, details={"kind": kind})
    return True


def resume(session: Session, kind: str, actor: str, now: int) -> bool:
    """Ends a pause; False when there was none."""
    if kind not in jobs.paused(session):
        return False
    jobs.resume(session, kind)
    audit.note(session, "jobs.resumed", actor=actor, subject="jobs", now=now, details={"kind": kind})
    return True
