"""Pages of a long list, and how old something is."""

PAGE = 50  # rows


def pages(total: int) -> int:
    """How many pages `total` rows fill, at least 1."""
    return max(1, -(-total // PAGE))


def within(number: int, total: int) -> int:
    """The page that exists and is nearest to `number`, counted from 1."""
    return min(max(1, number), pages(total))


def age(since: int, now: int) -> tuple[int, str]:
    """(number, "s", "min", "h" or "day") between two moments in ms, in the greatest unit that fits; never below 0."""
    seconds = max(0, now - since) // 1000
    for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return seconds // size, unit
    return seconds, "s"
