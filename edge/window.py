"""Pure bookkeeping of what is on its way to the hub. Times are monotonic seconds.

Two lanes: what happened since the connection began (live) goes out at once, the backlog (replay) follows at a limited
rate, so that an hour without the line does not delay the car that comes now.
"""

from dataclasses import dataclass, field

RESEND_S = 20.0
LONGEST_RESEND_S = 300.0
MOST_LIVE = 1000  # live rows that may wait for their ack while the backlog below them is on its way


FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


def pause_s(failures: int, chance: float) -> float:
    """Seconds before the next attempt after so many failed ones: doubled each time up to a minute, times 0.5 to 1.5.

    `chance` is 0 to 1: nodes that lost the same broker must not all come back at one moment.
    """
    return float(min(FIRST_PAUSE_S * 2 ** min(failures, 10), LONGEST_PAUSE_S) * (0.5 + chance))


@dataclass
class Window:
    """Sent rows that the hub has not acked. Without progress they are due again, ever more slowly."""

    limit: int = 200  # backlog rows that may be on their way
    per_s: float = 500.0  # backlog rows a second
    sent: dict[int, float] = field(default_factory=dict)  # seq -> when it was sent
    mark: int = 0  # rows up to here are backlog
    replayed: int = 0  # the highest backlog row sent over this connection
    live: int = 0  # the highest live row sent over this connection
    patience_s: float = RESEND_S
    progress_at: float = 0.0
    _allowance: float = 0.0
    _counted_at: float = 0.0

    def live_room(self) -> int:
        """How many live rows may be sent now."""
        return MOST_LIVE - sum(1 for seq in self.sent if seq > self.mark)

    def replay_room(self, now: float) -> int:
        """How many backlog rows may be sent now: a bucket that holds one second's worth."""
        if self.replayed >= self.mark:
            return 0
        gained = (now - self._counted_at) * self.per_s
        self._allowance, self._counted_at = min(self.per_s, self._allowance + gained), now
        on_the_way = sum(1 for seq in self.sent if seq <= self.mark)
        return max(0, min(int(self._allowance), self.limit - on_the_way))

    def add(self, seq: int, now: float) -> None:
        """Row `seq` was handed to the broker."""
        if not self.sent:
            self.progress_at = now
        self.sent[seq] = now
        if seq > self.mark:
            self.live = max(self.live, seq)
        else:
            self.replayed = max(self.replayed, seq)
            self._allowance -= 1

    def acked(self, seq: int, now: float) -> None:
        """The hub has committed every row up to `seq`."""
        before = len(self.sent)
        self.sent = {number: moment for number, moment in self.sent.items() if number > seq}
        if len(self.sent) < before:
            self.patience_s, self.progress_at = RESEND_S, now

    def expire(self, now: float, last: int) -> bool:
        """True when no ack came for too long: then all rows up to `last` are to be sent again."""
        if not self.sent or now - self.progress_at < self.patience_s:
            return False
        self.patience_s = min(self.patience_s * 2, LONGEST_RESEND_S)
        self.restart(last)
        return True

    def restart(self, last: int) -> None:
        """Begin again with the oldest waiting row (new connection, or the hub fell silent); `last` exists now."""
        self.sent.clear()
        self.mark, self.replayed, self.live = last, 0, last
