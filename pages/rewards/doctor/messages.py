"""What the doctor says on top, and what to do where there is nothing to examine."""

from __future__ import annotations

from typing import Final

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.doctor.examining import Examined
from pages.rewards.doctor.judge_wobble import read_wobble
from refine_core import workbench
from refine_core.doctor import NOTHING_BESIDE_JUDGE
from refine_core.errors import RewardError
from refine_core.formatting import pluralize
from refine_core.workbench import ArgumentQuestion, Recognized

OLD: Final = "Below is what was found in the text before."
_NO_RIGHT_ANSWER = (
    "Probes need a right answer. Add a file again and say which of its columns is expected; "
    "or select a row with a right output in Scores, and press “good” under it."
)
_NOT_PAID = (
    "The right answer itself is not paid in any form that was tried, so there is nothing to compare other texts with. "
    "Fix the reward first, or label a row that it pays as good."
)


def describe(bench: Bench, examined: Examined) -> tuple[str, str]:
    """The verdict, and the line under it."""
    if examined.shown is not None and examined.current:
        detail = examined.shown.detail if bench.error is None else "So nothing was tried."
        return _with_judge(bench, examined.shown.verdict), detail
    if draft.is_empty(bench.code):
        return "There is no reward to examine yet", "Write one, or open one from the library."
    if bench.unreadable is not None or isinstance(examined.error, RewardError):
        return "The reward cannot be loaded, so nothing is tried", "The line above the editor says why."
    if isinstance(bench.recognized, ArgumentQuestion):
        return "Which argument is what?", "Answer above the reward. Then it is examined."
    if examined.error is not None:
        return "The examination failed", str(examined.error)
    if examined.running:
        return f"Examining {pluralize(len(bench.rows), 'row')} …", ""
    if examined.job is not None and examined.job.cancelled:
        return "Not examined: it was cancelled", OLD if examined.shown is not None else ""
    found = len(bench.findings)
    return (
        f"Reading the code finds {pluralize(found, 'thing')} to look at"
        if found
        else "Nothing stands out in the code",
        "Only the code was read: there are no rows yet.",
    )


def _with_judge(bench: Bench, verdict: str) -> str:
    """The verdict, with what judging rows several times has shown before all else."""
    judged = read_wobble(bench)
    headline = judged.headline() if judged is not None else ""
    if not headline or verdict == NOTHING_BESIDE_JUDGE:
        return headline or verdict
    return f"{headline} {verdict}" if judged is not None and judged.wobbles else verdict


def what_to_do(bench: Bench, examined: Examined) -> str:
    """Where nothing was probed: why, and what to do about it. "" where the lines above say it."""
    if draft.is_empty(bench.code) or examined.running or not isinstance(bench.recognized, Recognized):
        return ""
    if not bench.rows:
        return (
            "Bring rows whose right answer is known, and the doctor tries texts that deserve nothing, and right answers that are "
            "written differently. It shows what this reward pays for each. No model is called."
        )
    if workbench.asks_judge(bench.recognized):
        return ""  # the verdict says why nothing was probed; how much the judge wobbles stands below
    if examined.shown is None or not examined.current or bench.error is not None:
        return ""
    if any(one.severity == "error" for one in bench.findings):
        return ""  # it comes first
    if not examined.shown.probes:
        return _NO_RIGHT_ANSWER
    return "" if any(one.results for one in examined.shown.probes) else _NOT_PAID
