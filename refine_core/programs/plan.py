"""What a run of a program will do at most, in words, before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core import estimates
from refine_core.errors import SignatureError
from refine_core.formatting import format_score, format_temperature, pluralize
from refine_core.refine.build import build_stage_signature
from refine_core.spec import ProgramSpec, schedule

MAX_LISTED = 8  # temperatures in a line


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the run to come. attempts: "1", "3-5" with a dash, or "" for what follows from the one before."""

    attempts: str
    text: str
    detail: str = ""


def max_calls(spec: ProgramSpec) -> tuple[int, int]:
    """The most model calls that a run makes, and how many of them ask for advice.

    Calls that are asked again because a reply could not be read, and those that the reward makes, come on top.
    """
    count = estimates.max_calls(spec)
    return count.calls, count.advice


def describe_plan(spec: ProgramSpec) -> tuple[str, str]:
    """A headline and a line below it: how many attempts and calls at most, on which model, and what that costs."""
    calls, advice = max_calls(spec)
    attempts = spec.attempt_count
    headline = "Ready: one attempt" if attempts == 1 else f"Ready: up to {pluralize(attempts, 'attempt')}"
    if advice:
        headline += f" and {pluralize(advice, 'request for advice', 'requests for advice')}"
    most = f"At most {pluralize(calls, 'call')}"
    match spec.model.kind:
        case "practice" if all(one is None or one.kind == "practice" for one in (spec.adviser, spec.judge)):
            return headline, f"{most} on the practice model: no key, no network, free."
        case "replay":
            return headline, f"{most}, answered from the recording: no key, no network, free."
        case _:
            return headline, f"{most} on {_name_models(spec)}. {_describe_budget(spec)}"


def _name_models(spec: ProgramSpec) -> str:
    names = dict.fromkeys(
        f"the {one.label}" if one.kind == "practice" else one.label
        for one in (spec.model, spec.adviser, spec.judge)
        if one is not None
    )
    return " and ".join(names)


def _describe_budget(spec: ProgramSpec) -> str:
    if spec.budget_usd is not None:
        return f"The run stops once ${spec.budget_usd:g} is spent."
    if spec.budget_tokens is not None:
        return f"The run stops once {spec.budget_tokens:,} tokens are spent."
    return "No budget is set."


def describe_steps(spec: ProgramSpec) -> list[Step]:
    """What happens in each attempt, and between two, until the run ends."""
    n = spec.attempt_count
    first = Step("1", f"The model writes {_list_outputs(spec)}; your reward scores it", _first_detail(spec))
    if n == 1:
        return [first, Step("", "There is one attempt, without hints.")]
    steps = [first]
    if between := _between(spec):
        steps.append(Step("↳", between))
    hinted = spec.hint_source != "none"
    again = (
        "The same program, with the hint in its prompt" if hinted else "The program runs again, without hints"
    )
    steps.append(Step("2", again, _temperatures(spec, 1, 2)))
    if n > 2:  # noqa: PLR2004 - the third and all after it
        numbers = "3" if n == 3 else f"3\N{EN DASH}{n}"  # noqa: PLR2004
        steps.append(Step(numbers, f"The same again, up to attempt {n}", _temperatures(spec, 2, n)))
    return [*steps, Step("", _until(spec))]


def _between(spec: ProgramSpec) -> str:
    under = f"If the reward is under {format_score(spec.threshold)}, " if spec.threshold is not None else ""
    match spec.hint_source:
        case "adviser":
            text = "the adviser reads the program, the output and your reward, and writes a hint."
        case "feedback":
            text = "the reward's feedback goes into the next prompt as a hint."
        case _:
            return ""
    return f"{under}{text}" if under else f"{text[:1].upper()}{text[1:]}"


def _until(spec: ProgramSpec) -> str:
    if spec.threshold is None:
        return "The best attempt is returned."
    reached = format_score(spec.threshold)
    return (
        f"The first attempt at {reached} or more ends the run. If none gets there, the best one is returned."
    )


def _list_outputs(spec: ProgramSpec) -> str:
    try:
        names = [name for stage in spec.stages for name in build_stage_signature(stage).output_fields]
    except SignatureError:
        return "the outputs"
    return (
        names[0]
        if len(names) == 1
        else f"{', '.join(names[:-1])} and {names[-1]}"
        if names
        else "the outputs"
    )


def _first_detail(spec: ProgramSpec) -> str:
    temperatures = _temperatures(spec, 0, 1)
    return f"{temperatures}, the prompt below, no hint" if temperatures else "the prompt below, no hint"


def _temperatures(spec: ProgramSpec, first: int, last: int) -> str:
    if spec.model.temperature is None or spec.temperature_schedule.kind == "none":
        return ""
    used = schedule.list_temperatures(spec.temperature_schedule, spec.model.temperature, spec.attempt_count)
    listed = [format_temperature(one) for one in used[first:last]]
    if not listed:
        return ""
    shown = listed if len(listed) <= MAX_LISTED else [*listed[:MAX_LISTED], "…"]
    return f"temperature{'s' if len(listed) > 1 else ''} {', '.join(shown)}"
