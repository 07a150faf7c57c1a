"""Several transactions that begin at the same moment."""

import threading
from collections.abc import Callable

ROUNDS = 6


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each returned, or the exception that it raised, in the order of `works`."""
    results: list[object] = [None] * len(works)
    barrier = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = work()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
