"""What the queue announces, in the transaction in which it happens; `hub.app` says who listens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JobDied:
    """A job failed for good and waits for a person; `reason` holds no personal data."""

    job_id: int
    kind: str
    reason: str
    now: int


@dataclass(frozen=True)
class JobsDone:
    """These jobs are done, together with their effects."""

    job_ids: frozenset[int]
    now: int
