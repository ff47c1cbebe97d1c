"""From a description of a program to the program, its reward, and all that keeps it from running."""

from __future__ import annotations

import keyword
import math
from collections.abc import Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

from refine_core.concurrency.flows import Flow
from refine_core.errors import InputError, Problem, RewardError, SignatureError, SpecError
from refine_core.left_out import is_left_out
from refine_core.lm.base import BaseLM
from refine_core.log.scope import Scope, use_scope
from refine_core.log.well_formed import make_well_formed
from refine_core.modules import ChainOfThought, Module, Predict, Prediction
from refine_core.refine.effects import ScoreInWorker
from refine_core.refine.reward_calls import make_reward_runner, recognize_reward
from refine_core.refine.sources import SOURCE_ATTRIBUTE
from refine_core.rewards import Judge, RewardRunner, ScoreResult, find_reward
from refine_core.rewards.checks import Fields
from refine_core.rewards.limits import RULES
from refine_core.rewards.pool import RunnerPool
from refine_core.rewards.repeating_errors import will_repeat
from refine_core.signatures import Field, Signature, ensure_signature
from refine_core.signatures.signature import SignatureMeta
from refine_core.signatures.types import format_type, validate
from refine_core.spec import AdviceForm, HintSource, ProgramSpec, StageSpec
from refine_core.spec.limits import find_limit_problems, is_whole
from refine_core.spec.models import check_model
from refine_core.spec.rules import read_rule
from refine_core.spec.source import program_source


class Pipeline(Module):
    """Stages in a row: each takes its inputs, by name, from the program's inputs and from earlier outputs.

    spec: what to build, each stage with a signature. Called with the program's inputs by keyword.
    Returns a Prediction with the outputs of every stage; of two outputs with one name the later wins.
    Raises: SignatureError when built; InputError, ParseError, LMError when called.
    """

    def __init__(self, spec: ProgramSpec) -> None:
        self._stages = tuple(stage.name for stage in spec.stages)
        setattr(self, SOURCE_ATTRIBUTE, program_source(spec))
        for stage in spec.stages:
            setattr(self, stage.name, _predictor(stage))

    def forward(self, **inputs: Any) -> Prediction:
        """Run the stages in their order."""
        known, made = dict(inputs), dict[str, Any]()
        for name in self._stages:
            outputs = getattr(self, name)(**known)
            known.update(outputs)
            made.update(outputs)
        return Prediction(made)


class WorkerScorer:
    """A reward typed by a person, and validators: run in a worker process, with a judge that the reward may call.

    pool: where the worker comes from, and goes back to; None for one of its own.
    """

    def __init__(self, spec: ProgramSpec, judge: BaseLM, pool: RunnerPool | None = None) -> None:
        self.source, self._name, self._fields = spec.reward, spec.reward_name, list_reward_fields(spec)
        self._messages = {one.name: one.message for one in spec.validators}
        self._calls_as_refine = spec.reward_shape == "refine"
        rules = [read_rule(one.name, one.check) for one in spec.validators]
        inputs, ask = list_program_inputs(spec), judge_by(judge)
        self._pool, self._key = pool, worker_key(spec, inputs)

        def make() -> RewardRunner:
            return make_reward_runner(spec, inputs, judge=ask, rules=rules)

        self._runner = make() if pool is None else pool.lease(self._key, make, ask)
        self._is_open = True

    def start(self) -> None:
        """Start the worker, so that it is ready when needed."""
        self._runner.start()

    def flow(self, inputs: dict[str, Any], prediction: Prediction, scope: Scope) -> Flow[ScoreResult]:
        """The reward of `prediction`. Raises RewardError."""
        with use_scope(scope):
            try:
                scored: ScoreResult = yield ScoreInWorker(
                    self._runner.score, inputs, prediction, scope.cancel
                )
            except RewardError as error:
                if self._calls_as_refine:  # the checks know no other way of calling
                    mark_repeating(error, self.source, self._name, inputs, self._fields)
                raise
        return scored

    def find_unmet(self, score: ScoreResult) -> dict[str, str]:
        """Name -> message of the validators that the scored prediction does not meet."""
        return {name: self._messages[name] for name in score.unmet}

    def close(self) -> None:
        """End the worker, or give it back. May be repeated."""
        is_open, self._is_open = self._is_open, False
        if self._pool is None:
            self._runner.close()
        elif is_open:
            self._pool.release(self._key, self._runner)


def worker_key(spec: ProgramSpec, inputs: Collection[str]) -> Hashable:
    """All that makes a runner: runs with equal ones may use the same worker, one after the other."""
    return (
        spec.reward,
        spec.reward_name,
        spec.reward_timeout_s,
        spec.reward_shape,
        tuple(sorted(spec.reward_arguments.items())),
        tuple((one.name, one.check) for one in spec.validators),
        tuple(name for name in spec.inputs if name not in inputs),
    )


