"""What the run did, for somebody who was told nothing: what was tried, how it was scored, and why it ended there.

Four or five plain sentences. Each technical word is explained where it first stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from refine_core.errors import SignatureError
from refine_core.events import StopReason
from refine_core.export.markup import Markup, element, join
from refine_core.formatting import pluralize
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward
from refine_core.play.asked import describe_aim
from refine_core.signatures import ensure_signature
from refine_core.spec import ProgramSpec
from refine_core.stop_summary import list_attempts

_NAMED = 6  # outputs that are named
_NAMED_PARTS: Final = 3
_MODELS: Final = {
    "practice": "A built-in practice model",
    "litellm": "A language model",
    "replay": "A language model, replayed from a recording,",
}


def explain_run(run: Timeline) -> list[Markup]:
    """Paragraphs: what the run was, then how it ended. run: finished, or cut short."""
    return [
        element("p", join(_between(_setting(run)))),
        element("p", join(_between(_ending(run)))),
    ]


def _between(sentences: Iterator[Markup]) -> Iterator[str]:
    for i, sentence in enumerate(sentences):
        if i:
            yield " "
        yield sentence


def _setting(run: Timeline) -> Iterator[Markup]:
    spec = run.spec
    outputs = _list_outputs(run)
    named = [element("b", name) for name in outputs[:_NAMED]]
    rest = len(outputs) - len(named)
    what = join(_and([*named, f"{rest} more"] if rest > 0 else named)) if named else "an answer"
    model = _MODELS[spec.model.kind]
    if spec.attempt_count == 1:
        yield join((f"{model} was asked for ", what, ", once: one ", _term("attempt"), "."))
    else:
        count = f"up to {spec.attempt_count:,} times; each try is an "
        yield join((f"{model} was asked for ", what, ", ", count, _term("attempt"), "."))
    aim = describe_aim(spec.reward)
    scored = ("A ", _term("reward function"), ", a short program (", _link("its code", "#reward"), ")")
    goal = f": “{aim.rstrip('.')}”." if aim else "."
    yield join((*scored, ", scored each attempt; higher is better", goal))
    if spec.threshold is not None and spec.attempt_count > 1:
        threshold = format_reward(run, spec.threshold)
        rules = " and every rule met" if spec.validators else ""
        yield join(
            (
                f"The run was to stop at the first attempt with a reward of {threshold} or more{rules}: that is its ",
                _term("threshold"),
                ".",
            )
        )
    if spec.attempt_count > 1:
        yield _hints(spec)
    if run.kept_attempts:
        yield _sentence(_describe_branch(run))


def _describe_branch(run: Timeline) -> str:
    changed = f" What was changed: {run.spec.change}." if run.spec.change else ""
    return f"This run is a branch of an earlier one: the attempts that it kept from there cost nothing here.{changed}"


def _hints(spec: ProgramSpec) -> Markup:
    if spec.hint_source == "adviser":
        return join(
            (
                "After an attempt that fell short, a model was asked what to do better; its advice, the ",
                _term("hint"),
                ", went into the next attempt's prompt.",
            )
        )
    if spec.hint_source == "feedback":
        return join(
            (
                "What the reward function said about an attempt, the ",
                _term("hint"),
                ", went into the next one's prompt.",
            )
        )
    return join(("No attempt knew of the others: there were no hints between them.",))


def _ending(run: Timeline) -> Iterator[Markup]:
    """How it ended, and what came of it."""
    end = run.end
    if end is None:
        count = len(run.attempts)
        when = f"after {pluralize(count, 'attempt')} had begun" if count else "before any attempt had begun"
        yield _sentence(
            f"The run has no end here: whatever ran it stopped, or was still at work, {when}. "
            "This file holds all that was recorded until then."
        )
        return
    match end.reason:
        case "threshold_reached":
            yield from _describe_unmet(run)
            yield _sentence(_reached(run))
        case "attempts_used_up" if run.spec.attempt_count == 1:
            yield _sentence("It stopped there because no more than one attempt was allowed.")
        case "attempts_used_up":
            threshold = run.spec.threshold
            short = "" if threshold is None else f", and none had reached {format_reward(run, threshold)}"
            made = f"All {len(run.attempts):,} attempts that were allowed had been made"
            yield _sentence(f"{made}{short}, so the run stopped.")
            yield from _describe_unmet(run)
            yield from _describe_empty_parts(run)
        case reason:
            yield _sentence(_REASONS[reason])
    if run.spec.attempt_count == 1:
        return
    if end.returned is not None and end.reason != "threshold_reached":
        yield _sentence(f"It returned its best: attempt {end.returned + 1}.")
    elif end.returned is None and end.best is not None:
        yield _sentence(f"The best attempt until then was attempt {end.best + 1}.")


def _describe_unmet(run: Timeline) -> Iterator[Markup]:
    """Which attempts had the reward and did not meet every rule."""
    threshold = run.spec.threshold
    if threshold is None:
        return
    barred = [a.index for a in run.attempts if a.unmet and a.reward is not None and a.reward >= threshold]
    if barred:
        they = "it" if len(barred) == 1 else "they"
        rest = f"did not meet every rule, so {they} did not end the run."
        yield _sentence(f"{list_attempts(barred)} scored enough, but {rest}")


def _describe_empty_parts(run: Timeline) -> Iterator[Markup]:
    """Which parts of the reward scored nothing in any attempt, where others did."""
    scores = [attempt.score.parts for attempt in run.attempts if attempt.score is not None]
    names = list(dict.fromkeys(name for parts in scores for name in parts))
    empty = [name for name in names if not any(parts.get(name) for parts in scores)]
    if not empty or len(empty) == len(names) or len(empty) > _NAMED_PARTS:
        return
    named = join(_and([_term(name) for name in empty]))
    yield join(("The reward has parts, and ", named, " scored nothing in any attempt."))


_REASONS: Final[Mapping[StopReason, str]] = {
    "too_many_failures": "More attempts ended with an error than were allowed, so the run gave up.",
    "every_attempt_failed": "Every attempt ended with an error before it had a score, so there is no result.",
    "budget_used_up": "The run had spent all that it was allowed to spend, so it stopped.",
    "recording_ended": "The replies came from a recording of an earlier run, and it held no more of them.",
    "cancelled": "A person stopped the run before it was done.",
    "reward_broken": "The reward function has an error that every further attempt would meet, so the run stopped.",
    "error": "An error outside the attempts stopped the run.",
}


def _reached(run: Timeline) -> str:
    returned = run.returned_index or 0
    reward = next((a.reward for a in run.attempts if a.index == returned), None)
    left = run.spec.attempt_count - len(run.attempts)
    rest = {0: "", 1: " The last attempt was not needed."}.get(
        left, f" The remaining {left:,} attempts were not needed."
    )
    scored = f"Attempt {returned + 1} scored {format_reward(run, reward)}"
    return f"{scored}, which is enough, so the run stopped there and returned its answer.{rest}"


def _sentence(words: str) -> Markup:
    return join((words,))


def _list_outputs(run: Timeline) -> list[str]:
    """Names of the last stage's outputs, or of what a program of the user's own returned; [] where they are not known."""
    if run.spec.program_file:
        return next((list(attempt.outputs) for attempt in run.attempts if attempt.outputs), [])
    return _fields(run.spec, last=True)[1]


def is_reference(spec: ProgramSpec, name: str) -> bool:
    """Whether an input is one that no prompt holds: only the reward sees it. Of a program of the user's own nobody can tell."""
    if spec.program_file:
        return False
    inputs, _ = _fields(spec, last=False)
    return bool(inputs) and name not in inputs


def _fields(spec: ProgramSpec, *, last: bool) -> tuple[list[str], list[str]]:
    inputs: list[str] = []
    outputs: list[str] = []
    for stage in spec.stages[-1:] if last else spec.stages:
        try:
            signature = ensure_signature(stage.signature)
        except SignatureError:
            return [], []
        inputs += signature.input_fields
        outputs += signature.output_fields
    return inputs, outputs


def _term(word: str) -> Markup:
    return element("b", word)


def _link(words: str, to: str) -> Markup:
    return element("a", words, href=to)


def _and(names: list[Markup] | list[str]) -> Iterator[str]:
    """Names in a row: a, b and c."""
    for i, name in enumerate(names):
        if i:
            yield " and " if i == len(names) - 1 else ", "
        yield name
