"""examine: read a reward, score its rows and probes in one sandboxed worker, and say what is wrong with it.

    recognized + rows --checks--> findings of the source
                      --collecting--> scores of rows, cases, probes --all_findings--> findings, figures
    all of them --verdict--> one sentence

Nothing here calls a model: a reward that asks a judge is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from refine_core.cases import Case, CaseReport, CaseSet
from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.all_findings import find_all, measure
from refine_core.doctor.collecting import Collected, Options, collect, list_known
from refine_core.doctor.examination import ORDER, Examination
from refine_core.doctor.figures import Figures
from refine_core.doctor.findings.joining import join_findings
from refine_core.doctor.findings.scored_rows import ScoredRows
from refine_core.doctor.verdict import write_detail, write_verdict
from refine_core.errors import RewardError
from refine_core.rewards.checks import Fields, Finding, check_recognized, check_reward
from refine_core.rewards.shapes import Recognized
from refine_core.rows import Row
from refine_core.runs.judges import JudgeSpec
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.judging import asks_judge

MAX_ROWS: Final = 20_000
"""Rows that are looked at; of more, the first ones."""
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
    judge: whom the reward's `judge(…)` would ask; only answers that are there already are used. files: put
    beside the reward. on_progress: called with (rows done, rows in all), in this thread.
    Of more than MAX_ROWS rows the first ones are looked at. A source that cannot be loaded is a finding. Raises: WorkerError; RunCancelled.
    """
    options = Options(threshold, judge, timeout_s, files, on_progress, cancel)
    given = cases if isinstance(cases, CaseSet) else CaseSet(tuple(cases))
    looked_at = list(rows[:MAX_ROWS])  # each is read several times
    known = list_known(looked_at, given)
    beside = {name.removesuffix(".py").partition("/")[0] for name in files or ()}
    findings = [
        one
        for one in check_recognized(recognized, Fields.of_rows(known) if known else None)
        if one.code != "missing-module" or one.subject not in beside
    ]
    if asks_judge(recognized):
        findings.append(_JUDGED)
    figures: Figures | None = None
    try:
        found = collect(recognized, looked_at, given, options)
    except RewardError as error:
        findings.append(_describe_load_error(error))
        found = Collected(ScoredRows((), ()), CaseReport(threshold=threshold))
    else:
        figures = measure(found, threshold)
        findings += find_all(recognized, found, threshold, figures, findings)
    if len(looked_at) < len(rows):
        findings.append(
            Finding("rows-left-out", "note", f"Of {len(rows):,} rows the first {MAX_ROWS:,} were looked at.")
        )
    findings = sorted(
        join_findings(findings), key=lambda one: (ORDER.index(one.severity), one.line is None, one.line or 0)
    )
    shown = tuple(row for row in found.probed if row.right.origin != "row")
    return Examination(
        write_verdict(findings, shown, rows=len(looked_at), failed_cases=found.report.count_in("failed")),
        write_detail(findings, shown, len(looked_at), len(given)),
        tuple(findings),
        shown,
        figures,
        found.report,
    )


def examine_unreadable(source: str, name: str | None = None) -> Examination:
    """The same for a source that does not parse, or in which there is no reward: what reading finds wrong with it."""
    findings = check_reward(source, name)
    return Examination(write_verdict(findings, ()), "Nothing was scored.", findings)


def _describe_load_error(error: RewardError) -> Finding:
    message = error.message[:1].upper() + error.message[1:]
    return Finding(
        "does-not-load", "error", f"The reward cannot be loaded: {message}", error.line, error.column
    )