def mark_repeating(
    error: RewardError, source: str, name: str | None, inputs: Mapping[str, object], fields: Fields
) -> None:
    """Note on an error of a reward whether every further attempt would meet it. fields: see list_reward_fields."""
    given = Fields({n: type(v) for n, v in inputs.items()}, fields.outputs)
    error.repeats = error.repeats or (error.rule is None and will_repeat(error, source, name, given))


def judge_by(lm: BaseLM) -> Judge:
    """The judge that `lm` is. Only what its signature names is passed on: a reward must not choose the model or its address."""

    def ask(signature: str, /, **inputs: Any) -> dict[str, Any]:
        judge = _Judge(signature)
        known = judge.signature.input_fields
        for name in inputs:
            if name not in known:
                raise InputError(
                    f"judge: {signature!r} has no input {name!r}; its inputs are {', '.join(known) or 'none'}",
                    field=name,
                    signature=signature,
                )
        made: Prediction = judge(lm=lm.without_unsupported(), **inputs)
        return dict(made)

    return ask


class _Judge(Predict):
    """A predictor whose calls are part of the reward, and not of the program."""

    _purpose = "judge"


def find_problems(spec: ProgramSpec) -> list[Problem]:
    """Everything that keeps `spec` from running, each with the field it concerns; [] if it can run."""
    if spec.program_file:
        message = f"this ran the Python program {spec.program_file}, which only its file can run again: refinescope run {spec.program_file}"
        return [Problem("program_file", message)]
    return [
        *_stage_problems(spec),
        *_reward_problems(spec),
        *_validator_problems(spec),
        *_number_problems(spec),
        *_advice_problems(spec),
        *_model_problems(spec),
    ]


def check_spec(spec: ProgramSpec) -> None:
    """Raise SpecError if anything keeps `spec` from running."""
    if problems := find_problems(spec):
        raise SpecError(problems)


def list_program_inputs(spec: ProgramSpec) -> dict[str, Field]:
    """Name -> field of what a person must give: inputs that no earlier stage makes. Raises SignatureError."""
    made: set[str] = set()
    wanted: dict[str, Field] = {}
    for stage in spec.stages:
        signature = build_stage_signature(stage)
        for name, field in signature.input_fields.items():
            if name not in made:
                wanted.setdefault(name, field)
        made |= set(signature.output_fields)
    return wanted


def convert_inputs(spec: ProgramSpec) -> dict[str, object]:
    """The inputs of this run as the types that the signatures name, which the log cannot hold: a date, a tuple, a decimal.

    A value that does not fit stays as it is; `problems` says so.
    """
    typed = dict(spec.inputs)
    for name, field in list_program_inputs(spec).items():
        if name in typed:
            with suppress(ValueError):
                typed[name] = validate(field, typed[name])
    return typed


def list_reward_fields(spec: ProgramSpec) -> Fields:
    """What the reward of `spec` is given: the inputs of this run, and the outputs of every stage, where they can be read."""
    try:
        outputs: dict[str, object] = {}
        last: dict[str, object] = {}
        for stage in spec.stages:
            if stage.strategy == "chain_of_thought":
                outputs["reasoning"] = str
            last = {name: one.type for name, one in build_stage_signature(stage).output_fields.items()}
            outputs |= last
        inputs = {**dict.fromkeys(list_program_inputs(spec)), **{n: type(v) for n, v in spec.inputs.items()}}
    except SignatureError:
        return Fields()
    return Fields(inputs, outputs, tuple(last))


def build_stage_signature(stage: StageSpec) -> type[Signature]:
    """The stage's signature with its instructions and descriptions. Raises SignatureError."""
    stage = make_well_formed(stage)  # instructions become a docstring, which cannot hold half an emoji
    signature = ensure_signature(stage.signature, stage.instructions)
    for name, description in stage.descriptions.items():
        if name in signature.fields and description:
            signature = signature.with_updated_fields(name, desc=description)
    return signature


def _predictor(stage: StageSpec) -> Predict | ChainOfThought:
    signature = build_stage_signature(stage)
    demos = [dict(demo) for demo in stage.demos]
    if stage.strategy == "predict":
        single = Predict(signature)
        single.demos = demos  # type: ignore[assignment]
        return single
    reasoned = ChainOfThought(signature)
    reasoned.predict.demos = demos  # type: ignore[assignment]
    return reasoned


def _stage_problems(spec: ProgramSpec) -> list[Problem]:
    if not spec.stages:
        return [Problem("stages", "a program needs at least one stage")]
    problems: list[Problem] = []
    names: set[str] = set()
    signatures: list[SignatureMeta] = []
    for i, stage in enumerate(spec.stages):
        if (
            not stage.name.isidentifier()
            or keyword.iskeyword(stage.name)
            or stage.name.startswith("_")
            or hasattr(Module, stage.name)
        ):
            problems.append(
                Problem(f"stages.{i}.name", f"{stage.name!r} cannot name a stage; use a word such as answer")
            )
        elif stage.name in names:
            problems.append(
                Problem(f"stages.{i}.name", f"two stages are called {stage.name!r}; give each its own name")
            )
        names.add(stage.name)
        try:
            signatures.append(build_stage_signature(stage))
        except SignatureError as error:
            problems.append(Problem(f"stages.{i}.signature", error.message, column=error.column))
    return problems or _input_problems(spec)


