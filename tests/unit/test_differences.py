"""What changed between two texts: nothing is lost, and what is marked is what a person would mark."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.differences import Difference, diff_lines, diff_words

ODD = "\ud83d\x00\u202e\u2066e\u0301か\u3099漢字👩\u200d🚀\r\n\t\u2028\u2019'39.90, _"
texts = st.text(alphabet=st.one_of(st.sampled_from(ODD + "ab cd\n"), st.characters(exclude_categories=())))
phrases = st.lists(
    st.sampled_from(["kettle", "for", "campers", "39.90", ",", "\n", "don't", "漢字", "\ud83d", "\x00"])
).map(" ".join)
pairs = st.one_of(st.tuples(texts, texts), st.tuples(phrases, phrases))
both = pytest.mark.parametrize("diff", [diff_words, diff_lines])


def marks(difference: Difference) -> str:
    """The pieces with [added] and {removed} marked."""
    around = {"same": "{}", "added": "[{}]", "removed": "{{{}}}"}
    return "".join(around[piece.kind].format(piece.text) for piece in difference.pieces)


@both
@given(pair=pairs)
def test_the_pieces_make_up_both_texts(diff, pair):
    before, after = pair
    pieces = diff(before, after).pieces
    assert "".join(p.text for p in pieces if p.kind != "added") == before
    assert "".join(p.text for p in pieces if p.kind != "removed") == after


@both
@given(pair=pairs)
def test_no_piece_is_empty_and_none_could_be_joined_with_the_next(diff, pair):
    pieces = diff(*pair).pieces
    assert all(piece.text for piece in pieces)
    follows = {(a.kind, b.kind) for a, b in pairwise(pieces)}
    assert follows <= {
        ("same", "added"), ("same", "removed"), ("removed", "added"), ("removed", "same"), ("added", "same")
    }  # fmt: skip


@both
@given(text=texts)
def test_equal_texts_are_one_piece(diff, text):
    difference = diff(text, text)
    assert [p.kind for p in difference.pieces] == (["same"] if text else [])
    assert difference.common == 1


@both
@given(pair=pairs)
def test_what_is_common_is_a_share_and_the_same_both_ways_where_nothing_is(diff, pair):
    there, back = diff(*pair).common, diff(*reversed(pair)).common
    assert 0 <= there <= 1
    assert (there == 1) == (pair[0] == pair[1]) == (back == 1)


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("kettle", "kettle, camping, foldable", "kettle[, camping, foldable]"),
        ("Foldable kettle for campers", "Camp coffee for 39.90 euros", "{Foldable kettle}[Camp coffee] for {campers}[39.90 euros]"),
        ("your order arrived", "your order KT-4471 arrived", "your order[ KT-4471] arrived"),
        ("price 0.8", "price 39.9", "price {0.8}[39.9]"),
        ("1,000 words", "1,500 words", "{1,000}[1,500] words"),
        ("I don\u2019t know", "I do know", "I {don\u2019t}[do] know"),
        ("two  spaces", "two spaces", "two { }spaces"),
        ("", "all new", "[all new]"),
        ("all gone", "", "{all gone}"),
        ("折叠水壶三十九欧元", "折叠茶壶三十九欧元", "折叠{水}[茶]壶三十九欧元"),
        ("cafe\u0301 noir", "cafe noir", "{cafe\u0301}[cafe] noir"),
        ("hi 👩\u200d🚀 there", "hi 👩\u200d🔬 there", "hi {👩\u200d🚀}[👩\u200d🔬] there"),
        ("a\nb\nc", "a\nx\nc", "a\n{b}[x]\nc"),
    ],
)  # fmt: skip
def test_words_are_marked_as_a_person_would_mark_them(before, after, marked):
    assert marks(diff_words(before, after)) == marked


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("a\nb\n", "a\nx\nb\n", "a\n[x\n]b\n"),
        ("a\nb", "a\nb\nc", "a\nb[\nc]"),
        ("a\nb\nc\n", "a\nB\nc\n", "a\n{b\n}[B\n]c\n"),
        ("x = 1\n", "x = 1", "x = 1{\n}"),
    ],
)
def test_lines_are_marked_as_a_whole(before, after, marked):
    assert marks(diff_lines(before, after)) == marked


def test_two_texts_with_nothing_in_common_have_nothing_in_common():
    assert diff_words("alpha beta", "gamma,delta").common == 0


ALIKE = {"many different words": 2000, "few different words": 3, "one word": 1}


@both
@pytest.mark.parametrize("kind", ALIKE)
def test_texts_of_20_kb_take_a_fraction_of_100_ms(diff, kind):
    """The processor's time, of the best of three: the worst case of a quadratic comparison took seconds."""
    chance = random.Random(5)
    words = [f"word{n}" for n in range(ALIKE[kind])]

    def write() -> str:
        return "".join(chance.choice(words) + chance.choice((" ", " ", "\n")) for _ in range(3300))

    before, after = write(), write()
    spent = []
    for _ in range(3):
        began = time.process_time()
        diff(before, after)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.1


def test_very_long_texts_are_compared_by_lines():
    lines = [" ".join(f"{n}-{m}" for m in range(20)) for n in range(4000)]
    before, after = "\n".join(lines), "\n".join([*lines[::2], "the end"])
    difference = diff_words(before, after)
    assert {p.kind for p in difference.pieces} == {"same", "added", "removed"}
    assert difference.common > 0.6


def test_one_line_of_a_megabyte_is_replaced_as_a_whole():
    before, after = "a b " * 250_000, "b c " * 250_000
    assert [p.kind for p in diff_words(before, after).pieces] == ["removed", "added"]
