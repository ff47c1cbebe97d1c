"""examine: read a reward, score its rows and probes in one sandboxed worker, and say what is wrong with it.

    recognized + rows --checks--> findings of the source
                      --RowRunner--> scores of the rows --on_rows--> findings, statistics
                                     scores of probes   --probe_findings--> findings
    all of them --verdict--> one sentence

Nothing here calls a model: a reward that asks a judge is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from refine_core.cases import Case, CaseReport, CaseSet, run_cases
from refine_core.cases.running import compare_scores
from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.examination import ORDER, Examination
from refine_core.doctor.probe_findings import find_in_probes, find_unpaid_right_answers
from refine_core.doctor.probing import RowProbes, probe_all
from refine_core.doctor.right_answers import RightAnswer, find_right_answer
from refine_core.doctor.verdict import write_detail, write_verdict
from refine_core.errors import RewardError
from refine_core.rewards import RowRunner
from refine_core.rewards.checks import Fields, Finding, check_recognized, check_reward
from refine_core.rewards.shapes import Recognized
from refine_core.rewards.source import list_names
from refine_core.rows import Row
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.judging import asks_judge
from refine_core.workbench.scoring import to_row_score

MAX_READ: Final = 1_000
"""Rows that are looked through for right answers."""
MAX_RIGHT_ANSWERS: Final = 8
"""Rows whose right answer is probed: the first ones with different answers."""
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
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    cancel: Cancel | None = None,
) -> Examination:
    """Everything that can be known of a reward without a model.

    rows: recorded outputs; those with an expected value, or labelled good, are what probes are made from. cases: outputs that somebody
    has judged; probes are made from their expected values, too. threshold: from which score an output counts as good enough.
    files: put beside the reward. on_progress: called with (rows done, rows in all), in this thread.
    A source that cannot be loaded is a finding. Raises: WorkerError; RunCancelled.
    """
    given = cases if isinstance(cases, CaseSet) else CaseSet(tuple(cases))
    known = [*rows[:MAX_READ], *(_to_row(case) for case in given)]
    findings = list(check_recognized(recognized, Fields.of_rows(known) if known else None))
    probed: tuple[RowProbes, ...] = ()
    report = CaseReport(threshold=threshold)
    try:
        if asks_judge(recognized):
            findings.append(_JUDGED)
            report = run_cases(
                recognized, given, threshold=threshold, timeout_s=timeout_s, files=files, cancel=cancel
            )
        elif known:
            with RowRunner(recognized, rows, timeout_s=timeout_s, files=files) as runner:
                scores = runner.score(on_progress=on_progress, cancel=cancel).results
                report = _run_cases(runner, given, threshold, cancel)
                values = [one.value for one in scores if one.error is None and one.value is not None]
                values += [one.value for one in report.results if one.value is not None]
                best, lowest = max(values, default=None), min(values, default=None)
                probed = probe_all(
                    runner, recognized.source, choose_right_answers(known, recognized.source),
                    best=best, lowest=lowest, threshold=threshold, cancel=cancel,
                )  # fmt: skip
            findings += [*find_unpaid_right_answers(probed, best), *find_in_probes(probed)]
    except RewardError as error:
        findings.append(_describe_load_error(error))
    findings.sort(key=lambda one: (ORDER.index(one.severity), one.line or 0))
    return Examination(
        write_verdict(findings, probed, rows=len(rows), failed_cases=report.count_in("failed")),
        write_detail(probed, len(rows)),
        tuple(findings),
        probed,
        cases=report,
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


def choose_right_answers(rows: Sequence[Row], source: str) -> list[RightAnswer]:
    """Right answers of the first rows that have one, each answer once, at most MAX_RIGHT_ANSWERS."""
    try:
        mentioned = list_names(source)
    except RewardError:
        mentioned = frozenset()
    found: dict[str, RightAnswer] = {}
    for row in rows:
        right = find_right_answer(row, mentioned)
        if right is not None:
            found.setdefault(right.text, right)
        if len(found) == MAX_RIGHT_ANSWERS:
            break
    return [*found.values()]
