"""What all probes of one row take beyond the reward's own time, on a warm worker; and a whole examination at an edit.

python -m benchmarks --only probes
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.table import Row as Measure
from refine_core.doctor import examine, find_right_answer
from refine_core.doctor.probes.scoring import probe_all
from refine_core.rewards import RowRunner
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

PROBES_S = 0.020
EXAMINED_S = 1.0
SOURCE = """
import re
import time

def extract(text):
    found = re.search(r"<answer>(.*)</answer>", text)
    return found.group(1).strip() if found else ""

def correct(completions, answer, **kwargs):
    return [2.0 if extract(c) in a else 0.0 for c, a in zip(completions, answer)]

def formatted(completions, **kwargs):
    form = r"^<think>.*</think>\\s*<answer>.*</answer>$"
    return [0.5 if re.match(form, c) else 0.0 for c in completions]
"""


def measure(*, quick: bool) -> Iterator[Measure]:
    """The rows of the table. quick: nine readings instead of forty.

    The reward's own time is not taken off: it is some microseconds a probe.
    """
    readings = 9 if quick else 40
    found = recognize(SOURCE)
    assert isinstance(found, Recognized)
    rows = [_make_row(i) for i in range(200)]
    right = find_right_answer(rows[0])
    assert right is not None
    with RowRunner(found, ()) as runner:
        took = []
        for _ in range(readings + 1):
            began = time.perf_counter()
            (probed,) = probe_all(runner, SOURCE, [right], best=2.5, lowest=0.0)
            took.append(time.perf_counter() - began)
            assert len(probed.results) > 20  # as many as the row of the table says
    yield Measure(
        f"all {len(probed.results)} probes of one row, on a warm worker",
        median(took[1:]),
        "bound",
        PROBES_S,
        1.0,
    )
    took = []
    for _ in range(3 if quick else 9):
        began = time.perf_counter()
        examine(found, rows, threshold=2.0)
        took.append(time.perf_counter() - began)
    yield Measure(
        "an edit examined: 200 rows, probes of 8 of them, two new workers",
        median(took),
        "bound",
        EXAMINED_S,
        1.0,
    )


def _make_row(number: int) -> Row:
    answer = 1_000 + number
    text = f"<think>{answer - 250} + 250</think><answer>{answer}</answer>"
    return Row(
        str(number), {"prompt": f"Ann saves 250 euros and {answer - 250} euros. How many euros is that?"},
        {"completion": text}, {"answer": str(answer)},
    )  # fmt: skip
