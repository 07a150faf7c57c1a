"""One sentence's worth of facts out of 24 hours."""

from hub.parking.rules.forecast import Expected, Outlook, outlook


def expected(*cars: float, spread: float = 2) -> list[Expected]:
    return [Expected(100 + index, one, one - spread, min(50, one + spread)) for index, one in enumerate(cars)]


def test_full_says_from_when_and_until_when() -> None:
    assert outlook(expected(20, 45, 49, 50, 42, 10), 50) == Outlook("full", 102, 104)


def test_full_already_has_no_beginning_and_may_have_no_end_in_sight() -> None:
    assert outlook(expected(50, 50, 50), 50) == Outlook("full", None, None)


def test_what_only_the_upper_edge_reaches_is_not_sure() -> None:
    assert outlook(expected(20, 45, 20, spread=6), 50) == Outlook("full", 101, 102, sure=False)


def test_few_means_at_most_one_in_five_is_free() -> None:
    assert outlook(expected(20, 41, 20), 50) == Outlook("few", 101, 102)
    assert outlook(expected(20, 39, 20), 50) == Outlook("free")
