"""The form's problems in sentences: where each is, by the name that the form gives it, and what is wrong."""

from __future__ import annotations

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
    """All problems, each with its field, in one line: "Signature: no '->' between inputs and outputs (column 9)"."""
    sentences = []
    several = sum(bool(_input_name(p)) for p in form.problems) > 1
    for problem in form.problems:
        name = (several and _input_name(problem)) or name_field(problem, form)
        sentences.append(f"{name}: {_lower(describe_problem(problem)).removesuffix('.')}")
    return " · ".join(sentences)


def list_fields(form: FormState) -> str:
    """The fields with problems, and the line where there is one: "signature, reward, line 5", "inputs when, count, kind, 2 more"."""
    inputs = list(dict.fromkeys(_input_name(p) for p in form.problems if _input_name(p)))
    more = [f"{len(inputs) - MAX_INPUTS} more"] if len(inputs) > MAX_INPUTS else []
    names: list[str] = []
    for problem in form.problems:
        where = f", line {problem.line}" if problem.field == "reward" and problem.line is not None else ""
        name = f"{_lower(name_field(problem, form))}{where}"
        if len(inputs) > 1 and _input_name(problem):
            name = f"inputs {', '.join([*inputs[:MAX_INPUTS], *more])}"
        names.append(name)
    return ", ".join(dict.fromkeys(names))


def _input_name(problem: Problem) -> str:
    """Which input it is about; "" for none."""
    part, _, rest = problem.field.partition(".")
    return rest if part == "inputs" else ""


def _lower(text: str) -> str:
    """Without the capital of a sentence's first word; acronyms keep theirs."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"
