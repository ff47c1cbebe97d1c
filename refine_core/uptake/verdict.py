"""How much of a hint shows in the next output, by the rules that the hint states and never by a guess.

check_hint("Use at most 3 words.", before, after) -> Uptake("followed", (RuleResult("at most 3 words", False, True),))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.log.timeline import Attempt, Timeline
from refine_core.uptake.reader import read_rules
from refine_core.uptake.rule import REASONING

Verdict = Literal["followed", "partly", "not_followed", "not_checkable"]
VERDICTS: Final[Mapping[Verdict, str]] = {
    "followed": "followed",
    "partly": "partly followed",
    "not_followed": "not followed",
    "not_checkable": "not checkable",
}
"""What a screen calls each verdict."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule of a hint. met_before, met_after: whether the outputs before and after it keep it; None if that is not known."""

    text: str
    met_before: bool | None
    met_after: bool

    @property
    def description(self) -> str:
        """One line: "at most 3 words: yes (before: no)"."""
        before = "" if self.met_before is None else f" (before: {'yes' if self.met_before else 'no'})"
        return f"{self.text}: {'yes' if self.met_after else 'no'}{before}"


@dataclass(frozen=True, slots=True)
class Uptake:
    """rules: each rule of the hint that could be looked up. asks_more: whether the hint asks for something else besides.

    verdict: "not_checkable" where there is no rule, or where the hint asks for more and its rules held before as well.
    """

    verdict: Verdict
    rules: tuple[RuleResult, ...] = ()
    asks_more: bool = False

    @property
    def words(self) -> str:
        """The verdict as a screen says it, with what it cannot speak of: of the same hint it says so each time."""
        if self.rules and self.verdict == "not_checkable":
            return "rules kept, rest not checkable"
        if self.asks_more and self.verdict == "not_followed":
            return "not followed, rest not checkable"
        return VERDICTS[self.verdict]

    @property
    def description(self) -> str:
        """What the verdict stands on, a line a rule."""
        if not self.rules:
            return "Not checkable: the hint states no length, quoted word, format or number."
        first = f"{VERDICTS[self.verdict].capitalize()}, by these rules of the hint:"
        if self.verdict == "not_checkable":
            first = "Not checkable: these rules of the hint held before, and what else it asks for states no rule."
        more = (
            ["What else it asks for states no rule."]
            if self.asks_more and self.verdict != "not_checkable"
            else []
        )
        return "\n".join((first, *(rule.description for rule in self.rules), *more))


def check_hint(hint: str, before: Mapping[str, object] | None, after: Mapping[str, object]) -> Uptake:
    """Compare the outputs of a predictor before and after it was given a hint. before: None for none.

    What was still to be done decides: a rule that held before alone makes no "partly", and none "followed" if more was asked for.
    """
    several = len([name for name in after if name != REASONING]) > 1
    read = read_rules(hint, tuple(name for name in after if name))
    results: list[RuleResult] = []
    for rule in read.rules:
        met = rule.is_met(after)
        if met is not None:
            text = f"{rule.text} in {' and '.join(rule.fields)}" if rule.fields and several else rule.text
            results.append(RuleResult(text, rule.is_met(before) if before is not None else None, met))
    asks_more = read.asks_more or len(results) < len(read.rules)
    return Uptake(_judge(results, asks_more=asks_more), tuple(results), asks_more)


def _judge(results: list[RuleResult], *, asks_more: bool) -> Verdict:
    due = [result for result in results if not result.met_before]
    if not results:
        return "not_checkable"
    if all(result.met_after for result in results):
        return "followed" if due or not asks_more else "not_checkable"
    return "partly" if any(result.met_after for result in (due or results)) else "not_followed"


def hint_uptake(timeline: Timeline, attempt: Attempt) -> dict[str, Uptake]:
    """Predictor -> how it followed its hint, for each predictor of the attempt that had a hint and gave outputs.

    Compared with what the predictor gave in the attempt that the hint came from, or in the last one before.
    """
    found: dict[str, Uptake] = {}
    for name, hint in attempt.real_hints.items():
        after = _outputs(attempt, name)
        if after is not None:
            found[name] = check_hint(hint, _outputs_before(timeline, attempt, name), after)
    return found


def _outputs(attempt: Attempt, name: str) -> Mapping[str, object] | None:
    runs = [
        run for run in attempt.predictors if run.name == name and not run.inner and run.outputs is not None
    ]
    return runs[-1].outputs if runs else None


def _outputs_before(timeline: Timeline, attempt: Attempt, name: str) -> Mapping[str, object] | None:
    earlier = [one for one in timeline.attempts if one.index < attempt.index]
    source = [one for one in earlier if one.index == attempt.advice_from]
    given = (_outputs(one, name) for one in (*source, *reversed(earlier)))
    return next((outputs for outputs in given if outputs is not None), None)