def _input_problems(spec: ProgramSpec) -> list[Problem]:
    faults = {
        name: find_input_fault(name, field, spec.inputs) for name, field in list_program_inputs(spec).items()
    }
    return [Problem(f"inputs.{name}", fault) for name, fault in faults.items() if fault]


def find_input_fault(name: str, field: Field, inputs: Mapping[str, object]) -> str:
    """Why the input of that name cannot be run, as a sentence; "" if it can."""
    if name not in inputs:
        return f"input {name!r} is missing; give a value of type {format_type(field.type)}"
    if is_left_out(inputs[name]):
        return f"input {name!r} was left out when it was shared; give a value of your own"
    try:
        validate(field, inputs[name])
    except ValueError as why:
        return f"input {name!r} must be {format_type(field.type)}: {why}"
    return ""


def _reward_problems(spec: ProgramSpec) -> list[Problem]:
    try:
        if recognize_reward(spec) is None:
            find_reward(spec.reward, spec.reward_name)
    except RewardError as error:
        return [Problem("reward", error.message, line=error.line, column=error.column)]
    return []


def _validator_problems(spec: ProgramSpec) -> list[Problem]:
    problems: list[Problem] = []
    names: set[str] = set()
    if len(spec.validators) > RULES:
        problems.append(Problem("validators", f"at most {RULES} validators can be checked"))
    for i, one in enumerate(spec.validators):
        where = f"validators.{i}"
        if not one.name.strip():
            problems.append(Problem(f"{where}.name", "give the validator a name, such as short"))
        elif one.name in names:
            problems.append(Problem(f"{where}.name", f"two validators are called {one.name!r}; rename one"))
        names.add(one.name)
        try:
            read_rule(one.name, one.check)
        except RewardError as error:
            problems.append(Problem(f"{where}.check", error.message, line=error.line, column=error.column))
        if not one.message.strip():
            problems.append(
                Problem(
                    f"{where}.message", "say what the next attempt should do; the adviser reads this message"
                )
            )
    return problems


def _number_problems(spec: ProgramSpec) -> list[Problem]:
    problems = find_limit_problems(spec.N, spec.threshold, spec.fail_count, in_app=True)
    if is_whole(spec.N, 1):
        problems += spec.temperature_schedule.find_problems(spec.attempt_count)
    if not _is_finite(spec.reward_timeout_s) or spec.reward_timeout_s <= 0:
        problems.append(Problem("reward_timeout_s", "the reward's time limit must be more than 0 seconds"))
    if spec.budget_usd is not None and (not _is_finite(spec.budget_usd) or spec.budget_usd <= 0):
        problems.append(
            Problem(
                "budget_usd",
                f"the budget must be a number of dollars above 0, or empty, not {_format_number(spec.budget_usd)}",
            )
        )
    tokens = spec.budget_tokens
    if tokens is not None and not is_whole(tokens, 1):
        problems.append(
            Problem("budget_tokens", f"the budget must be a whole number of tokens, or empty, not {tokens!r}")
        )
    return problems


def _advice_problems(spec: ProgramSpec) -> list[Problem]:
    problems = [
        Problem(field, f"{what} must be one of {', '.join(get_args(known))}, not {value!r}")
        for field, what, value, known in (
            ("hints", "the source of hints", spec.hints, HintSource),
            ("advice_form", "the form of the advice request", spec.advice_form, AdviceForm),
        )
        if value not in get_args(known)
    ]
    hints: object = spec.starting_hints
    if not isinstance(hints, Mapping) or not all(
        isinstance(one, str) for pair in hints.items() for one in pair
    ):
        problems.append(
            Problem(
                "starting_hints", 'starting hints are texts by predictor, such as {"answer": "Be brief."}'
            )
        )
    elif unknown := [name for name in hints if name not in _predictor_names(spec)]:
        known = ", ".join(_predictor_names(spec))
        problems.append(
            Problem("starting_hints", f"no predictor is called {unknown[0]!r}; this program has {known}")
        )
    if not is_whole(spec.first_rollout, 0):
        problems.append(
            Problem(
                "first_rollout",
                f"first_rollout must be a whole number, at least 0, not {spec.first_rollout!r}",
            )
        )
    instructions: object = spec.advice_instructions
    if not isinstance(instructions, str):
        problems.append(
            Problem(
                "advice_instructions", "the instructions for advice must be text, or empty for the default"
            )
        )
    return problems


def _predictor_names(spec: ProgramSpec) -> list[str]:
    """How the program's predictors are called: by their stages, and in one that reasons first, its inner one."""
    return [
        f"{stage.name}.predict" if stage.strategy == "chain_of_thought" else stage.name
        for stage in spec.stages
    ]


def _model_problems(spec: ProgramSpec) -> list[Problem]:
    return [
        replace(problem, field=f"{role}.{problem.field}")
        for role, model in spec.models.items()
        for problem in check_model(model)
    ]


def _format_number(value: object) -> str:
    """A number as people type it: "0", not "0.0"."""
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
