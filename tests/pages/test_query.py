"""Numbers in the address: what is no such number is as if it were not there."""

from __future__ import annotations

import pytest

from pages.shared.query import parse_whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("042", 42),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("٣", None),
        ("1" * 7, None),
    ],
)
def test_only_a_plain_whole_number_of_few_digits_counts(text, number):
    assert parse_whole(text) == number


def test_a_number_may_begin_at_nought_where_nought_means_something():
    assert parse_whole("0", 0) == 0
