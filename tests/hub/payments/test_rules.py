"""What reports lead to, in whatever order they come; amounts, references, refunds, limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.payments.rules import money, polling, reference
from hub.payments.rules.payment import (
    TOP_UP,
    Attempt,
    Item,
    Payment,
    Report,
    State,
    Status,
    advance,
    incomes,
    pack,
    split_refund,
    tax_share,
    title_of,
    unpack,
)

ITEMS = (Item("Parken", 250, "parking", "19"), Item("Bad", 750, "pool", "7", ("Tageskarte",)))
OPEN = Payment("p", "person:1", "pool", ITEMS, 1000, State.STARTED)
statuses = st.sampled_from(list(Status))
reports = st.builds(Report, statuses, st.sampled_from([0, 400, 1000, 1300]), st.sampled_from([0, 200, 1000]))


def net(lines: tuple) -> dict[str, int]:
    found: dict[str, int] = {}
    for source, target, cents in lines:
        found[source] = found.get(source, 0) - cents
        found[target] = found.get(target, 0) + cents
    return {name: cents for name, cents in found.items() if cents}


def follow(payment: Payment, told: list[Report]) -> tuple[Payment, Attempt, dict[str, int], list[str]]:
    attempt, lines, became = Attempt("sandbox"), (), []
    for one in told:
        step = advance(payment, attempt, one)
        payment, attempt, lines = step.payment, step.attempt, lines + step.lines
        became += [step.became] if step.became else []
    return payment, attempt, net(lines), became


def test_a_captured_payment_becomes_income_of_each_operation_and_rate() -> None:
    payment, _, booked, became = follow(OPEN, [Report(Status.CAPTURED, 1000)])
    assert (payment.state, became) == (State.COMPLETED, ["completed"])
    assert booked == {"provider:sandbox": -1000, "revenue:parking:19": 250, "revenue:pool:7": 750}


def test_money_that_comes_after_the_browser_said_cancelled_still_completes() -> None:
    payment, _, booked, became = follow(OPEN, [Report(Status.CANCELLED), Report(Status.CAPTURED, 1000)])
    assert payment.state == State.COMPLETED
    assert became == ["failed", "completed"]
    assert booked["revenue:pool:7"] == 750


def test_an_old_word_after_the_money_changes_nothing() -> None:
    told = [Report(Status.CAPTURED, 1000), Report(Status.PENDING), Report(Status.FAILED), Report(Status.CAPTURED, 1000)]
    payment, attempt, booked, became = follow(OPEN, told)
    assert (payment.state, attempt.status, became) == (State.COMPLETED, Status.CAPTURED, ["completed"])
    assert booked["provider:sandbox"] == -1000


def test_a_part_waits_and_too_much_goes_into_the_wallet() -> None:
    part, _, booked, became = follow(OPEN, [Report(Status.CAPTURED, 400)])
    assert part.refundable == 0, "it is nobody's income yet"
    assert (part.state, booked, became) == (State.STARTED, {"provider:sandbox": -400, "prepaid": 400}, [])
    whole, _, booked, became = follow(OPEN, [Report(Status.CAPTURED, 400), Report(Status.CAPTURED, 1300)])
    assert booked == {
        "provider:sandbox": -1300,
        "revenue:parking:19": 250,
        "revenue:pool:7": 750,
        "wallet:person:1": 300,
    }
    assert (whole.state, became) == (State.COMPLETED, ["completed"])


def test_what_a_stranger_paid_too_much_waits_for_its_owner() -> None:
    nobody = Payment("p", "", "pool", ITEMS, 1000, State.STARTED)
    assert follow(nobody, [Report(Status.CAPTURED, 1001)])[2]["unclear"] == 1


def test_a_second_attempt_that_is_paid_too_goes_into_the_wallet() -> None:
    first = advance(OPEN, Attempt("sandbox"), Report(Status.CAPTURED, 1000)).payment
    second = advance(first, Attempt("transfer"), Report(Status.CAPTURED, 1000))
    assert second.lines == (("bank", "wallet:person:1", 1000),)
    assert second.became == ""


def test_a_foreign_currency_is_never_taken() -> None:
    step = advance(OPEN, Attempt("sandbox"), Report(Status.CAPTURED, 1000, 0, "USD"))
    assert (step.payment, step.lines, step.problem) == (OPEN, (), "currency")


def test_money_that_a_bank_takes_back_is_owed_as_far_as_the_wallet_does_not_hold_it() -> None:
    top_up = Payment("p", "person:1", TOP_UP, (Item("G", 1000, TOP_UP),), 1000, State.STARTED)
    step = advance(top_up, Attempt("debit"), Report(Status.CAPTURED, 1000))
    assert step.lines == (("bank", "wallet:person:1", 1000),)
    back = advance(step.payment, step.attempt, Report(Status.CAPTURED, 1000, 1000), 350)
    assert back.lines == (("wallet:person:1", "bank", 350), ("receivable:person:1", "bank", 650))
    assert back.became == "returned"


def test_money_that_comes_after_it_was_taken_back_pays_what_is_owed_first() -> None:
    paid = advance(OPEN, Attempt("debit"), Report(Status.CAPTURED, 1000))
    back = advance(paid.payment, paid.attempt, Report(Status.CAPTURED, 1000, 1000))
    assert (back.lines, back.became) == ((("receivable:person:1", "bank", 1000),), "returned")
    again = advance(back.payment, Attempt("transfer"), Report(Status.CAPTURED, 1300))
    assert again.lines == (("bank", "receivable:person:1", 1000), ("bank", "wallet:person:1", 300))
    assert again.became == "completed"


@given(st.lists(reports, max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_number_of_reports_does_not_matter_for_the_money(told: list[Report], chance) -> None:
    captured = max((one.captured for one in told), default=0)
    payment, attempt, booked, became = follow(OPEN, told)
    shuffled = told + told
    chance.shuffle(shuffled)
    other, other_attempt, _, _ = follow(OPEN, shuffled)
    assert attempt.captured == other_attempt.captured == payment.captured == other.captured == captured
    assert sum(booked.values()) == 0
    assert became.count("completed") <= 1 + became.count("returned")
    assert attempt.returned <= attempt.captured
    is_settled = payment.state in (State.COMPLETED, State.RETURNED)
    assert booked.get("prepaid", 0) == (0 if is_settled else payment.paid), "a part waits, and nothing else"
    if not any(one.returned for one in told):
        assert (payment.state == State.COMPLETED) == (captured >= 1000)


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_refunds_of_all_parts_together_never_exceed_what_was_paid_for_each(cents: list[int], data) -> None:
    items = [Item("x", one, f"op{index}", "7") for index, one in enumerate(cents)]
    earlier: dict[str, int] = {}
    left, turns = sum(cents), 0
    while left:
        turns += 1
        part = min(left, data.draw(st.integers(1, sum(cents))) if turns < 8 else left)
        for name, share in split_refund(items, earlier, part).items():
            earlier[name] = earlier.get(name, 0) + share
        left -= part
        assert all(0 <= earlier.get(name, 0) <= whole for name, whole in incomes(items).items())
    assert earlier == incomes(items)
    with pytest.raises(ValueError, match="more cannot"):
        split_refund(items, earlier, 1)


@given(st.integers(0, 10_000_00), st.sampled_from(["19", "7", "0"]))
def test_the_tax_in_a_gross_amount_is_rounded_half_up(gross: int, rate: str) -> None:
    exact = gross * int(rate) / (100 + int(rate))
    assert abs(tax_share(gross, rate) - exact) <= 0.5 + 1e-9


def test_items_survive_their_way_into_the_table() -> None:
    assert unpack(pack(ITEMS)) == ITEMS


@given(st.integers(0, 36**9 - 1), st.integers(0, 12), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_a_wrong_sign_in_a_reference_is_always_seen(number: int, place: int, sign: str) -> None:
    good = reference.reference(number)
    assert len(good) == 13
    assert reference.find_reference(f"Danke! {good[:4]} {good[4:8]} {good[8:]} Muster") == good
    wrong = good[:place] + sign + good[place + 1 :]
    assert wrong == good or reference.find_reference(wrong) != good


def test_account_numbers_are_checked() -> None:
    assert reference.iban("de89 3704 0044 0532 0130 00") == "DE89370400440532013000"
    for wrong in ("DE88370400440532013000", "DE8937040044053201300", "", "XX", "DE89370400440532013000 0"):
        with pytest.raises(ValueError, match="IBAN"):
            reference.iban(wrong)


def test_amounts_are_read_as_people_write_them() -> None:
    assert [money.cents(text) for text in ("12", "12,5", "12.50", " 0,05 €")] == [1200, 1250, 1250, 5]
    for wrong in ("", "-5", "1,234", "1.000,00", "12,345", "abc", "١٢", "1e3"):
        with pytest.raises(ValueError, match="amount"):
            money.cents(wrong)
    assert [money.euro(cents, "de") for cents in (5, 123456, -250)] == ["0,05\xa0€", "1.234,56\xa0€", "−2,50\xa0€"]
    assert money.euro(123456, "en") == "€1,234.56"


def test_amounts_in_files_have_at_most_two_decimals() -> None:
    assert [money.from_decimal(text) for text in ("12", "12.5", "12.50", "0.05", "12.500")] == [
        1200,
        1250,
        1250,
        5,
        1250,
    ]
    for wrong in ("", "-5", "1,00", "12.345", "NaN", "1e3", "١٢"):
        with pytest.raises(ValueError, match="amount"):
            money.from_decimal(wrong)


def test_an_attempt_is_asked_for_often_at_first_and_for_a_week() -> None:
    total, polls = 0, 0
    while not polling.is_over("sandbox", total):
        total += polling.pause_ms(polls)
        polls += 1
    assert polling.pause_ms(0) <= 5_000
    assert 100 < polls < 250
    assert not polling.is_over("transfer", 8 * 86_400_000)


def test_a_payment_is_called_in_the_language_of_its_reader_also_one_from_before() -> None:
    bought = (Item("2 × Erwachsene", 1200, "pool", "7", text_en="2 × Adult"), Item("P2", 50, "parking", "19"))
    assert unpack(pack(bought)) == bought
    assert title_of("2 × Erwachsene, P2", bought, "en") == "2 × Adult, P2"
    assert title_of("2 × Erwachsene, P2", bought, "de") == "2 × Erwachsene, P2"
    assert title_of("Ein eigener Titel", bought, "en") == "Ein eigener Titel"
    before = unpack('[["Erwachsene",600,"pool","7",["x"],[]]]')
    assert (before[0].name("en"), before[0].lines) == ("Erwachsene", ("x",))
