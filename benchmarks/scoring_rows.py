"""What it takes to score 10,000 rows beside the bare function in a loop, both in the reward's worker; and the first call there.

python -m benchmarks --only score
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.table import Row as Measure
from refine_core.rewards import RewardRunner, RowRunner
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

ROWS = 10_000
AT_MOST = 3.0
FIRST_CALL_S = 0.001
WORDS = "the quick brown fox jumps over a lazy dog while seven wizards brew tea and nobody asks why it takes"

F1 = """
import time
from collections import Counter

def token_f1(said, gold):
    said, gold = said.lower().split(), gold.lower().split()
    same = sum((Counter(gold) & Counter(said)).values())
    if not same:
        return 0.0
    precision, recall = same / len(said), same / len(gold)
    return 2 * precision * recall / (precision + recall)
"""
SHAPES = {
    "refine": "def reward(args, pred):\n    return token_f1(pred.answer, args['gold'])",
    "promptfoo": "def get_assert(output, context):\n    return token_f1(output, context['vars']['gold'])",
    "trl": "def r(completions, gold, **kwargs):\n    return [token_f1(c, g) for c, g in zip(completions, gold)]",
}
# One row that holds all pairs: its score is the time that the loop over them took.
BARE = """
def reward(args, pred):
    began = time.perf_counter()
    for said, gold in args["pairs"]:
        token_f1(said, gold)
    return time.perf_counter() - began
"""


def measure(*, quick: bool) -> Iterator[Measure]:
    """The rows of the table. quick: three readings instead of nine."""
    readings = 3 if quick else 9
    chance = random.Random(7)
    words = WORDS.split()
    pairs = [
        (" ".join(chance.choices(words, k=12)), " ".join(chance.choices(words, k=10))) for _ in range(ROWS)
    ]
    rows = [
        Row(str(i), {"question": "?"}, {"answer": said}, {"gold": gold})
        for i, (said, gold) in enumerate(pairs)
    ]
    whole = Row("all", {"pairs": [list(pair) for pair in pairs]}, {"answer": ""})
    with RowRunner(_recognize(F1 + BARE), [whole], timeout_s=60.0) as runner:
        bare = median(runner.score().results[0].value or 0.0 for _ in range(readings))
    for shape, source in SHAPES.items():
        with RowRunner(_recognize(F1 + source), rows) as runner:
            runner.score()  # the rows are in the worker now
            took = median(_time(runner) for _ in range(readings))
        yield Measure(
            f"10,000 rows in the worker, token F1, as a {shape} reward", took, "the bare function in a loop there", bare,
            AT_MOST,
        )  # fmt: skip
    yield Measure(
        "first call on a warm worker",
        median(_first_call() for _ in range(readings)),
        "bound",
        FIRST_CALL_S,
        1.0,
    )


def _recognize(source: str) -> Recognized:
    found = recognize(source)
    assert isinstance(found, Recognized)
    return found


def _time(runner: RowRunner) -> float:
    began = time.perf_counter()
    runner.score()
    return time.perf_counter() - began


def _first_call() -> float:
    with RewardRunner("def reward(args, pred):\n    return float(len(pred.answer))") as runner:
        runner.load()
        began = time.perf_counter()
        runner.score({"question": "?"}, {"answer": "4"})
        return time.perf_counter() - began
