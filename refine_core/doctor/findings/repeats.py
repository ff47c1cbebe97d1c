"""Whether a reward says the same again: the same rows once more, in another order, with another hash seed.

row by row          a    (the scores of the rows)
again               b    a != b: time, randomness, or what earlier calls left behind
another worker, hash seed 1, from the last row to the first    c    a != c: the order of a set, or earlier rows
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.findings.scored_rows import describe_change, quote_output
from refine_core.formatting import pluralize
from refine_core.rewards import RowResult, RowRunner
from refine_core.rewards.checks import Finding
from refine_core.rows import Row

MAX_ROWS: Final = 100
_TIME_S: Final = 0.5
_HASH_SEED: Final = 1

Start = Callable[[int], RowRunner]
"""A new worker with a hash seed."""


def choose_repeated(rows: Sequence[Row], each_s: float) -> list[Row]:
    """The rows to score again: evenly among all, as many as half a second allows, at least two."""
    count = max(2, min(MAX_ROWS, int(_TIME_S / each_s) if each_s > 0 else MAX_ROWS))
    step = max(1, math.ceil(len(rows) / count))
    return [rows[i] for i in range(0, len(rows), step)]


def find_unsteady(
    runner: RowRunner, start: Start, rows: Sequence[Row], cancel: Cancel | None = None
) -> Iterator[Finding]:
    """Findings on repeated scores. runner: has scored before. start: makes another worker, which is closed here."""
    first = runner.score_further(rows, cancel=cancel)
    again = runner.score_further(rows, cancel=cancel)
    backwards, places = [*reversed(rows)], range(len(rows))
    if changed := [i for i in places if differ(first[i], again[i])]:
        with start(0) as one, start(0) as other:
            anew, and_anew = one.score_further(rows, cancel=cancel), other.score_further(rows, cancel=cancel)
        kept = not any(differ(anew[i], and_anew[i]) for i in places)
        kind = "depends-on-earlier-rows" if kept else "not-deterministic"
        reason = "keeps what earlier calls left" if kept else "draws random numbers, or reads the clock"
        yield _report(
            kind, rows, first, again, changed, f"scored again, {{count}} of {{rows}} got another score: the reward {reason}"
        )  # fmt: skip
        return
    with start(_HASH_SEED) as other:
        reseeded = [*reversed(other.score_further(backwards, cancel=cancel))]
    changed = [i for i in places if differ(first[i], reseeded[i])]
    if not changed:
        return
    with start(0) as same_seed:
        reordered = [*reversed(same_seed.score_further(backwards, cancel=cancel))]
    if any(differ(first[i], reordered[i]) for i in places):
        yield _report(
            "depends-on-earlier-rows", rows, first, reordered, changed,
            "from the last row to the first, {count} of {rows} got another score: the reward depends on the rows before",
        )  # fmt: skip
    else:
        yield _report(
            "depends-on-hash-seed", rows, first, reseeded, changed,
            "in another process, {count} of {rows} got another score: the reward depends on the order of a set, or on hash()",
        )  # fmt: skip


def differ(one: RowResult, other: RowResult) -> bool:
    """Whether two scores of the same row are not the same."""
    if one.error is not None or other.error is not None:
        return (one.error is None) is not (other.error is None)
    if one.value is None or other.value is None:
        return one.value is not other.value
    return not math.isclose(one.value, other.value, rel_tol=1e-9, abs_tol=1e-12)


def _report(  # noqa: PLR0917  # what was compared
    kind: str,
    rows: Sequence[Row],
    first: Sequence[RowResult] | Mapping[int, RowResult],
    then: Sequence[RowResult],
    changed: Sequence[int],
    sentence: str,
) -> Finding:
    words = sentence.format(count=len(changed), rows=pluralize(len(rows), "row"))
    return Finding(
        kind, "warning", f"{words[:1].upper()}{words[1:]}.",
        evidence=tuple(
            f"row {rows[i].id}: {quote_output(rows[i])} scores {describe_change(first[i].value, then[i].value)}"
            for i in changed[:4]
        ),
    )  # fmt: skip
