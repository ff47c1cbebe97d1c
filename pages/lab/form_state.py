"""What the form says, as a program description with every problem and its field.

    load_form.load(spec) fills the widgets        read_form() reads them back

Widgets hold what is typed; nothing here outlives the session but what a run recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from pages.lab.fields import FORM, SECRET, field_key, static_key
from pages.lab.model_fields import read_models
from pages.lab.reward_source import read_reward, with_form
from pages.lab.stages import find_demo_problems, read_stages
from pages.lab.tables import REFERENCE_VALUES, VALIDATORS
from pages.shared import keys
from pages.shared.credentials import collect_credentials
from pages.shared.secret import describe_key_problem
from refine_core import connections, programs, runs
from refine_core.programs import Finding, ModelSpec, Problem, ProgramSpec, Schedule, ValidatorSpec
from refine_core.runs import Credentials

_REFUSED = static_key("refused")
_BLANK_AT = {
    "model.model": ("model", "name"),
    "model.recording_id": ("model", "recording"),
    "schedule": ("temperatures",),
}


@dataclass(frozen=True, slots=True)
class FormState:
    """What the widgets say. problems: each with the field that it concerns; [] if it can run.

    findings: what reading the reward finds wrong with it. question: whether it is meant to be called as rewards are here,
    where it seems to be written for another framework and nobody has said so yet.
    missing: those of the problems that are fields nobody has filled in yet, while Run was not pressed: no error so far.
    rule_findings: what reading the validators' checks finds, each with the row of its validator.
    """

    spec: ProgramSpec
    credentials: Credentials
    problems: list[Problem] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    question: Finding | None = None
    missing: tuple[Problem, ...] = ()
    rule_findings: tuple[tuple[int, Finding], ...] = ()

    @property
    def rule_errors(self) -> list[tuple[int, Finding]]:
        """The findings about validators that will fail an attempt."""
        return [(row, one) for row, one in self.rule_findings if one.severity == "error"]

    @property
    def reward_errors(self) -> list[Finding]:
        """The findings that will fail an attempt."""
        return [one for one in self.findings if one.severity == "error"]

    def problems_at(self, field: str) -> list[Problem]:
        """The problems of one field."""
        return [p for p in self.problems if p.field == field]


def read_form() -> FormState:
    """Everything as typed, read from the widgets' own state."""
    state = st.session_state
    problems: list[Problem] = []

    def take(value: Any, problem: Problem | None) -> Any:
        if problem is not None:
            problems.append(problem)
        return value

    stages = read_stages()
    inputs: dict[str, object] = {
        one.name: take(
            *programs.read_value(one, state.get(field_key("in", one.name, one.kind), _blank(one.kind)))
        )
        for one in programs.list_form_inputs(stages)
    }
    reference, wrong = programs.read_reference_values(
        [
            {name: REFERENCE_VALUES.cell(row, name) for name in ("name", "kind", "value")}
            for row in REFERENCE_VALUES.rows()
        ],
        inputs,
    )
    problems += [*wrong, *find_demo_problems()]
    validators, validator_rows = _read_validators()
    threshold = take(*_read_limit("threshold", programs.read_number))
    fail_count = take(*_read_limit("fail_count", int))
    tokens = take(
        *_read_int(
            state[field_key("budget", "tokens")],
            "budget_tokens",
            "the budget must be a whole number of tokens, or empty",
        )
    )
    dollars = take(
        *_read_float(
            state[field_key("budget", "usd")],
            "budget_usd",
            "the budget must be a number of dollars, or empty",
        )
    )
    schedule = Schedule(state.get(field_key("schedule")) or "dspy-2.6")
    if schedule.kind == "list":
        listed = take(*programs.read_temperatures(state.get(field_key("temperatures")) or ""))
        schedule = Schedule("list", listed)
    model, adviser, judge = read_models()
    spec = ProgramSpec(
        stages=stages,
        reward=read_reward(),
        inputs=inputs | reference,
        title=state[static_key("title")] or "",
        strategy=state[field_key("strategy")] or "refine",
        reward_name=state[field_key("reward", "name")],
        N=state[field_key("N")] if state[field_key("N")] is not None else 0,
        threshold=threshold,
        fail_count=fail_count,
        seed=state[field_key("seed")] or 0,
        reward_timeout_s=state[field_key("reward_timeout")] or 0.0,
        model=model,
        adviser=adviser,
        judge=judge,
        budget_usd=dollars,
        budget_tokens=tokens,
        example=state[static_key("example")],
        parent=state[static_key("parent")],
        hints=state.get(field_key("hints")) or "adviser",
        schedule=schedule,
        advice_instructions=(state.get(field_key("advice_instructions")) or "").strip(),
        advice_form="compact" if state.get(field_key("compact_advice")) else "full",
        validators=validators,
    )
    spec = with_form(spec)
    if not programs.is_example(spec):  # a changed example is a program of one's own
        title = "" if spec.example is not None else spec.title
        spec = replace(spec, example=None, title=title)
    known = {p.field for p in problems}
    problems += [_at_row(p, validator_rows) for p in programs.find_problems(spec) if p.field not in known]
    typed_keys = collect_credentials(spec, form=True, origin=spec.parent)
    problems += _find_key_problems(spec, typed_keys)
    foreign = runs.list_foreign(spec.parent, spec)
    problems += [
        Problem(
            f"{one.role}.agreed",
            f"the run came from a file, and asks {one.text}; agree to that address under Model, or choose another model",
        )
        for one in foreign
        if one.text not in typed_keys.agreed
    ]
    question = programs.find_reward_question(spec)
    if question is not None and question.subject == state.get(static_key("reward", "call")):
        question = None
    if question is not None:
        problems.append(Problem("reward", question.message, question.line, question.column))
    # Until that is answered, nobody knows which argument is which.
    findings = () if question is not None else programs.check_spec_reward(spec)
    missing = () if was_refused() else tuple(p for p in problems if _is_blank(p.field))
    rules = tuple((validator_rows[i], one) for i, one in programs.check_spec_rules(spec))
    return FormState(spec, typed_keys, problems, findings, question, missing, rules)


