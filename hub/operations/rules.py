"""Pages of a long list, how old something is, what stands in the audit log, and cells of a table."""

from dataclasses import dataclass

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


PERSON, ORGANISATION, CHILD, CLIENT = "person", "organisation", "child", "client"
NODE, JOB, TASK, DEVICE, DECODER, TILL = "node", "job", "task", "device", "decoder", "till"
SUBJECTS = (PERSON, NODE, JOB, TASK, DEVICE, DECODER, CLIENT, ORGANISATION, CHILD, TILL)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


@dataclass(frozen=True)
class Ref:
    """Whom or what an entry of the audit log names: person 17, node rathausplatz; `id` is empty for cli, worker."""

    kind: str
    id: str = ""


def refs(text: str) -> tuple[Ref, ...]:
    """person:17 for organisation:3 -> both of them."""
    parts = [part.partition(":") for part in text.split(" for ") if part]
    return tuple(Ref(kind, identity) for kind, _, identity in parts)


def subjects(typed: str) -> tuple[str, ...]:
    """What somebody may mean who looks for 17, rathausplatz or job:17, as entries name it; empty for all."""
    typed = typed.strip()
    if not typed:
        return ()
    return (typed,) if ":" in typed else tuple(f"{kind}:{typed}" for kind in SUBJECTS)


def cell(value: object) -> str:
    """For a CSV that people open in a spreadsheet: what looks like a formula becomes text."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
