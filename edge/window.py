"""Pure bookkeeping of what is on its way to the hub. Times are monotonic seconds."""

from dataclasses import dataclass, field

RESEND_S = 20.0
LONGEST_RESEND_S = 300.0


@dataclass
class Window:
    """Sent rows that the hub has not acked; at most `limit`. Without progress they are due again, ever more slowly."""

    limit: int = 200
    sent: dict[int, float] = field(default_factory=dict)  # seq -> when it was sent
    highest: int = 0  # the highest seq sent over this connection
    patience_s: float = RESEND_S

    @property
    def room(self) -> int:
        """How many rows may still be sent."""
        return self.limit - len(self.sent)

    def add(self, seq: int, now: float) -> None:
        """Row `seq` was handed to the broker."""
        self.sent[seq] = now
        self.highest = max(self.highest, seq)

    def acked(self, seq: int) -> None:
        """The hub has committed every row up to `seq`."""
        before = len(self.sent)
        self.sent = {number: moment for number, moment in self.sent.items() if number > seq}
        if len(self.sent) < before:
            self.patience_s = RESEND_S

    def expire(self, now: float) -> bool:
        """True when the oldest row waited too long: then all are to be sent again, in order."""
        if not self.sent or now - min(self.sent.values()) < self.patience_s:
            return False
        self.patience_s = min(self.patience_s * 2, LONGEST_RESEND_S)
        self.restart()
        return True

    def restart(self) -> None:
        """Begin again with the oldest waiting row (new connection, or the hub fell silent)."""
        self.sent.clear()
        self.highest = 0