def note_refusal() -> None:
    """Run was pressed, and refused: from now on, what is missing in this form is an error."""
    st.session_state[_REFUSED] = FORM.revision


def was_refused() -> bool:
    """Whether Run was refused since the form was filled."""
    return bool(st.session_state.get(_REFUSED) == FORM.revision)


def _is_blank(field: str) -> bool:
    """Whether nothing has been entered in the field."""
    state = st.session_state
    part, _, rest = field.partition(".")
    if part == "inputs":
        asked = programs.list_form_inputs(read_stages())
        keys = [field_key("in", one.name, one.kind) for one in asked if one.name == rest]
    elif part == "validators" and "." in rest:
        row, _, column = rest.partition(".")
        keys = [VALIDATORS.key(VALIDATORS.rows()[int(row)], column)]
    else:
        keys = [field_key(*_BLANK_AT[field])] if field in _BLANK_AT else []
    return bool(keys) and all(state.get(key) is None or state.get(key) == "" for key in keys)


def _read_validators() -> tuple[tuple[ValidatorSpec, ...], list[int]]:
    """The validators as typed, and for each the number of its row. Rows with nothing in them are left out."""
    cells = [
        [VALIDATORS.cell(row, name) for name in ("name", "check", "message")] for row in VALIDATORS.rows()
    ]
    kept = [(i, row) for i, row in enumerate(cells) if any(map(str.strip, row))]
    return tuple(ValidatorSpec(n.strip(), c, m.strip()) for _, (n, c, m) in kept), [i for i, _ in kept]


def _at_row(problem: Problem, rows: list[int]) -> Problem:
    """A validator's problem at the row in which it was typed."""
    part, _, rest = problem.field.partition(".")
    place, _, column = rest.partition(".")
    if part != "validators" or not place.isdecimal():
        return problem
    return replace(problem, field=f"validators.{rows[int(place)]}.{column}")


def _find_key_problems(spec: ProgramSpec, typed_keys: Credentials) -> list[Problem]:
    """What is wrong with the models' keys: typed for another address, or in an environment variable that is not set."""
    problems: list[Problem] = []
    in_form = spec.model.kind == "litellm" and not spec.model.connection
    if in_form and (wrong := describe_key_problem(SECRET, keys.address_of(spec.model))):
        problems.append(Problem("model.key", wrong))
    for role, model in spec.models.items():
        if role not in typed_keys.keys and (unset := connections.unset_variable(model)):
            message = f"the environment variable {unset} is not set; set it and restart the app, or {_other_key(role, model)}"
            problems.append(Problem(f"{role}.key_env", message))
    return problems


def _other_key(role: str, model: ModelSpec) -> str:
    """Where else a key can come from; only the Lab's own model has a field for it here."""
    if model.connection:
        return f"enter a key for the connection {model.connection} on the Models page"
    return "enter the key above" if role == "model" else "choose another model"


def is_same_program(form: FormState, spec: ProgramSpec) -> bool:
    """Whether `spec` is what the form says now, but for names; see `programs.describe_changes`."""
    return not programs.describe_changes(spec, form.spec)


def _blank(kind: str) -> Any:
    return False if kind == "bool" else None if kind in ("int", "float", "choice") else ""


def _read_limit(field: str, read: Callable[[str], float]) -> tuple[Any, Problem | None]:
    """The threshold or the failures allowed, and what is wrong with what was typed."""
    value: object = st.session_state[field_key(field)].strip() or None
    with suppress(ValueError):
        value = read(str(value)) if value is not None else None
    limits = {"threshold": None, "fail_count": None, field: value}
    problem = next(iter(programs.find_limit_problems(1, **limits, in_app=True)), None)
    if problem is not None:  # the form has no field of that name
        problem = replace(problem, message=problem.message.replace("fail_count", "the failures allowed"))
    if problem is not None:  # as the form calls it
        problem = replace(problem, message=problem.message.replace("fail_count", "the failures allowed"))
    return (None if problem else value), problem


def _read_float(text: str, where: str, message: str) -> tuple[float | None, Problem | None]:
    if not text.strip():
        return None, None
    try:
        value = programs.read_number(text)
    except ValueError:
        return None, Problem(where, f"{message}, not {text.strip()!r}")
    return (
        (value, None) if math.isfinite(value) else (None, Problem(where, f"{message}, not {text.strip()!r}"))
    )


def _read_int(text: str, where: str, message: str) -> tuple[int | None, Problem | None]:
    if not text.strip():
        return None, None
    try:
        return int(text.strip()), None
    except ValueError:
        return None, Problem(where, f"{message}, not {text.strip()!r}")
