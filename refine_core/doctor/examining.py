"""examine: read a reward, score its rows and probes in one sandboxed worker, and say what is wrong with it.

    recognized + rows --checks--> findings of the source
                      --RowRunner--> scores of the rows --on_rows--> findings, statistics
                                     scores of probes   --probe_findings--> findings
    all of them --verdict--> one sentence

Nothing here calls a model: a reward that asks a judge is only read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from refine_core.cases import Case, CaseReport, CaseSet, run_cases
from refine_core.cases.running import compare_scores
from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.examination import ORDER, Examination
from refine_core.doctor.feedback_findings import find_quoted_answers
from refine_core.doctor.habits import read_habits
from refine_core.doctor.joining import join_findings
from refine_core.doctor.label_findings import find_against_labels, find_single_labels, measure_labels
from refine_core.doctor.line_breaks import find_costly_breaks
from refine_core.doctor.part_findings import find_in_parts, measure_parts
from refine_core.doctor.probe_findings import find_in_probes, find_unpaid_right_answers
from refine_core.doctor.probing import RowProbes, probe_all
from refine_core.doctor.repeats import choose_repeated, find_unsteady
from refine_core.doctor.right_answers import RightAnswer, find_right_answer, take_output
from refine_core.doctor.row_findings import (
    count_rows,
    find_failing,
    find_flat_groups,
    find_paid_by_length,
    find_recorded_wobble,
    find_same_scores,
    find_slow,
    find_unreachable_threshold,
)
from refine_core.doctor.same_answers import find_intended, find_refused_rows
from refine_core.doctor.scored_rows import ScoredRows
from refine_core.doctor.verdict import write_detail, write_verdict
from refine_core.errors import RewardError
from refine_core.formatting import pluralize
from refine_core.rewards import RowRunner
from refine_core.rewards.checks import Fields, Finding, check_recognized, check_reward
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
_JUDGED: Final = Finding(
    "asks-judge",
    "note",
    "This reward asks a judge, so no probe was scored: each would be a call. Judge a row several times to see how much it wobbles.",
)


def examine(
    recognized: Recognized,
    rows: Sequence[Row] = (),
    *,
    threshold: float | None = None,
    cases: CaseSet | Iterable[Case] = (),
    judge: JudgeSpec | None = None,
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    cancel: Cancel | None = None,
) -> Examination:
    """Everything that can be known of a reward without a model.

    rows: recorded outputs; those with an expected value, or labelled good, are what probes are made from. cases: outputs that somebody
    has judged; probes are made from their expected values, too. threshold: from which score an output counts as good enough.
    judge: whom the reward's `judge(…)` would ask; only answers that are there already are used. files: put beside the reward. on_progress: called with (rows done, rows in all), in this thread.
    A source that cannot be loaded is a finding. Raises: WorkerError; RunCancelled.
    """
    given = cases if isinstance(cases, CaseSet) else CaseSet(tuple(cases))
    known = [*rows[:MAX_READ], *(_to_row(case) for case in given)]
    findings = list(check_recognized(recognized, Fields.of_rows(known) if known else None))
    found = _Found(report=CaseReport(threshold=threshold))
    try:
        if asks_judge(recognized):
            findings.append(_JUDGED)
            scores = score_rows(
                rows,
                recognized,
                judge=judge,
                timeout_s=timeout_s,
                files=files,
                on_progress=on_progress,
                cancel=cancel,
            )
            found.scored = ScoredRows(rows, _recorded(rows, scores.rows), is_recorded=True)
            found.report = run_cases(
                recognized,
                given,
                threshold=threshold,
                judge=judge,
                timeout_s=timeout_s,
                files=files,
                cancel=cancel,
            )
        elif known:

            def start(hash_seed: int) -> RowRunner:
                return RowRunner(recognized, (), timeout_s=timeout_s, files=files, hash_seed=hash_seed)

            with RowRunner(recognized, rows, timeout_s=timeout_s, files=files) as runner:
                _score(runner, start, recognized, rows, known, given, threshold, found, on_progress, cancel)
    except RewardError as error:
        findings.append(_describe_load_error(error))
    else:
        findings += _find(recognized, found, threshold, findings)
    shown = tuple(row for row in found.probed if row.right.origin != "row")
    findings = sorted(
        join_findings(findings), key=lambda one: (ORDER.index(one.severity), one.line is None, one.line or 0)
    )
    return Examination(
        write_verdict(findings, shown, rows=len(rows), failed_cases=found.report.count_in("failed")),
        write_detail(shown, len(rows)),
        tuple(findings),
        shown,
        found.statistics,
        found.report,
    )


@dataclass(slots=True)
class _Found:
    """What scoring has shown so far."""

    report: CaseReport
    scored: ScoredRows = field(default_factory=lambda: ScoredRows((), ()))
    probed: tuple[RowProbes, ...] = ()
    unsteady: tuple[Finding, ...] = ()
    changed_alone: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    took_s: float = 0.0
    statistics: dict[str, Any] = field(default_factory=dict)


def _score(  # noqa: PLR0917  # one step of examine
    runner: RowRunner,
    start: Callable[[int], RowRunner],
    recognized: Recognized,
    rows: Sequence[Row],
    known: Sequence[Row],
    cases: CaseSet,
    threshold: float | None,
    found: _Found,
    on_progress: Callable[[int, int], None] | None,
    cancel: Cancel | None,
) -> None:
    """Score rows, cases and probes, and the rows again."""
    runner.start()
    runner.score_further((), cancel=cancel)  # loading is no part of what a row takes
    began = time.perf_counter()
    results = runner.score(on_progress=on_progress, cancel=cancel)
    found.took_s = time.perf_counter() - began
    mentioned = _list_names(recognized.source)
    found.scored = ScoredRows(rows, tuple(map(to_row_score, rows, results.results)), mentioned)
    found.changed_alone = tuple(rows[i].id for i in results.changed_alone)
    found.report = _run_cases(runner, cases, threshold, cancel)
    values = [*found.scored.values, *(one.value for one in found.report.results if one.value is not None)]
    found.probed = probe_all(
        runner, recognized.source, choose_right_answers(known, found.scored, mentioned, _afford(found.took_s, len(rows))),
        best=max(values, default=None), lowest=min(values, default=None), threshold=threshold, cancel=cancel,
    )  # fmt: skip
    found.breaks = find_costly_breaks(runner, found.scored, cancel)
    if rows:
        repeated = choose_repeated(rows, found.took_s / len(rows))
        found.unsteady = tuple(find_unsteady(runner, start, repeated, cancel))


def _find(
    recognized: Recognized, found: _Found, threshold: float | None, of_source: Collection[Finding]
) -> Iterator[Finding]:
    """All findings on rows and probes; fills in the statistics. of_source: what reading has found."""
    scored, probed, shape = found.scored, found.probed, recognized.shape
    parts, labels = measure_parts(scored, probed), measure_labels(scored, threshold)
    if len(scored):
        found.statistics = count_rows(scored, threshold, found.took_s) | {"parts": parts, "labels": labels}
        found.statistics |= {"same_when_repeated": not found.unsteady, "recorded": scored.is_recorded}
    if not scored.is_recorded:
        yield from find_failing(scored, shape)
        yield from find_slow(len(scored), found.took_s)
    yield from find_same_scores(scored, probed)
    yield from find_unreachable_threshold(scored, probed, threshold)
    yield from find_flat_groups(scored)
    yield from find_paid_by_length(scored, probed)
    yield from find_in_parts(scored, probed, parts)
    yield from find_against_labels(scored, labels, threshold)
    if not labels:
        yield from find_single_labels(
            scored,
            {row.right.text: row.value for row in probed if row.results and row.value and row.right.is_known},
        )
    yield from find_quoted_answers(scored, shape)
    yield from find_recorded_wobble(scored)
    yield from find_unpaid_right_answers(probed, scored.best)
    in_probes = [
        *find_in_probes(
            probed,
            read_habits(recognized.source),
            find_refused_rows(scored, probed),
            find_intended(found.report),
        )
    ]
    yield from in_probes
    if found.breaks and not any(one.code == "refused-several-lines" for one in in_probes):
        # A reward may want one line; a pattern whose dot stops there hardly does.
        is_slip = any(one.code == "one-line-pattern" for one in of_source)
        yield Finding(
            "line-break-costs", "warning" if is_slip else "note",
            "An output scores less only because it has several lines.", evidence=found.breaks[:4],
        )  # fmt: skip
    yield from found.unsteady
    if found.changed_alone:
        yield Finding(
            "depends-on-batch", "warning",
            f"{pluralize(len(found.changed_alone), 'row')} {'has' if len(found.changed_alone) == 1 else 'have'} another score alone than among others: "
            "the function looks at the rest of its batch.",
            evidence=tuple(f"row {name}" for name in found.changed_alone[:8]),
        )  # fmt: skip


def _recorded(rows: Sequence[Row], scores: Sequence[RowScore]) -> tuple[RowScore, ...]:
    """The scores of a reward that asks a judge: where nobody has asked it, those that were recorded with the rows."""
    return tuple(
        one if one.value is not None else RowScore(row.id, row.group, row.reward, row.parts, row.feedback)
        for row, one in zip(rows, scores, strict=True)
    )


def _to_row(case: Case) -> Row:
    return replace(case.to_row(), label={"good": "good", "bad": "bad"}.get(case.want.kind))


def _run_cases(
    runner: RowRunner, cases: CaseSet, threshold: float | None, cancel: Cancel | None
) -> CaseReport:
    rows = [case.to_row() for case in cases]
    scored = runner.score_further(rows, cancel=cancel)
    return compare_scores(cases, map(to_row_score, rows, scored), threshold=threshold)


def examine_unreadable(source: str, name: str | None = None) -> Examination:
    """The same for a source that does not parse, or in which there is no reward: what reading finds wrong with it."""
    findings = check_reward(source, name)
    return Examination(write_verdict(findings, ()), "Nothing was scored.", findings)


def _describe_load_error(error: RewardError) -> Finding:
    message = error.message[:1].upper() + error.message[1:]
    return Finding(
        "does-not-load", "error", f"The reward cannot be loaded: {message}", error.line, error.column
    )


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
    told = [one for one in found.values() if one.is_known]
    return told or [*found.values()]


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
