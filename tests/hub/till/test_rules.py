"""Codes of passes, prices, tickets, closings: pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.till.rules import catalogue, closing, passes, sales, tickets
from hub.till.rules.catalogue import Line, Offline, Ticket
from hub.till.rules.sales import Standing
from hub.till.rules.tickets import Held

KEYS = st.binary(min_size=8, max_size=8).map(bytes.hex)
WHO = st.one_of(
    st.just(""),
    st.integers(1, 10**9).map(str),
    st.integers(1, 10**9).map(lambda number: f"/child:{number}"),
    st.tuples(st.integers(1, 999), st.integers(1, 999)).map(lambda both: f"{both[0]}/organisation:{both[1]}"),
)
SECONDS = st.integers(0, 2**32 - 1)


@given(KEYS, SECONDS, st.binary(min_size=6, max_size=6), WHO, st.binary(min_size=64, max_size=64))
def test_a_code_reads_as_it_was_written_however_it_was_typed(key, second, number, who, signature) -> None:
    text = passes.write(passes.payload(key, second * 1000, number, who), signature)
    assert set(text.removeprefix("BP1")) <= set(passes.SIGNS)
    assert not set("YZyz-_/") & set(text), "signs that a wrong keyboard layout would change"
    for typed in (text, text.lower(), f"  {text[:20]} {text[20:]}\r\n"):
        found = passes.read(typed)
        assert (found.key, found.issued, found.number, found.who) == (key, second * 1000, number.hex(), who)
        assert found.signature == signature


@given(st.text(max_size=200))
def test_anything_else_is_no_code(text: str) -> None:
    try:
        found = passes.read("BP1" + text)
    except ValueError:
        return
    assert passes.write(found.payload, found.signature) == "BP1" + "".join(text.split()).upper()


@given(st.integers(-400_000, 400_000), st.booleans())
def test_a_code_holds_for_its_time_and_a_clock_may_be_a_minute_wrong(late_ms: int, by_hub: bool) -> None:
    key = passes.HUB_KEY if by_hub else "ab" * 8
    token = passes.read(passes.write(passes.payload(key, 10**12, b"n" * 6, ""), b"s" * 64))
    good = -60_000 <= late_ms <= (120_000 if by_hub else 60_000) + 60_000
    assert (passes.problem(token, 10**12 + late_ms) == "") == good


def test_whom_a_code_is_for() -> None:
    assert passes.whom("7") == (7, "")
    assert passes.whom("7/child:3") == (7, "child:3")
    assert passes.whom(passes.written_who(None, "organisation:2")) == (None, "organisation:2")
    for strange in ("0", "7/", "child:3", "7/person:8", "07"):
        with pytest.raises(ValueError, match="nobody"):
            passes.whom(strange)


def article(**facts):
    base = {"id": "adult", "title": {"de": "E"}, "group": "g", "cents": 600, "tax": "7"}
    return {**base, **facts}


def operation(*articles):
    facts = {"id": "pool", "title": {"de": "Bad"}, "groups": {"g": {"de": "G"}}, "articles": list(articles)}
    limits = {"per_pass_cents": 1, "per_till_cents": 2, "hours": 3}
    return catalogue.town({"operations": [facts], "offline": limits}, []).operations["pool"]


def test_the_price_is_the_datas_unless_the_clerk_types_it_or_an_offer_was_signed() -> None:
    pool = operation(article(), article(id="open", cents=None))
    assert catalogue.priced(pool, [("adult", 2, None)]) == [Line("adult", 2, 600)]
    assert catalogue.priced(pool, [("open", 1, 150)])[0].total == 150
    assert catalogue.priced(pool, [("adult", 1, 550)], signed=True)[0].total == 550
    wrong = {("adult", 1, 550): "price", ("open", 1, None): "price", ("none", 1, None): "article"}
    wrong |= {("adult", 0, None): "count", ("adult", 51, None): "count", ("open", 1, 20_001): "price"}
    for line, reason in wrong.items():
        with pytest.raises(catalogue.CatalogueError) as refused:
            catalogue.priced(pool, [line])
        assert refused.value.reason == reason
    with pytest.raises(catalogue.CatalogueError):
        catalogue.priced(pool, [])


@pytest.mark.parametrize(
    "wrong", [{"tax": "20"}, {"cents": -1}, {"id": "Big"}, {"group": "other"}, {"ticket": {"who": "dogs"}}]
)
def test_data_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        operation(article(**wrong))


@pytest.mark.parametrize(
    ("bought", "first", "last"),
    [
        (date(2027, 1, 15), date(2027, 5, 1), date(2027, 9, 15)),
        (date(2027, 7, 1), date(2027, 5, 1), date(2027, 9, 15)),
        (date(2027, 9, 16), date(2028, 5, 1), date(2028, 9, 15)),
    ],
)
def test_a_season_ticket_holds_for_the_season_that_comes_or_runs(bought: date, first: date, last: date) -> None:
    assert Ticket(0, "person", season=((5, 1), (9, 15))).holds(bought) == (first, last)


def test_a_card_with_entries_holds_for_ever_and_a_year_card_for_a_year() -> None:
    assert Ticket(10, "anyone").holds(date(2027, 1, 1)) == (date(2027, 1, 1), None)
    assert Ticket(0, "person", days=365).holds(date(2027, 1, 1))[1] == date(2027, 12, 31)


DAY = date(2027, 6, 1)


def held(owner: str = "person:7", **facts) -> Held:
    return Held(**{"owner": owner, "left": 10, "first": DAY, "last": DAY, **facts})


def test_who_may_enter_with_whose_ticket() -> None:
    own, family, anyone = Ticket(0, "person"), Ticket(0, "family"), Ticket(10, "anyone")
    kin = {"child:3", "person:8"}
    assert tickets.may_use(own, held(), "person:7", "person:7", kin)
    assert not tickets.may_use(own, held(), "child:3", "person:7", kin)
    assert tickets.may_use(family, held(), "child:3", "person:7", kin)
    assert tickets.may_use(family, held("person:8"), "child:3", "person:7", kin)
    assert not tickets.may_use(family, held(), "organisation:2", "person:7", kin)
    assert not tickets.may_use(family, held("person:9"), "person:7", "person:7", kin)
    assert tickets.may_use(anyone, held(), "child:3", "person:7", kin)
    assert not tickets.may_use(anyone, held("person:8"), "child:3", "person:7", kin)


def test_why_a_ticket_opens_nothing() -> None:
    kind = Ticket(10, "person", per_day=2)
    assert tickets.problem(kind, held(), 1, DAY) == ""
    assert tickets.problem(kind, held(), 1, date(2027, 5, 31)) == "not_yet"
    assert tickets.problem(kind, held(), 1, date(2027, 6, 2)) == "over"
    assert tickets.problem(kind, held(left=0), 1, DAY) == "used_up"
    assert tickets.problem(kind, held(entered=1), 2, DAY) == "today"
    assert tickets.problem(kind, held(left=None), 2, DAY) == ""


def test_what_may_happen_to_a_sale() -> None:
    assert sales.may_cancel(Standing("paid", 600), is_closed=False) == ""
    assert sales.may_cancel(Standing("paid", 600), is_closed=True) == "closed"
    assert sales.may_cancel(Standing("paid", 600, 1), is_closed=False) == "refunded"
    assert sales.may_cancel(Standing("cancelled", 600, 600), is_closed=True) == ""
    assert sales.may_cancel(Standing("open", 600), is_closed=False) == "state"
    assert sales.may_refund(Standing("paid", 600, 100), 500) == ""
    assert sales.may_refund(Standing("paid", 600, 100), 501) == "amount"
    assert sales.may_refund(Standing("open", 600), 1) == "state"


@given(
    st.dictionaries(st.sampled_from(["19", "7", "0"]), st.integers(1, 10_000), min_size=1),
    st.lists(st.integers(1, 5_000), max_size=6),
)
def test_parts_given_back_never_exceed_what_was_taken_at_a_rate(parts: dict[str, int], wanted: list[int]) -> None:
    given_back: dict[str, int] = {}
    for cents in wanted:
        if cents > sum(parts.values()) - sum(given_back.values()):
            continue
        for tax, part in sales.shared(parts, given_back, cents).items():
            given_back[tax] = given_back.get(tax, 0) + part
        assert all(given_back[tax] <= parts[tax] for tax in given_back)


def test_a_wrong_clock_is_set_right_and_a_little_wrong_one_is_believed() -> None:
    assert sales.corrected(1_000, clock=5_000_000, now=5_060_000) == 1_000
    assert sales.corrected(1_000, clock=5_000_000, now=5_600_000) == 601_000
    assert sales.corrected(10**6, clock=5_000_000, now=4_700_000) == 10**6 - 300_000


def test_a_stolen_till_sells_nothing_after_it_was_blocked_whatever_its_clock_says() -> None:
    end, now = 10_000_000, 20_000_000
    assert sales.offer_problem(end, end, end, now) == ""
    assert sales.offer_problem(end + 1, end, end, now) == "revoked"
    assert sales.offer_problem(end - 1, end + 60_001, end, now) == "revoked", "the code is newer than the clock says"
    assert sales.offer_problem(now + 60_001, None, 0, now) == "future"
    assert sales.offer_problem(now, None, 0, now) == ""


def test_the_limits_of_a_till_without_a_connection() -> None:
    limits = Offline(per_pass=2_000, per_till=5_000, hours=24)
    assert not sales.over_limit(limits, 1_400, 3_000, 600)
    assert sales.over_limit(limits, 1_401, 3_000, 600)
    assert sales.over_limit(limits, 0, 4_401, 600)


@given(st.integers(-(10**6), 10**6), st.sampled_from(["19", "7", "0"]))
def test_net_and_tax_are_the_gross_amount_and_giving_back_mirrors_it(gross: int, tax: str) -> None:
    share = closing.tax_share(gross, tax)
    assert closing.tax_share(-gross, tax) == -share
    assert abs(share - gross * int(tax) / (100 + int(tax))) <= 0.5


def test_a_day_in_sums() -> None:
    entries = [
        closing.Entry(1, "sale", "cash", {"7": 1_070, "19": 119}),
        closing.Entry(2, "sale", "wallet", {"7": 600}),
        closing.Entry(3, "refund", "cash", {"19": -119}),
    ]
    found = closing.totals(entries)
    assert [(row.way, row.tax, row.gross, row.net, row.share) for row in found.rows] == [
        ("cash", "19", 0, 0, 0),
        ("cash", "7", 1_070, 1_000, 70),
        ("wallet", "7", 600, 561, 39),
    ]
    assert (found.gross, found.of("cash"), found.counts) == (1_670, 1_070, {"sale": 2, "refund": 1})
    assert closing.unpack(closing.pack(found)) == found
