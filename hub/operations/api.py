"""Operations' door: a page of jobs, and what a person may do to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core import jobs
from hub.core.db import Session
from hub.operations import rules

__all__ = ["STATES", "JobsPage", "jobs_page", "pause", "resume", "retry"]

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


def retry(session: Session, job_id: int, now: int) -> bool:
    """Gives a dead job all its tries again; False when it is not dead any more."""
    return jobs.retry(session, job_id, now=now)


def pause(session: Session, kind: str, now: int) -> bool:
    """Holds back a kind; False for one of which there is no open job."""
    known = kind in jobs.kinds(session)
    if known:
        jobs.pause(session, kind, now=now)
    return known


def resume(session: Session, kind: str) -> None:
    """Ends a pause."""
    jobs.resume(session, kind)
