"""Patterns that take exponential time: what is reported does, counted by a matcher that goes Python's way; what is not does not."""

from __future__ import annotations

import re
from itertools import product
from re import _constants as op
from re import _parser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.rewards.checks.regex.automaton import Unsupported, build_automaton, parse_pattern
from refine_core.rewards.checks.regex.backtracking import find_attack


def attack_on(pattern, flags=0, *, whole=False):
    nodes, all_flags = parse_pattern(pattern, flags)
    return find_attack(build_automaton(nodes, all_flags, whole=whole))


class TooManyError(Exception):
    pass


def count_steps(pattern, text, limit):
    """Steps of a matcher that tries one way after another from the text's start, as `re` does; raises TooManyError."""
    steps = 0

    def run(nodes, at, then):
        nonlocal steps
        steps += 1
        if steps > limit:
            raise TooManyError
        if not nodes:
            return then(at)
        (what, value), rest = nodes[0], nodes[1:]

        def go_on(place):
            return run(rest, place, then)

        if what is op.LITERAL:
            return at < len(text) and ord(text[at]) == value and go_on(at + 1)
        if what is op.IN:
            return at < len(text) and (op.LITERAL, ord(text[at])) in value and go_on(at + 1)
        if what is op.SUBPATTERN:
            return run(list(value[-1]), at, go_on)
        if what is op.BRANCH:
            return any(run(list(one), at, go_on) for one in value[1])
        if what is op.AT:
            return at == len(text) and go_on(at)
        return repeat(value, at, go_on, 0, None)

    def repeat(loop, at, go_on, done, began):
        nonlocal steps
        steps += 1
        if steps > limit:
            raise TooManyError
        least, most, inner = loop

        def again(place):
            return repeat(loop, place, go_on, done + 1, at)

        # A round of nothing is not followed by another.
        if done < most and (done < least or at != began) and run(list(inner), at, again):
            return True
        return done >= least and go_on(at)

    run(list(_parser.parse(pattern)), 0, lambda _: True)
    return steps


@st.composite
def patterns(draw, depth=3):
    """Small patterns over a and b: letters, alternatives, repetitions, one in another."""
    kind = draw(
        st.sampled_from(
            ("letter", "letter", "sequence", "either", "repeat", "repeat") if depth else ("letter",)
        )
    )
    if kind == "letter":
        return draw(st.sampled_from("ab"))
    if kind == "sequence":
        return draw(patterns(depth - 1)) + draw(patterns(depth - 1))
    if kind == "either":
        return f"(?:{draw(patterns(depth - 1))}|{draw(patterns(depth - 1))})"
    return f"(?:{draw(patterns(depth - 1))}){draw(st.sampled_from(('*', '+', '?', '{2}', '{1,2}')))}"


@settings(max_examples=60, deadline=None)
@given(patterns(), st.sampled_from(("c", "$")), st.sampled_from(("*", "+", "{3,}")))
def test_a_pattern_is_reported_if_and_only_if_its_steps_double(inner, end, loop):
    """The texts of the second half are all of up to three letters, four times: a pump that long would show in them."""
    pattern = f"(?:{inner}){loop}{end}"
    attack = attack_on(pattern)
    if attack is not None:
        assert re.match(pattern, attack.make(1)) is None
        with pytest.raises(TooManyError):
            count_steps(pattern, attack.make(15), 2**13)
        return
    for text in ("".join(letters) for n in (1, 2, 3) for letters in product("ab", repeat=n)):
        count_steps(pattern, text * 4 + "!", 20_000)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a+)+$",
        r"(a*)*b",
        r"(\w+\s?)*$",
        r"^(?:\d+|\w+)*$",
        r"(.|\s)*x",
        r"^([a-zA-Z0-9._-]+)+@x",
        r"(a|ab|b)*c",
        r"(\d{1,3},?)+$",
        r"\((?:[^()]+|\([^()]*\))*\)",
    ],
)
def test_patterns_that_are_known_to_be_slow_are_reported(pattern):
    assert attack_on(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+",  # nothing has to follow, so the first way is taken
        r"(\w+\s)*$",
        r"(a|b)*c",
        r"(.|\n)*x",
        r"<think>.*</think>\s*<answer>.*</answer>",
        r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$",
        r'"(?:[^"\\]|\\.)*"',
        r"(-?[$0-9.,]{2,})|(-?[0-9]+)",
        r"\\boxed\{([^{}]+)\}",
        r"(\d+(?:,\d{3})*(?:\.\d+)?)",
        r"^\s*(?:[-*]|\d+\.)\s+(?P<body>.+?)\s*$",
        r"####\s*(-?[\d,]+)",
        r"(?:[A-Z]{2}-\d{4}\s*)+$",
    ],
)
def test_patterns_that_rewards_use_are_left_alone(pattern):
    assert attack_on(pattern) is None


@pytest.mark.parametrize(
    "pattern", [r"(?=a)(a+)+b", r"(\ba+\b)+c", r"(a+)\1+b", r"(?i:(a+)+b)", r"(a+|^b)+c"]
)
def test_what_an_automaton_does_not_say_is_never_reported(pattern):
    with pytest.raises(Unsupported):
        attack_on(pattern)


def test_flags_count():
    assert attack_on(r"(?:a|A)*b") is None
    assert attack_on(r"(?:ax|Ax)*b", re.IGNORECASE) is not None
    assert attack_on(r"(.|\n)*x", re.DOTALL) is not None
    assert attack_on(r"(a+)+", whole=True) is not None
