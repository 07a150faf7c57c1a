"""A till's day in sums: by way of payment and tax rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A line of a till's book; amounts with their sign, `sums` is tax rate -> cents."""

    number: int
    kind: str
    way: str
    sums: Mapping[str, int]


@dataclass(frozen=True)
class Row:
    """Sums of one way of payment at one tax rate, in cents."""

    way: str
    tax: str
    gross: int
    net: int
    share: int


@dataclass(frozen=True)
class Totals:
    """`counts` is kind -> how many entries."""

    rows: tuple[Row, ...]
    counts: Mapping[str, int]

    @property
    def gross(self) -> int:
        """All of it."""
        return sum(row.gross for row in self.rows)

    def of(self, way: str) -> int:
        """All of one way."""
        return sum(row.gross for row in self.rows if row.way == way)


@dataclass(frozen=True)
class DayRow:
    """Sums of closings at one operation, tax rate and way of payment, in cents."""

    operation: str
    tax: str
    way: str
    gross: int
    net: int
    share: int


def together(closings: Sequence[tuple[str, Totals]]) -> tuple[DayRow, ...]:
    """Adds up (operation, totals) of many tills; net and tax are the sums of what stands on the closings."""
    sums: dict[tuple[str, str, str], tuple[int, int, int]] = {}
    for operation, found in closings:
        for row in found.rows:
            key = (operation, row.tax, row.way)
            gross, net, share = sums.get(key, (0, 0, 0))
            sums[key] = gross + row.gross, net + row.net, share + row.share
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], -int(item[0][1]), item[0][2]))
    return tuple(DayRow(*key, *amounts) for key, amounts in ordered)


def tax_share(gross: int, tax: str) -> int:
    """The tax inside a gross amount, rounded half away from zero."""
    rate, size = int(tax), abs(gross)
    share = (2 * size * rate + 100 + rate) // (2 * (100 + rate))
    return share if gross >= 0 else -share


def totals(entries: Sequence[Entry]) -> Totals:
    """Adds up a day. Tax is taken of the day's sum, once."""
    sums: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    for one in entries:
        counts[one.kind] = counts.get(one.kind, 0) + 1
        for tax, cents in one.sums.items():
            sums[one.way, tax] = sums.get((one.way, tax), 0) + cents
    rows = []
    for (way, tax), gross in sorted(sums.items(), key=lambda item: (item[0][0], -int(item[0][1]))):
        share = tax_share(gross, tax)
        rows.append(Row(way, tax, gross, gross - share, share))
    return Totals(tuple(rows), counts)


def pack(found: Totals) -> dict[str, object]:
    """As plain values, for the table."""
    rows = [[row.way, row.tax, row.gross, row.net, row.share] for row in found.rows]
    return {"rows": rows, "counts": dict(found.counts)}


def unpack(facts: Mapping[str, object]) -> Totals:
    """Totals of `pack`."""
    rows, counts = facts["rows"], facts["counts"]
    return Totals(tuple(Row(*row) for row in rows), counts)  # type: ignore[attr-defined, arg-type]
