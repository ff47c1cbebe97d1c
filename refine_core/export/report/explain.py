"""What the run did, for somebody who was told nothing: what was tried, how it was scored, and why it ended there.

Four or five plain sentences. Each technical word is explained where it first stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from refine_core.errors import SignatureError
from refine_core.export.markup import Markup, element, join
from refine_core.export.report.ending import list_and, tell_ending, term
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward
from refine_core.play.asked import describe_aim
from refine_core.signatures import ensure_signature
from refine_core.spec import ProgramSpec

_NAMED = 6  # outputs that are named
_MODELS: Final = {
    "practice": "A built-in practice model",
    "litellm": "A language model",
    "replay": "A language model, replayed from a recording,",
}


def explain_run(run: Timeline) -> list[Markup]:
    """Paragraphs: what the run was, then how it ended. run: finished, or cut short."""
    return [
        element("p", join(_between(_setting(run)))),
        element("p", join(_between(tell_ending(run)))),
    ]


def _between(sentences: Iterator[Markup]) -> Iterator[str]:
    for i, sentence in enumerate(sentences):
        if i:
            yield " "
        yield sentence


def _setting(run: Timeline) -> Iterator[Markup]:
    spec = run.spec
    yield join(_describe_tries(run))
    code = element("a", "its code", href="#reward")
    yield join(
        (
            "A ",
            term("reward function"),
            ", a short program (",
            code,
            "), scored each attempt; higher is better.",
        )
    )
    if aim := describe_aim(spec.reward):
        yield join((f"What it looks for, in its author's words: “{aim.rstrip('.')}”.",))
    if "threshold" in run.unknown:
        yield join(
            ("Whether a score could end the run early is not known: the trace does not hold the threshold.",)
        )
    elif spec.threshold is None and spec.attempt_count > 1:
        yield join((f"No score ended the run early: all {spec.attempt_count:,} attempts were to be made.",))
    elif spec.threshold is not None and spec.attempt_count > 1:
        threshold = format_reward(run, spec.threshold)
        rules = " and every rule met" if spec.validators else ""
        yield join(
            (
                f"The run was to stop at the first attempt with a reward of {threshold} or more{rules}: that is its ",
                term("threshold"),
                ".",
            )
        )
    if spec.attempt_count > 1:
        yield _hints(spec)
    if run.kept_attempts:
        yield join(_describe_branch(run))


def _describe_tries(run: Timeline) -> Iterator[str]:
    """Who tried what, and how often."""
    spec = run.spec
    model, once = _MODELS[spec.model.kind], spec.attempt_count == 1
    most = (
        "" if "N" in run.unknown else "up to "
    )  # where N is unknown, it stands at the attempts that were made
    if has_task(spec):
        yield f"{model} had {'one try' if once else f'{most}{spec.attempt_count:,} tries'} at the task above; "
        yield "it is an " if once else "each is an "
    else:
        outputs = _list_outputs(run)
        named = [term(name) for name in outputs[:_NAMED]]
        rest = len(outputs) - len(named)
        yield f"{model} was asked for "
        yield from list_and([*named, f"{rest} more"] if rest > 0 else named) if named else ("an answer",)
        yield ", once: one " if once else f", {most}{spec.attempt_count:,} times; each try is an "
    yield term("attempt")
    yield "."


def has_task(spec: ProgramSpec) -> bool:
    """Whether any stage says in words what it is to do."""
    return any(stage.instructions.strip() for stage in spec.stages)


def _describe_branch(run: Timeline) -> Iterator[str]:
    first = run.kept_attempts + 1
    yield "This run is a branch of an earlier one: the attempts that it kept from there cost nothing here."
    if run.spec.change:
        yield " What was changed, from "
        yield (
            element("a", f"attempt {first}", href=f"#a{first}")
            if first <= len(run.attempts)
            else f"attempt {first}"
        )
        yield f" on: {run.spec.change}."


def _hints(spec: ProgramSpec) -> Markup:
    if spec.hint_source == "adviser":
        when = "After each attempt" if spec.threshold is None else "After an attempt that fell short"
        return join(
            (
                f"{when}, a model was asked what to do better; its advice, the ",
                term("hint"),
                ", went into the next attempt's prompt.",
            )
        )
    if spec.hint_source == "feedback":
        return join(
            (
                "What the reward function said about an attempt, the ",
                term("hint"),
                ", went into the next one's prompt.",
            )
        )
    return join(("No attempt knew of the others: there were no hints between them.",))


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
