"""What is typed in the Lab, between the widgets and a program description.

    load(spec) puts a description into the widgets        typed() reads them back, with every fault and its field

Widgets hold what is typed; nothing here outlives the session but what a run recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from streamlit.runtime.state import SessionStateProxy

from pages.lab import roles
from pages.shared import keys
from pages.shared.credentials import LAB_KEY, credentials
from pages.shared.editor import current_text
from pages.shared.secret import forget, held, key_problem
from refine_core import connections, programs
from refine_core.programs import Finding, ModelSpec, Problem, ProgramSpec, Schedule, StageSpec
from refine_core.runs import Credentials

PREFIX = "lab"
FIRST_EXAMPLE = "one_word"
REWARD = f"{PREFIX}.reward"
SECRET = LAB_KEY
USE = f"{PREFIX}.use_connection"
"""Set by the Models page: the connection that the Lab is to use."""


def static_key(*parts: object) -> str:
    """The key of what stays the same whatever is loaded: buttons, and what is no widget."""
    return ".".join((PREFIX, *map(str, parts)))


def field_key(*parts: object) -> str:
    """The key of a field of the form.

    Loading gives every field a new one, so that what the browser still holds of the old ones can never overwrite what
    was loaded.
    """
    return static_key(revision(), *parts)


def revision() -> int:
    """How often the form was filled in this session."""
    return int(st.session_state.get(static_key("rev"), 0))


@dataclass(frozen=True, slots=True)
class FormState:
    """What the widgets say. problems: every fault, each with the field it concerns; [] if it can run.

    findings: what reading the reward finds wrong with it. question: whether it is meant to be called as rewards are here,
    where it seems to be written for another framework and nobody has said so yet.
    """

    spec: ProgramSpec
    credentials: Credentials
    problems: list[Problem] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    question: Finding | None = None

    @property
    def reward_errors(self) -> list[Finding]:
        """The findings that will fail an attempt."""
        return [one for one in self.findings if one.severity == "error"]

    def at(self, field: str) -> list[Problem]:
        """The faults of one field."""
        return [p for p in self.problems if p.field == field]


def load(spec: ProgramSpec) -> None:
    """Fill the widgets from a description. To be called before they are drawn: at first, or in a callback."""
    state = st.session_state
    for old in [k for k in state if isinstance(k, str) and k.startswith(f"{field_key()}.")]:
        del state[old]
    state[static_key("rev")] = revision() + 1
    state[static_key("stages")] = list(range(len(spec.stages)))
    for i, stage in enumerate(spec.stages):
        load_stage(state, i, stage)
    asked = programs.list_form_inputs(spec.stages)
    for one in asked:
        if one.name in spec.inputs:
            state[field_key("in", one.name, one.kind)] = programs.write_value(one, spec.inputs[one.name])
    rest = {n: v for n, v in spec.inputs.items() if n not in {one.name for one in asked}}
    state[field_key("extra")] = programs.write_object(rest)
    state[static_key("reward", "code")] = spec.reward
    asked_call = programs.find_reward_question(spec)
    # What was recorded was called so, and keeps its meaning.
    state[static_key("reward", "call")] = asked_call.subject if asked_call is not None else ""
    state[field_key("reward", "name")] = spec.reward_name
    state[static_key("title")] = spec.title
    state[static_key("example")] = spec.example
    state[static_key("parent")] = spec.parent
    state[field_key("strategy")] = spec.strategy
    state[field_key("N")] = spec.N
    state[field_key("threshold")] = "" if spec.threshold is None else programs.write_number(spec.threshold)
    state[field_key("fail_count")] = "" if spec.fail_count is None else str(spec.fail_count)
    state[field_key("reward_timeout")] = spec.reward_timeout_s
    state[field_key("seed")] = spec.seed
    load_hints(state, spec)
    load_budget(state, spec)
    load_models(state, spec)


def load_stage(state: SessionStateProxy, uid: int, stage: StageSpec) -> None:
    """Fill one stage's widgets."""
    state[field_key("stage", uid, "name")] = stage.name
    state[field_key("stage", uid, "signature")] = stage.signature
    state[field_key("stage", uid, "strategy")] = stage.strategy
    state[field_key("stage", uid, "instructions")] = stage.instructions
    state[field_key("stage", uid, "descriptions")] = dict(stage.descriptions)
    state[field_key("stage", uid, "demos")] = stage.demos


