"""What a what-if says in words: which case applies, and why an attempt cannot be compared."""

from __future__ import annotations

from refine_core.formatting import format_temperature
from refine_core.log.timeline import Timeline
from refine_core.loop import Plan
from refine_core.spec import ProgramSpec
from refine_core.what_if.conditions import Conditions


def describe_difference(conditions: Conditions) -> str:
    """Why the attempts from the first difference on cannot be compared."""
    match conditions.difference:
        case "temperature":
            return "other temperature"
        case "hints":
            return "other hints"
        case "advice" | "new_advice":
            return "other advice"
        case "unscored":
            return "an earlier attempt has not been scored yet"
        case _:
            return ""


def describe_not_needed(last: int, plan: Plan) -> str:
    """Why an attempt would not have been made."""
    if last + 1 >= len(plan.temperatures):
        return f"not needed: N is {len(plan.temperatures)}"
    return f"not needed: it would have stopped at attempt {last + 1}"


def describe_case(
    timeline: Timeline,
    spec: ProgramSpec,
    conditions: Conditions,
    *,
    exact: int,
    last: int | None,
    listed: int,
) -> str:
    """One sentence: how much of the answer is exact, and why.

    exact: number of exact attempts. last: index of the attempt after which it stops, if that is known. listed: number of attempts
    spoken of.
    """
    if last is not None:
        return f"Exact: {_why_exact(spec, conditions, last)}."
    if exact < conditions.same and exact < len(timeline.attempts):
        if timeline.attempts[exact].outputs is None:
            return f"{_until(exact)}: attempt {exact + 1} was cut off before it had an output."
        return f"{_until(exact)}: attempt {exact + 1} has not been scored yet."
    if conditions.difference is not None and exact < len(timeline.attempts):
        return f"{_until(exact)}: {_why_other(conditions, spec, exact)}."
    missing = f"attempt {exact + 1} was" if listed == exact + 1 else f"attempts {exact + 1} to {listed} were"
    whole = f"all {exact} recorded attempts are exact" if exact > 1 else "the recorded attempt is exact"
    return f"{_capital(whole)}; {missing} never tried." if exact else "No attempt was recorded."


def _until(exact: int) -> str:
    return f"Exact up to attempt {exact}" if exact else "Not exact"


def _why_exact(spec: ProgramSpec, conditions: Conditions, last: int) -> str:
    if spec.strategy == "single":
        return "there is only one attempt"
    if spec.strategy == "best_of_n":
        return "in best of N no attempt depends on an earlier one"
    if spec.hint_source == "none":
        return "without hints no attempt depends on an earlier one"
    if last + 1 < conditions.same or conditions.difference is None:
        if spec.hint_source == "feedback":
            return "every hint up to there would have been the same"
        return "the adviser would have been asked the same up to there"
    return "it would have stopped before anything could differ"


def _why_other(conditions: Conditions, spec: ProgramSpec, exact: int) -> str:
    after = f"attempt {exact + 1}"
    match conditions.difference:
        case "temperature":
            old, new = (
                format_temperature(one) if one is not None else "none"
                for one in (conditions.old, conditions.new)
            )
            return f"with N = {spec.attempt_count}, {after} would have run at temperature {new}, not {old}"
        case "hints":
            return f"{after} would have had other hints"
        case "new_advice":
            return f"attempt {exact} would now have a score, so the adviser would have been asked about it"
        case "unscored":
            return f"attempt {exact} has not been scored yet"
        case _:
            return f"the adviser would have read another reward, score or threshold, so {after} would have had other hints"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
