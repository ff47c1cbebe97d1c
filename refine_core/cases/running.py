"""Cases scored in the reward's worker, each alone, and compared with what is wanted.

What is wanted            holds if the score is
good, with a threshold    at least the threshold
bad, with a threshold     below it
good, without             above that of every case that is bad
bad, without              below that of every case that is good
a score, a range          equal, but for the noise of binary fractions; inside
unscored                  none: None or NaN

An output without a score is never good; as nothing is paid for it, it may be bad. A reward that raises fails every case. Where only one
kind is there and no threshold, good and bad are undecided: there is nothing to compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from refine_core.cases.case import Case, CaseSet
from refine_core.concurrency.cancellation import Cancel
from refine_core.formatting import at_line, format_number
from refine_core.rewards.shapes import Recognized
from refine_core.runs.judges import JudgeSpec
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.scores import RowScore
from refine_core.workbench.scoring import score_rows

CaseState = Literal["passed", "failed", "undecided", "waiting"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what came of it.

    state: "waiting" where a judge has not been asked yet. wanted: in words, "good: ≥ 0.8"; without a threshold "good: > 0.5", which
    is the best bad case. got: in words, "0.25", "no score", "line 3: KeyError: …".
    """

    case: Case
    score: RowScore
    state: CaseState
    wanted: str
    got: str

    @property
    def value(self) -> float | None:
        """The score, where there is one."""
        return self.score.value

    def to_json(self) -> dict[str, Any]:
        """As `refinescope check --json` prints it."""
        error = self.score.error
        return {
            "name": self.case.name,
            "want": self.case.want.to_json(),
            "state": self.state,
            "passed": self.state == "passed",
            "value": self.value,
            "wanted": self.wanted,
            "got": self.got,
            "error": None
            if error is None
            else {"type": error.type, "message": error.message, "line": error.line},
        }


@dataclass(frozen=True, slots=True)
class CaseReport:
    """All cases of a reward. threshold: what good and bad were compared with."""

    results: tuple[CaseResult, ...] = ()
    threshold: float | None = None

    def count_in(self, state: CaseState) -> int:
        """How many cases are in that state."""
        return sum(result.state == state for result in self.results)

    @property
    def ok(self) -> bool:
        """Whether no case failed."""
        return not self.count_in("failed")

    @property
    def text(self) -> str:
        """The report in one sentence: "2 of 5 cases fail."."""
        total = len(self.results)
        if not total:
            return "No output is pinned as a case yet."
        words: tuple[tuple[CaseState, str, str], ...] = (
            ("failed", "fails", "fail"),
            ("waiting", "waits for the judge", "wait for the judge"),
            ("undecided", "is undecided", "are undecided"),
        )
        for state, one, many in words:
            count = self.count_in(state)
            if count:
                return (
                    f"The case {one}."
                    if total == 1
                    else f"{count} of {total} cases {one if count == 1 else many}."
                )
        return "The case passes." if total == 1 else f"All {total} cases pass."


def run_cases(
    reward: Recognized | str,
    cases: CaseSet | Iterable[Case],
    *,
    threshold: float | None = None,
    judge: JudgeSpec | None = None,
    ask_judge: bool = False,
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    cancel: Cancel | None = None,
) -> CaseReport:
    """Score every case and compare. threshold: of good and bad; None takes that of the set.

    The rest as in score_rows. A function that takes lists is called for each case alone.
    Raises: RewardError for a source that cannot be loaded; WorkerError; RunCancelled.
    """
    given = cases if isinstance(cases, CaseSet) else CaseSet(tuple(cases))
    if not given.cases:
        return CaseReport((), given.threshold if threshold is None else threshold)
    scores = score_rows(
        [case.to_row() for case in given],
        reward,
        judge=judge,
        ask_judge=ask_judge,
        timeout_s=timeout_s,
        files=files,
        cancel=cancel,
        alone=True,
    )
    return compare_scores(given, scores.rows, threshold=threshold)


def compare_scores(
    cases: CaseSet, scores: Iterable[RowScore], *, threshold: float | None = None
) -> CaseReport:
    """What the scores of cases, in their order, make of them. threshold: None takes that of the set."""
    limit = cases.threshold if threshold is None else threshold
    pairs = list(zip(cases, scores, strict=True))
    bounds = _Bounds.of(pairs, limit)
    return CaseReport(tuple(_compare(case, score, bounds) for case, score in pairs), limit)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What good and bad are compared with: the threshold, or the lowest score of a good and the highest of a bad case."""

    threshold: float | None
    lowest_good: float | None
    highest_bad: float | None

    @classmethod
    def of(cls, pairs: list[tuple[Case, RowScore]], threshold: float | None) -> _Bounds:
        values: dict[str, list[float]] = {"good": [], "bad": []}
        for case, score in pairs:
            if case.want.kind in values and score.state == "scored" and score.value is not None:
                values[case.want.kind].append(score.value)
        return cls(threshold, min(values["good"], default=None), max(values["bad"], default=None))


def _compare(case: Case, score: RowScore, bounds: _Bounds) -> CaseResult:
    want = case.want
    if want.kind == "good":
        wanted, state = _compare_good(score, bounds)
    elif want.kind == "bad":
        wanted, state = _compare_bad(score, bounds)
    elif want.kind == "unscored":
        wanted, state = "no score", score.value is None
    else:
        wanted, state = want.text, score.value is not None and want.holds(score.value)
    if score.state == "waiting":
        return CaseResult(case, score, "waiting", wanted, "waits for the judge")
    if score.error is not None:
        state = False
    named: CaseState = "undecided" if state is None else "passed" if state else "failed"
    return CaseResult(case, score, named, wanted, _describe(score, want.low, want.high, bounds.threshold))


def _compare_good(score: RowScore, bounds: _Bounds) -> tuple[str, bool | None]:
    value = score.value
    if bounds.threshold is not None:
        return f"good: ≥ {format_number(bounds.threshold)}", value is not None and value >= bounds.threshold
    if bounds.highest_bad is None:
        return "good", None if value is not None else False
    return f"good: > {format_number(bounds.highest_bad)}", value is not None and value > bounds.highest_bad


def _compare_bad(score: RowScore, bounds: _Bounds) -> tuple[str, bool | None]:
    value = score.value
    if bounds.threshold is not None:
        return f"bad: < {format_number(bounds.threshold)}", value is None or value < bounds.threshold
    if bounds.lowest_good is None:
        return "bad", None if value is not None else True
    return f"bad: < {format_number(bounds.lowest_good)}", value is None or value < bounds.lowest_good


def _describe(score: RowScore, *beside: float | None) -> str:
    """What the reward gave, in words; a number has as many digits as tell it from what it is compared with."""
    error = score.error
    if error is not None:
        kind = "" if error.message.startswith(error.type) else f"{error.type}: "
        return at_line(error.line, f"{kind}{error.message}")
    return "no score" if score.value is None else format_number(score.value, beside)