def load_hints(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill in where hints come from, and the schedule."""
    state[field_key("hints")] = spec.hints
    state[field_key("schedule")] = spec.schedule.kind
    state[field_key("temperatures")] = programs.write_temperatures(spec.schedule.temperatures)
    state[field_key("advice_instructions")] = spec.advice_instructions
    state[field_key("compact_advice")] = spec.advice_form == "compact"


def load_budget(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill in what the run may spend."""
    state[field_key("budget", "usd")] = (
        "" if spec.budget_usd is None else programs.write_number(spec.budget_usd)
    )
    state[field_key("budget", "tokens")] = "" if spec.budget_tokens is None else str(spec.budget_tokens)


def load_models(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill the models' widgets. A key is never among what a description holds; one that was typed here is forgotten."""
    model, known = spec.model, roles.list_choices()
    if held(SECRET):
        forget(SECRET)  # it was typed for another address, perhaps
    saved = known.same_model(model)
    state[static_key("model", "whole")] = model  # what the form has no field for
    state[field_key("model", "kind")] = model.kind
    state[field_key("model", "connection")] = saved
    state[field_key("model", "recording")] = model.recording_id or ""
    state[field_key("model", "pace")] = model.delay_s if model.kind == "replay" else None
    for role, described in (("adviser", spec.adviser), ("judge", spec.judge)):
        state[static_key(role, "kept")] = described
        state[field_key(role)] = roles.choose_role(described, known)
    state[field_key("model", "name")] = model.model if model.kind == "litellm" else ""
    state[field_key("model", "base")] = model.api_base or ""
    state[field_key("model", "env")] = model.key_env or ""
    state[field_key("model", "temperature")] = model.temperature
    state[field_key("model", "max_tokens")] = model.max_tokens
    state[field_key("model", "timeout")] = model.timeout_s
    state[field_key("model", "delay")] = model.delay_s or 0.0
    state[field_key("model", "cache")] = model.cache
    state[field_key("model", "reply_format")] = model.reply_format


def use_connection() -> None:
    """Choose the connection that the Models page asks for, and follow those that were renamed. Before the widgets are drawn."""
    state, known = st.session_state, roles.list_choices()
    name = state.pop(USE, None)
    if name is not None and name in known.models:
        state[field_key("model", "kind")] = "litellm"
        state[field_key("model", "connection")] = name
    if name := state.get(field_key("model", "connection")):  # it may have another name by now
        state[field_key("model", "connection")] = known.name_now(name)
    for role in ("adviser", "judge"):
        chosen = state.get(field_key(role), "")
        if chosen.startswith(roles.SAVED):
            state[field_key(role)] = roles.SAVED + known.name_now(chosen.removeprefix(roles.SAVED))


def first_example() -> ProgramSpec:
    """What a first visit finds, ready to run."""
    return programs.EXAMPLES[FIRST_EXAMPLE].spec


def is_filled() -> bool:
    """Whether the widgets have been filled in this session."""
    return static_key("stages") in st.session_state


def stage_ids() -> list[int]:
    """Which stages there are, in order; an id stays with its stage when others go."""
    return list(st.session_state[static_key("stages")])


def add_stage() -> None:
    """One more stage, fed by the last one's outputs where they can be read."""
    ids = stage_ids()
    uid = max(ids, default=-1) + 1
    last = programs.list_output_names(_read_stage(ids[-1])) if ids else ()
    given = last[-1] if last else "question"
    names = {_read_stage(i).name for i in ids}
    name = next(n for n in ("check", *(f"stage_{k}" for k in range(2, 99))) if n not in names)
    load_stage(
        st.session_state, uid, StageSpec(name, f"{given} -> {'checked' if given == 'answer' else 'answer'}")
    )
    st.session_state[static_key("stages")] = [*ids, uid]


def remove_stage(uid: int) -> None:
    """One stage fewer."""
    st.session_state[static_key("stages")] = [i for i in stage_ids() if i != uid]


def read_stages() -> tuple[StageSpec, ...]:
    """The stages as typed."""
    return tuple(_read_stage(uid) for uid in stage_ids())


def read_form() -> FormState:
    """Everything as typed, read from the widgets' own state."""
    state = st.session_state
    faults: list[Problem] = []

    def take(value: Any, fault: Problem | None) -> Any:
        if fault is not None:
            faults.append(fault)
        return value

    inputs = dict(take(*programs.read_json_object(state.get(field_key("extra"), ""), "extra")))
    for one in programs.list_form_inputs(read_stages()):
        inputs[one.name] = take(
            *programs.read_value(one, state.get(field_key("in", one.name, one.kind), _blank(one.kind)))
        )
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
    model, adviser, judge = _read_models()
    spec = ProgramSpec(
        stages=read_stages(),
        reward=reward_text(),
        inputs=inputs,
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
    )
    if not programs.is_example(spec):  # a changed example is a program of one's own
        spec = replace(spec, example=None, title="")
    known = {p.field for p in faults}
    faults += [p for p in programs.problems(spec) if p.field not in known]
    given = credentials(spec, form=True)
    if spec.model.kind == "litellm" and not spec.model.connection:
        address = keys.address_of(spec.model)
        if wrong := key_problem(SECRET, address):
            faults.append(Problem("model.key", wrong))
    for role, chosen in (("model", spec.model), ("adviser", spec.adviser), ("judge", spec.judge)):
        if chosen is not None and role not in given.keys and (unset := connections.unset_variable(chosen)):
            faults.append(
                Problem(
                    f"{role}.key_env",
                    f"the environment variable {unset} is not set; set it before the app starts, or type the key",
                )
            )
    question = programs.find_reward_question(spec)
    if question is not None and question.subject == state.get(static_key("reward", "call")):
        question = None
    if question is not None:
        faults.append(Problem("reward", question.message, question.line, question.column))
    # Until that is answered, nobody knows which argument is which.
    findings = () if question is not None else programs.check_spec_reward(spec)
    return FormState(spec, given, faults, findings, question)


def is_same_program(form: FormState, spec: ProgramSpec) -> bool:
    """Whether `spec` is what the form says now.

    Names do not count, its own and its connections', nor where it came from, nor whether it stops for its reward, nor a
    replay's models.
    """

    def unnamed(model: ModelSpec | None) -> ModelSpec | None:
        return None if model is None else replace(model, connection="")

    def bare(one: ProgramSpec) -> ProgramSpec:
        known = replace(
            one,
            title="",
            example=None,
            parent=None,
            stop_on_repeating_error=False,
            model=replace(one.model, connection=""),
            adviser=unnamed(one.adviser),
            judge=unnamed(one.judge),
        )
        if spec.model.kind != "replay" or form.spec.model.kind == "replay":
            return known
        return replace(
            known, model=ModelSpec(), adviser=None, judge=None, budget_usd=None, budget_tokens=None
        )

    return bare(form.spec) == bare(spec)


def reward_text() -> str:
    """The reward as it stands in the editor."""
    state = st.session_state
    return current_text(state[static_key("reward", "code")], key=REWARD, rev=reward_revision())


def reward_revision() -> int:
    """How often the reward was replaced in this session, by loading or by a fix."""
    return revision() + int(st.session_state.get(static_key("reward", "fixes"), 0))


def replace_reward(source: str) -> None:
    """Put another text into the editor; one undo there brings the old one back. To be called in a callback."""
    state = st.session_state
    state[static_key("reward", "code")] = source
    state[static_key("reward", "fixes")] = int(state.get(static_key("reward", "fixes"), 0)) + 1


def confirm_call(header: str) -> None:
    """Say that the reward with this header is called with the inputs first and the prediction second."""
    st.session_state[static_key("reward", "call")] = header


def run_anyway(source: str) -> None:
    """Run this reward in spite of what reading it finds. To be called in a callback."""
    st.session_state[static_key("reward", "anyway")] = source
    st.session_state[static_key("reward", "run")] = True


def may_run_anyway(source: str) -> bool:
    """Whether somebody said that this reward is to run in spite of what reading it finds."""
    return bool(st.session_state.get(static_key("reward", "anyway")) == source)


def take_run_anyway() -> bool:
    """Whether "Run anyway" was just pressed; true once."""
    return bool(st.session_state.pop(static_key("reward", "run"), False))


def _read_stage(uid: int) -> StageSpec:
    state = st.session_state

    def get(name: str) -> Any:
        return state[field_key("stage", uid, name)]

    return StageSpec(
        name=get("name").strip(),
        signature=get("signature").strip(),
        instructions=get("instructions").strip(),
        strategy=get("strategy") or "predict",
        descriptions=get("descriptions"),
        demos=get("demos"),
    )


def _read_models() -> tuple[ModelSpec, ModelSpec | None, ModelSpec | None]:
    """Those of the program, its adviser and its judge."""
    state, known = st.session_state, roles.list_choices()
    if state.get(field_key("model", "kind")) == "replay":
        return roles.replay_models(
            state.get(field_key("model", "recording")) or "", state.get(field_key("model", "pace"))
        )
    adviser, judge = (
        roles.read_role(state.get(field_key(role), roles.SAME), state.get(static_key(role, "kept")), known)
        for role in ("adviser", "judge")
    )
    return _read_model(known), adviser, judge


def _read_model(known: roles.Choices) -> ModelSpec:
    state = st.session_state

    def get(name: str) -> Any:
        return state.get(field_key("model", name))

    temperature = get("temperature")
    if get("kind") != "litellm":
        return ModelSpec(temperature=temperature, delay_s=get("delay") or 0.0)
    if name := get("connection") or roles.HERE:
        # One that was removed meanwhile is no model, so that Run does not ask another in its place.
        return known.models.get(name) or ModelSpec(kind="litellm", connection=name)
    whole: ModelSpec = state[static_key("model", "whole")]
    base = whole if whole.kind == "litellm" else ModelSpec()
    return replace(
        base,
        kind="litellm",
        connection="",
        model=(get("name") or "").strip(),
        api_base=(get("base") or "").strip() or None,
        key_env=(get("env") or "").strip() or None,
        temperature=temperature,
        max_tokens=get("max_tokens"),
        timeout_s=get("timeout") or 60.0,
        cache=bool(get("cache")),
        reply_format=get("reply_format") or "auto",
    )


def _blank(kind: str) -> Any:
    return {"text": "", "json": "", "bool": False}.get(kind)


def _read_limit(field: str, read: Callable[[str], float]) -> tuple[Any, Problem | None]:
    """The threshold or the failures allowed, and what is wrong with what was typed."""
    value: object = st.session_state[field_key(field)].strip() or None
    with suppress(ValueError):
        value = read(str(value)) if value is not None else None
    limits = {"threshold": None, "fail_count": None, field: value}
    problem = next(iter(programs.find_limit_problems(1, **limits, in_app=True)), None)
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
