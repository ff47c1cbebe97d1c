"""Numbers, durations, costs and counts as text."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.formatting import (
    MINUS,
    clip,
    format_amount,
    format_cost,
    format_difference,
    format_dollars,
    format_duration,
    format_interval,
    format_number,
    format_p,
    format_score,
    format_seconds,
    format_temperature,
    format_tokens,
    pluralize,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1"),
        (0.3333333, "0.3333"),
        (-2.5, f"{MINUS}2.5"),
        (0.0, "0"),
        (12345.6, "12,346"),
        (1e-9, "1e-09"),
        (1e12, "1e+12"),
        (-0.0, "0"),
        (0.99999, "0.99999"),
        (1.00001, "1"),
        (None, "none"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, words):
    assert format_number(value) == words


def as_number(text):
    return float(text.replace(",", "").replace(MINUS, "-"))


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 2),
    st.sampled_from([0.0, 1e-4, 1.0, 1000.0, 1e7, 0.33333, 0.1 + 0.2, 0.3]),
)
NEIGHBOURS = NUMBERS.flatmap(
    lambda x: st.sampled_from([x, math.nextafter(x, math.inf), x - 1e-5, x * (1 + 1e-9), x + 1e-4])
).filter(math.isfinite)


@pytest.mark.fault(16)
@given(st.lists(NUMBERS | NEIGHBOURS, min_size=2, max_size=6, unique=True))
def test_numbers_shown_together_read_in_their_true_order(values):
    """Whatever is below a threshold, or below another reward, never looks like it, however near it is."""
    ordered = sorted(values)
    shown = [as_number(format_number(value, ordered)) for value in ordered]
    assert all(a < b for a, b in pairwise(shown)), shown


@pytest.mark.parametrize(
    ("value", "beside", "words"),
    [
        (1 / 3, [1.0], "0.33"),
        (1.0, [0.5], "1.00"),
        (0, [1.0], "0.00"),
        (0.9999, [], "0.9999"),
        (0.0004, [], "0.0004"),
        (0.899, [0.9], "0.899"),
        (12, [3, None], "12"),
        (12, [3.5], "12.00"),
        (-3.0, [], f"{MINUS}3"),
        (12345.6, [], "12,346"),
        (1e-9, [], "1e-09"),
        (math.inf, [], "∞"),
        (None, [], "none"),
    ],
)
def test_rewards_have_two_decimals_unless_they_count_things(value, beside, words):
    assert format_score(value, beside) == words


@pytest.mark.fault(16)
@given(st.lists(NUMBERS | NEIGHBOURS, min_size=2, max_size=6, unique=True))
def test_rewards_shown_together_read_in_their_true_order(values):
    ordered = sorted(values)
    shown = [as_number(format_score(value, ordered)) for value in ordered]
    assert all(a < b for a, b in pairwise(shown)), shown


@pytest.mark.fault(16)
@given(st.one_of(NUMBERS, NEIGHBOURS), st.data())
def test_a_value_below_a_threshold_reads_as_below_it(threshold, data):
    """The threshold is shown beside the reward, and the reward beside the threshold."""
    below = st.sampled_from([math.nextafter(threshold, -math.inf), threshold - 1e-5, threshold - 1e-9])
    value = data.draw((NUMBERS | below).filter(lambda v: math.isfinite(v) and v < threshold))
    texts = format_number(value, [threshold]), format_number(threshold, [value])
    assert texts[0] != texts[1]
    assert as_number(texts[0]) < as_number(texts[1])


@pytest.mark.fault(16)
@given(st.floats(-999, 999))
def test_no_number_alone_looks_like_a_whole_one_that_it_does_not_reach(value):
    """A place that knows no threshold cannot show 0.99999 as 1 either."""
    shown = as_number(format_number(value))
    assert shown <= value or not shown.is_integer()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "under 1 ms"),
        (0.0042, "4 ms"),
        (0.9996, "1.0 s"),
        (1.23, "1.2 s"),
        (99.96, "1 min 40 s"),
        (185, "3 min 5 s"),
        (None, "unknown"),
    ],
)
def test_durations_have_their_unit(value, words):
    assert format_duration(value) == words


def test_costs_and_counts():
    assert [format_cost(v) for v in (None, 0, 4.5e-06, 0.00012, 0.0042, 1.5)] == [
        "cost unknown",
        "free",
        "under $0.0001",
        "$0.00012",
        "$0.0042",
        "$1.50",
    ]
    assert [pluralize(n, "retry", "retries") for n in (0, 1, 2)] == ["0 retries", "1 retry", "2 retries"]


@pytest.mark.parametrize("value", [0.0, 0.0042, 0.84, 0.9996, 1.23, 59.96, 99.94])
def test_a_column_of_seconds_shows_the_digits_of_the_duration(value):
    """Below a second the detail has milliseconds, the column a decimal fraction of as many digits."""
    shown, column = format_duration(value), format_seconds(value)
    if shown.endswith(" ms"):
        assert column == ("<0.001" if shown == "under 1 ms" else f"{int(shown[:-3]) / 1000:.3f}")
    else:
        assert f"{column} s" == shown


def test_a_column_of_dollars_shows_the_digits_of_the_cost():
    assert [format_dollars(v) for v in (0, 4.5e-06, 0.00012, 0.0042, 1.5)] == [
        "0",
        "<0.0001",
        "0.00012",
        "0.0042",
        "1.50",
    ]


def test_a_long_text_is_cut_to_its_limit_and_shows_that_it_is():
    assert clip("a long text", 11) == "a long text"
    assert clip("a long text", 10) == "a long te…"
    assert clip("a long text", 8) == "a long…"  # no space before the mark


def test_temperatures_and_tokens():
    assert [format_temperature(v) for v in (0, 0.5, 2 / 3, 1.0)] == ["0", "0.5", "0.667", "1"]
    assert format_tokens(1200, 30) == "1,200 tokens in, 30 out"
    assert format_tokens(None, 30) == "tokens unknown"


def test_an_amount_above_a_budget_never_looks_like_the_budget():
    assert [format_amount(v) for v in (0.5, 4.5e-06, 12.0)] == ["$0.5", "$0.0000045", "$12"]
    assert format_amount(0.50001, 0.5) == "$0.50001"


def test_a_difference_has_a_sign_as_wide_as_a_plus():
    assert [format_difference(v) for v in (0.7 - 0.4, -0.25, 0.3 - (0.1 + 0.2))] == [
        "+0.30",
        f"{MINUS}0.25",
        "±0",
    ]


def test_an_interval_shows_signs_only_where_they_are_told_apart_by_them():
    assert format_interval(-0.07, 0.15) == f"[{MINUS}0.07, 0.15]"
    assert format_interval(-0.07, 0.15, signed=True) == f"[{MINUS}0.07, +0.15]"


def test_a_p_value_too_small_to_write_out_is_not_called_0():
    assert [format_p(p) for p in (0.2, 0.0114, 1e-23)] == ["0.200", "0.011", "< 0.001"]
