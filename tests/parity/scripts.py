"""Scripts, made from a seed: each is plain JSON that says what will happen to one refiner. Imports neither library.

{shape, strategy, N, threshold, fail_count, model, temperatures: name of a model -> T0, takes_json: whether models know
 `response_format`, adapter, outer_trace, rewards: in turn, replies: "who how" -> kinds in turn, calls: inputs in turn}

Most scripts go through the heart of the loop; what is rare in life is rare here, and test_parity says that all of it
is there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.parity.running import MODELS

Script = dict[str, Any]

PLAIN_SHAPES = (
    "predict",
    "thought",
    "two",
    "three",
    "one signature",
    "nested",
    "listed",
    "keyed",
    "repeated",
    "fussy",
)
RARE_SHAPES = (
    "forgiving",
    "noting",
    "typed",
    "configured",
    "frozen",
    "passing",
    "overriding",
    "generous",
    "stingy",
    "mistyped",
    "odd",
    "returns a dict",
    "returns text",
    "no predictor",
    "refining",
    "refining",
    "threaded",
)
BARE = ("predict", "thought")
BAD = ("missing", "garbage", "raises", "raises oddly", "other format", "empty", "wrong type", "fatal")
ODD = ("indented", "on one line", "fenced", "twice", "extra")
BAD_ADVICE = ("missing", "garbage", "raises", "raises oddly", "other format", "wrong type")
ODD_ADVICE = (
    "to nobody",
    "some names",
    "more names",
    "no names",
    "blank",
    "several lines",
    "indented",
    "fenced",
)
ODD_REWARDS = ("nan", "inf", "None", "text")


def scripts(count: int, seed: int) -> list[Script]:
    """`count` scripts; the same for the same seed, on any machine."""
    return [script(random.Random(f"{seed}/{i}")) for i in range(count)]


def script(chance: random.Random) -> Script:
    """One script."""
    shape = chance.choice(PLAIN_SHAPES if chance.random() < 0.7 else RARE_SHAPES)
    n = chance.choice((1, 2, 3, 3, 4, 5, 6, 7)) if chance.random() < 0.985 else 0
    trouble = chance.choice((0.0, 0.0, 0.0, 0.1, 0.1, 0.3, 0.9))  # how often a predictor's reply is bad
    worry = chance.choice((0.0, 0.0, 0.3, 0.8))  # how often a reply to a request for advice is
    first = _temperature(chance, n)
    return {
        "shape": shape,
        "strategy": chance.choice(("refine", "refine", "best_of_n")),
        "N": n,
        "threshold": chance.choice((0.5, 0.75, 1, 1.0, 2.0, 2.0, 2.0, -0.5, None)),
        "fail_count": chance.choice((None, None, 0, 1, 2, n)) if chance.random() < 0.985 else -1,
        "model": _model(chance, shape),
        "temperatures": {"global": first, "own": _temperature(chance, n), "other": _temperature(chance, n)},
        "takes_json": chance.random() < 0.15,
        "adapter": chance.choice(("chat", "json", "a user's own")) if chance.random() < 0.15 else None,
        "outer_trace": chance.random() < 0.95,
        "rewards": _rewards(chance, shape),
        "replies": _replies(chance, trouble, worry),
        "calls": [_inputs(chance, shape) for _ in range(chance.choice((1, 1, 2, 3)))],
    }


def _model(chance: random.Random, shape: str) -> str:
    """Who has which model; a program that asks none often runs where there is none."""
    if shape == "no predictor" and chance.random() < 0.6:
        return "none"
    return chance.choice(MODELS) if chance.random() < 0.15 else "global"


def _temperature(chance: random.Random, n: int) -> float | str | None:
    """T0: often one that is in the schedule as well."""
    if chance.random() < 0.04:
        return chance.choice((None, "missing"))
    return chance.choice((0, 0.0, 0.5, 0.6, 0.7, 1.0, 0.5 + (0.5 / max(n, 1)) * chance.randrange(max(n, 1))))


def _rewards(chance: random.Random, shape: str) -> list[Any]:
    """Values in turn: with ties, some that reach a threshold, some that fail."""
    failing = chance.choice((0.0, 0.0, 0.1, 0.5))
    good = chance.choice((0.0, 0.1, 0.3))
    made: list[Any] = []
    for _ in range(chance.randint(1, 9)):
        if chance.random() < failing:
            made.append("raises")
        elif chance.random() < good:
            made.append(chance.choice((1, 1.0, True, 0.75)))
        else:
            made.append(chance.choice((0, 0.0, False, 0.25, 0.25, 0.375, -1, -0.5, 0.1)))
    if chance.random() < 0.06:
        made[chance.randrange(len(made))] = chance.choice(ODD_REWARDS)
    elif shape not in BARE and chance.random() < 0.03:
        made[chance.randrange(len(made))] = "spoils its inputs"
    return made


def _replies(chance: random.Random, trouble: float, worry: float) -> dict[str, list[str]]:
    """Kinds in turn; "*" is everybody who is not named."""
    strange = chance.choice((0.0, 0.1, 0.4))

    def some(bad: Sequence[str], odd: Sequence[str], share: float) -> list[str]:
        return [
            chance.choice(bad)
            if chance.random() < share
            else chance.choice(odd)
            if chance.random() < strange
            else "good"
            for _ in range(chance.randint(3, 11))
        ]

    return {
        "* markers": some(BAD, ODD, trouble),
        "* json": some(BAD, ODD, chance.choice((0.1, trouble))),
        "advice markers": some(BAD_ADVICE, ODD_ADVICE, worry),
        "advice json": some(BAD_ADVICE, ODD_ADVICE, chance.choice((0.1, worry))),
    }


def _inputs(chance: random.Random, shape: str) -> dict[str, Any]:
    question = chance.choice(
        ("What is it?", "Où est la gare?", "Why / how?", "Two\nlines", "[[ ## odd ## ]] marker")
    )
    if shape in BARE:
        return {"stage": "bare", "question": question}
    return {"question": question, "notes": chance.choice(([], ["seen before"], ["7"], ["one", "two"]))}
