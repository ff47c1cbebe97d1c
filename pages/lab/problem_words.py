"""The form's problems in sentences: where each is, by the name that the form gives it, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem
from refine_core.programs import Problem

_FIELDS = {
    "stages": "Program",
    "reward": "Reward",
    "extra": "Reference values",
    "validators": "Validators",
    "adviser": "Adviser",
    "judge": "Judge",
    "N": "Max attempts",
    "threshold": "Threshold",
    "fail_count": "Failures allowed",
    "budget_usd": "Budget",
    "budget_tokens": "Budget",
    "schedule": "Temperatures",
    "model": "Model",
    "advice_instructions": "Instructions for advice",
}
MAX_INPUTS = 3  # that a headline names; the line below it has all
_STAGE_FIELDS = {"name": "Stage name", "signature": "Signature", "demos": "Demos"}


def name_field(problem: Problem, form: FormState) -> str:
    """What the form calls the field with the problem: "Signature", "Signature of write", "Input question"."""
    part, _, rest = problem.field.partition(".")
    if part == "inputs":
        return f"Input {rest}"
    if part == "stages" and rest:
        index, _, field = rest.partition(".")
        name = _STAGE_FIELDS.get(field, "Program")
        stages = form.spec.stages
        if len(stages) > 1 and index.isdecimal() and int(index) < len(stages):
            return f"{name} of {stages[int(index)].name or f'stage {int(index) + 1}'}"
        return name
    return _FIELDS.get(part, "Settings")


def describe_problems(form: FormState) -> str:
    """All problems, what is wrong before what is only missing: "Signature: no '->' between inputs and outputs (column 9)".

    A field that has several is named once, and so is the word "input".
    """
    problems = [*list_wrong(form), *form.missing]
    several = len(_input_names(problems)) > 1
    by_name: dict[str, list[str]] = {}
    for problem in problems:
        name = (several and _input_name(problem)) or name_field(problem, form)
        by_name.setdefault(name, []).append(_lower(describe_problem(problem)).removesuffix("."))
    return " · ".join(f"{name}: {'; '.join(words)}" for name, words in by_name.items())


def list_wrong(form: FormState) -> list[Problem]:
    """The problems without what nobody has filled in yet."""
    return [problem for problem in form.problems if problem not in form.missing]


def list_fields(form: FormState, problems: Sequence[Problem]) -> str:
    """The fields with these problems, and the line where there is one: "signature, reward, line 5", "inputs a, b, c, 2 more"."""
    inputs = _input_names(problems)
    more = [f"{len(inputs) - MAX_INPUTS} more"] if len(inputs) > MAX_INPUTS else []
    names: list[str] = []
    for problem in problems:
        where = f", line {problem.line}" if problem.field == "reward" and problem.line is not None else ""
        name = f"{_lower(name_field(problem, form))}{where}"
        if len(inputs) > 1 and _input_name(problem):
            name = f"inputs {', '.join([*inputs[:MAX_INPUTS], *more])}"
        names.append(name)
    return ", ".join(dict.fromkeys(names))


def _input_names(problems: Sequence[Problem]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(_input_name, problems))))


def _input_name(problem: Problem) -> str:
    """Which input it is about; "" for none."""
    part, _, rest = problem.field.partition(".")
    return rest if part == "inputs" else ""


def _lower(text: str) -> str:
    """Without the capital of a sentence's first word; "JSON" and "SyntaxError" keep theirs."""
    is_name = any(letter.isupper() for letter in text.partition(" ")[0][1:])
    return text if is_name else f"{text[:1].lower()}{text[1:]}"
