"""Which frame is new. Gateways and networks deliver some twice and some in another order; devices begin anew."""

from dataclasses import dataclass, replace

WINDOW = 64  # frames; one that is further behind belongs to a counter that began anew


@dataclass(frozen=True)
class Frames:
    """What came of one device: session, highest counter, and which of the last `WINDOW` were seen (bit 0 = highest)."""

    epoch: int = 1
    session: str = ""
    highest: int = -1
    seen: int = 0
    received: int = 0
    duplicates: int = 0
    missed: int = 0

    def joined(self, session: str) -> "Frames":
        """After a join: everything counts anew."""
        return replace(self, epoch=self.epoch + 1, session=session, highest=-1, seen=0)

    def accept(self, session: str, counter: int) -> tuple["Frames", bool]:
        """With one more frame, and whether it is new.

        A new session, or a counter far below the highest one, is a device that began anew; `missed` counts the frames
        that the radio lost, and gives back those that come late.
        """
        known = self
        if self.highest >= 0 and ((session and self.session and session != self.session) or self._fell_back(counter)):
            known = self.joined(session)
        known = replace(known, session=session or known.session)
        if counter > known.highest:
            return known._further(counter), True
        behind = known.highest - counter
        if known.seen >> behind & 1:
            return replace(known, duplicates=known.duplicates + 1), False
        late = replace(known, seen=known.seen | 1 << behind, received=known.received + 1)
        return replace(late, missed=max(0, late.missed - 1)), True

    def _fell_back(self, counter: int) -> bool:
        return counter <= self.highest - WINDOW

    def _further(self, counter: int) -> "Frames":
        ahead = counter - self.highest if self.highest >= 0 else 1
        seen = (self.seen << min(ahead, WINDOW) | 1) & (1 << WINDOW) - 1
        lost = ahead - 1
        return replace(self, highest=counter, seen=seen, received=self.received + 1, missed=self.missed + lost)
