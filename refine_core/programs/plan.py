"""What a run of a program will do at most, in words, before it starts."""

from __future__ import annotations

from refine_core.formatting import pluralize
from refine_core.spec import ProgramSpec


def max_calls(spec: ProgramSpec) -> tuple[int, int]:
    """The most model calls that a run makes, and how many of them ask for advice.

    Calls that are asked again because a reply could not be read, and those that the reward makes, come on top.
    """
    advice = max(spec.attempt_count - 1, 0) if spec.hint_source == "adviser" else 0
    return spec.attempt_count * len(spec.stages) + advice, advice


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
