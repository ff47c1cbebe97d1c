"""Everything that a reward has to score for an examination, in one sandboxed worker: rows, cases, probes, and rows again.

    recognized + rows + cases --collect--> Collected(scored rows, probes, cases, scores that do not repeat)

A reward that asks a judge scores nothing new: answers that are there already, and rewards that were recorded, are taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.cases import CaseReport, CaseSet, run_cases
from refine_core.cases.running import compare_scores
from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.answers.right_answers import RightAnswer, find_right_answer, take_output
from refine_core.doctor.findings.line_breaks import find_costly_breaks
from refine_core.doctor.findings.repeats import choose_repeated, find_unsteady
from refine_core.doctor.findings.scored_rows import TIMEOUT, ScoredRows
from refine_core.doctor.probes.scoring import RowProbes, probe_all
from refine_core.errors import RewardError
from refine_core.rewards import RowRunner
from refine_core.rewards.checks import Finding
from refine_core.rewards.shapes import Recognized
from refine_core.rewards.source import list_names
from refine_core.rows import Row
from refine_core.runs.judges import JudgeSpec
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.judging import asks_judge
from refine_core.workbench.scores import RowScore
from refine_core.workbench.scoring import score_rows, to_row_score

MAX_READ: Final = 1_000
"""Rows that are looked through for right answers."""
MAX_RIGHT_ANSWERS: Final = 8
"""Rows whose right answer is probed: the first ones with different answers."""
_PROBING_S, _PROBES = 2.0, 30  # for all right answers; of one, roughly


@dataclass(frozen=True, slots=True)
class Options:
    """What `examine` was asked for, beside the reward and the rows; see there."""

    threshold: float | None = None
    judge: JudgeSpec | None = None
    timeout_s: float = REWARD_TIMEOUT_S
    files: Mapping[str, bytes] | None = None
    on_progress: Callable[[int, int], None] | None = None
    cancel: Cancel | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What scoring has shown.

    probed: of each right answer that was tried. took_s: seconds for all rows. unsteady: findings on scores that do not repeat;
    repeated: how many rows with a score were scored again for them.
    changed_alone: ids of rows with another score alone than in their batch. breaks: sentences about line breaks that cost the score.
    """

    scored: ScoredRows
    report: CaseReport
    probed: tuple[RowProbes, ...] = ()
    took_s: float = 0.0
    unsteady: tuple[Finding, ...] = ()
    repeated: int = 0
    changed_alone: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()


def list_known(rows: Sequence[Row], cases: CaseSet) -> list[Row]:
    """Rows, and cases as rows, among which right answers are looked for."""
    labels = {"good": "good", "bad": "bad"}
    return [*rows[:MAX_READ], *(replace(case.to_row(), label=labels.get(case.want.kind)) for case in cases)]


def collect(recognized: Recognized, rows: Sequence[Row], cases: CaseSet, options: Options) -> Collected:
    """Score all of it. Raises: RewardError for a source that cannot be loaded; WorkerError; RunCancelled."""
    if asks_judge(recognized):
        return _recall(recognized, rows, cases, options)
    cancel, mentioned = options.cancel, _list_names(recognized.source)

    def start(hash_seed: int) -> RowRunner:
        return RowRunner(
            recognized, (), timeout_s=options.timeout_s, files=options.files, hash_seed=hash_seed
        )

    with RowRunner(recognized, rows, timeout_s=options.timeout_s, files=options.files) as runner:
        runner.score_further((), cancel=cancel)  # loading is no part of what a row takes
        began = time.perf_counter()
        results = runner.score(on_progress=options.on_progress, cancel=cancel)
        took_s = time.perf_counter() - began
        scored = ScoredRows(rows, tuple(map(to_row_score, rows, results.results)), mentioned)
        report = _run_cases(runner, cases, options)
        ended = [row for row, one in scored if one.error is None or one.error.type != TIMEOUT]
        values = [*scored.values, *(one.value for one in report.results if one.value is not None)]
        at_most = _afford(took_s, len(rows))
        probed = probe_all(
            runner, recognized.source, choose_right_answers(list_known(ended, cases), scored, mentioned, at_most),
            best=max(values, default=None), lowest=min(values, default=None), threshold=options.threshold, cancel=cancel,
        )  # fmt: skip
        breaks = find_costly_breaks(runner, scored, cancel)
        repeated = choose_repeated(ended, took_s / len(rows)) if ended else []
        unsteady = tuple(find_unsteady(runner, start, repeated, cancel)) if repeated else ()
    again = {row.id for row in repeated}
    alone = tuple(rows[i].id for i in results.changed_alone)
    steady = sum(row.id in again for row, _ in scored.scored)
    return Collected(scored, report, probed, took_s, unsteady, steady, alone, breaks)


def _recall(recognized: Recognized, rows: Sequence[Row], cases: CaseSet, options: Options) -> Collected:
    """What is there of a reward that asks a judge: its answers so far, else the rewards that were recorded with the rows."""
    scores = score_rows(
        rows, recognized, judge=options.judge, timeout_s=options.timeout_s, files=options.files,
        on_progress=options.on_progress, cancel=options.cancel,
    )  # fmt: skip
    recalled = tuple(
        one if one.value is not None else RowScore(row.id, row.group, row.reward, row.parts, row.feedback)
        for row, one in zip(rows, scores.rows, strict=True)
    )
    report = run_cases(
        recognized, cases, threshold=options.threshold, judge=options.judge, timeout_s=options.timeout_s,
        files=options.files, cancel=options.cancel,
    )  # fmt: skip
    return Collected(ScoredRows(rows, recalled, is_recorded=True), report)


def _run_cases(runner: RowRunner, cases: CaseSet, options: Options) -> CaseReport:
    rows = [case.to_row() for case in cases]
    scored = runner.score_further(rows, cancel=options.cancel)
    return compare_scores(cases, map(to_row_score, rows, scored), threshold=options.threshold)


def choose_right_answers(
    known: Sequence[Row], scored: ScoredRows, mentioned: Collection[str], at_most: int = MAX_RIGHT_ANSWERS
) -> list[RightAnswer]:
    """Right answers of the first rows that have one, each answer once.

    Where no row has one, the output of the row with the highest score takes its place.
    """
    found: dict[str, RightAnswer] = {}
    for row in known:
        right = find_right_answer(row, mentioned)
        if right is not None:
            found.setdefault(right.text, right)
        if len(found) >= at_most:
            break
    if not found and scored.scored:
        best = take_output(max(scored.scored, key=lambda pair: pair[1])[0], mentioned)
        return [best] if best is not None else []
    expected = [one for one in found.values() if one.is_known]
    return expected or [*found.values()]


def _afford(took_s: float, rows: int) -> int:
    """How many right answers can be probed in a second or two; at least one."""
    each_s = took_s / rows if rows else 0.0
    return (
        MAX_RIGHT_ANSWERS
        if each_s <= 0
        else max(1, min(MAX_RIGHT_ANSWERS, int(_PROBING_S / (each_s * _PROBES))))
    )


def _list_names(source: str) -> frozenset[str]:
    try:
        return list_names(source)
    except RewardError:
        return frozenset()
