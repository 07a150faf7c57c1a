"""A job that died becomes a task for a person, in the transaction in which it dies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.account.api import staff
from hub.core import audit, jobs
from hub.core.db import Session
from hub.fleet import api as fleet
from hub.operations import rules, store

SHOWN = 20  # tasks of a kind on the page
REASONS = 3
AT_ONCE = 500  # tasks that one press of a button changes
NOTE_LENGTH = 500  # characters
KEEP_MS = 90 * 86_400_000
ALARM_PAUSE_MS = 3_600_000


@dataclass(frozen=True)
class TaskNow:
    """A task as people see it; times in ms. `holder` and `solver` are names; no solver: the job went well at last."""

    id: int
    job_id: int
    kind: str
    reason: str
    since: int
    deaths: int
    retried_at: int | None
    taken_by: int | None
    taken_at: int | None
    holder: str
    done_at: int | None
    done_by: int | None
    solver: str
    note: str


@dataclass(frozen=True)
class Group:
    """Tasks of one kind that are not done: how many, since when, the most frequent reasons, the oldest of them."""

    kind: str
    count: int
    since: int
    reasons: Sequence[tuple[str, int]]
    tasks: Sequence[TaskNow]


@dataclass(frozen=True)
class TasksPage:
    """What is to be done, and what was done lately."""

    groups: Sequence[Group]
    done: Sequence[TaskNow]
    waiting: int
    finished: int


@dataclass(frozen=True)
class Chosen:
    """One task, or all of a kind (at most 500)."""

    task_id: int = 0
    kind: str = ""


def job_died(session: Session, event: jobs.JobDied) -> None:
    """Opens the job's task."""
    store.open_task(session, event.job_id, event.kind, event.reason, event.now)


def jobs_done(session: Session, event: jobs.JobsDone) -> None:
    """Closes the tasks of jobs that went well at last."""
    store.close_tasks(session, event.job_ids, event.now)


def alarm(session: Session, event: jobs.JobDied, channels: Sequence[str], url: str) -> bool:
    """Tells people of the first dead job of a kind within an hour; False when they know."""
    if not channels or not store.may_alert(session, event.kind, event.now, ALARM_PAUSE_MS):
        return False
    text = f"Ein Auftrag „{event.kind}“ ist gescheitert: {event.reason}. Bitte ansehen: {url}/admin/aufgaben"
    fleet.notify(session, tuple(channels), "job", text, event.now)
    return True


def open_tasks(session: Session) -> tuple[int, int | None]:
    """(how many tasks are not done, since when the oldest)."""
    found = store.open_kinds(session)
    return sum(count for _, count, _ in found), min((since for *_, since in found), default=None)


def tasks_page(session: Session) -> TasksPage:
    """The tasks, grouped by kind."""
    kinds = store.open_kinds(session)
    rows = {kind: store.open_tasks(session, kind, SHOWN) for kind, _, _ in kinds}
    done = store.done_tasks(session, rules.PAGE)
    everybody = [row for found in rows.values() for row in found] + list(done)
    ids = {number for row in everybody for number in (row.taken_by, row.done_by) if number is not None}
    names = staff.known(session, ids)
    groups = [
        Group(kind, count, since, store.open_reasons(session, kind, REASONS), [_now(row, names) for row in rows[kind]])
        for kind, count, since in kinds
    ]
    waiting = sum(group.count for group in groups)
    return TasksPage(groups, [_now(row, names) for row in done], waiting, store.count_done(session))


def _now(row: store.TaskRow, names: Mapping[int, str]) -> TaskNow:
    holder = names.get(row.taken_by, "") if row.taken_by is not None else ""
    solver = names.get(row.done_by, "") if row.done_by is not None else ""
    shared = ("id", "job_id", "kind", "reason", "since", "deaths", "retried_at", "taken_by", "taken_at")
    facts = {name: getattr(row, name) for name in (*shared, "done_at", "done_by", "note")}
    return TaskNow(**facts, holder=holder, solver=solver)


def take(session: Session, chosen: Chosen, person_id: int, now: int) -> int:
    """Takes what nobody has; how many tasks that were. Of two who take one at once, one gets it."""
    values = {"taken_by": person_id, "taken_at": now}
    rows = store.change(session, _where(chosen), store.free(), AT_ONCE, values)
    return _noted(session, "tasks.taken", chosen, rows, person_id, now)


def give_back(session: Session, chosen: Chosen, person_id: int, now: int) -> int:
    """Frees tasks, a colleague's too: they may be ill."""
    values = {"taken_by": None, "taken_at": None}
    rows = store.change(session, _where(chosen), store.taken(), AT_ONCE, values)
    return _noted(session, "tasks.given-back", chosen, rows, person_id, now)


def finish(session: Session, chosen: Chosen, person_id: int, note: str, now: int) -> int:
    """Marks as done what no colleague has; ValueError without a note of how it was solved."""
    note = " ".join(note.split())
    if not note or len(note) > NOTE_LENGTH or not note.isprintable():
        raise ValueError("a note of at most 500 characters says how it was solved")
    values = {"done_at": now, "done_by": person_id, "note": note}
    rows = store.change(session, _where(chosen), store.free_for(person_id), AT_ONCE, values)
    return _noted(session, "tasks.done", chosen, rows, person_id, now)


def retry_tasks(session: Session, chosen: Chosen, person_id: int, now: int) -> int:
    """Tries the jobs again of tasks that no colleague has; how many were dead. The task ends when its job goes well."""
    rows = store.change(session, _where(chosen), store.free_for(person_id), AT_ONCE, {"retried_at": now})
    tried = jobs.retry(session, [row.job_id for row in rows], now=now)
    return _noted(session, "tasks.retried", chosen, [row for row in rows if row.job_id in tried], person_id, now)


def tidy(session: Session, now: int) -> int:
    """Forgets what was done 90 days ago; how many tasks."""
    return store.forget_done(session, now - KEEP_MS)


def _where(chosen: Chosen) -> store.Condition:
    return store.of_kind(chosen.kind) if chosen.kind else store.one(chosen.task_id)


def _noted(
    session: Session, action: str, chosen: Chosen, rows: Sequence[store.TaskRow], person_id: int, now: int
) -> int:
    """One entry for one press of a button; how many tasks it changed."""
    if not rows:
        return 0
    actor = f"person:{person_id}"
    if chosen.kind:
        details: dict[str, str | int | bool] = {"kind": chosen.kind, "count": len(rows)}
        audit.note(session, action, actor=actor, subject="tasks", now=now, details=details)
    else:
        details = {"kind": rows[0].kind, "job": rows[0].job_id}
        audit.note(session, action, actor=actor, subject=f"task:{rows[0].id}", now=now, details=details)
    return len(rows)
