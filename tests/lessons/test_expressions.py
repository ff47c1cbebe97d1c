"""The language of lessons computes figures and nothing else."""

from __future__ import annotations

import pytest

from refine_core.lessons.expressions import ExpressionError, evaluate, parse
from refine_core.lessons.texts import count_words, fill_places, find_literal_digits

VALUES = {"right": {1: 0.4, 4: 0.875}, "rows": 50, "better": {"low": -0.05}, "none": None, "said": "*Paris*"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("right[4] - right[1]", 0.475),
        ("better.low < 0 and rows >= 50", True),
        ("max(right) * rows", 43.75),
        ("abs(better.low)", 0.05),
        ("rows / (rows - 50)", None),
        ("none < 3 or rows == 50", True),
        ("none + 1", None),
        ("not none", None),
        ("0 < right[1] < 0.5", True),
    ],
)
def test_an_expression_comes_to_its_value(text, value):
    assert evaluate(text, VALUES) == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "right.__class__.x()", "open('x')", "[x for x in right]", "lambda: 1", "2 ** 9", "f'{rows}'",
        "right[1:2]", "(rows := 3)", "max(key=rows)", "rows if rows else 2", "1j", "", "rows rows", "1" * 301,
    ],
)  # fmt: skip
def test_what_is_no_figure_is_refused_before_it_is_computed(text):
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize("text", ["right.__class__", "right[2]", "wrong", "rows[1]", "said + 1", "said * 3"])
def test_what_is_not_there_is_an_error_that_names_it(text):
    with pytest.raises(ExpressionError):
        evaluate(text, VALUES)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{right[4]:percent} of {rows}", "88\N{NO-BREAK SPACE}% of 50"),
        ("{right[4] - right[1]:points}", "+48\N{NO-BREAK SPACE}points"),
        ("{better.low:signed}, {better.low:1}", "\N{MINUS SIGN}0.05, \N{MINUS SIGN}0.1"),
        ("{none:percent} {{braces}}", "unknown {braces}"),
        ("{rows * 100:0}", "5,000"),
        ("{said}", "`*Paris*`"),
    ],
)
def test_a_text_is_filled_with_its_numbers(text, filled):
    assert fill_places(text, VALUES) == filled


@pytest.mark.parametrize("text", ["{right}", "{rows:tall}", "{rows", "rows}", "{95}", "{rows:99}"])
def test_a_text_with_a_wrong_place_is_refused(text):
    with pytest.raises(ExpressionError):
        fill_places(text, VALUES)


def test_digits_in_a_text_are_found_but_not_those_in_code_or_links():
    text = "After {rows} rows, `a1` and [this](/lab?x=1)\nthere are 4 left.\n"
    assert find_literal_digits(text) == ["there are 4 left."]


def test_an_expression_counts_as_one_word():
    assert count_words("After {right[4] - right[1]:percent} of it — done.") == 5
