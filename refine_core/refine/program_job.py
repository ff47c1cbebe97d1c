"""A run of a program that is Python of this process: a Refine or BestOfN as its user wrote it, recorded as any other run.

    LiveProgram --describe_program--> ProgramSpec, for the log        ProgramJob: the same work as RunJob's, by the user's own code

The description names the predictors as stages; how `forward` joins them is in the user's file alone. So such a run is gone on
with only by whoever has the file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from refine_core import __version__
from refine_core.errors import LMError, SignatureError
from refine_core.events import RunStarted
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.lm.secrecy import strip_login
from refine_core.log.scope import Record, Scope
from refine_core.loop import Plan
from refine_core.refine.advice_style import AdviceStyle
from refine_core.refine.driver import Driver
from refine_core.refine.module import BestOfN, Refine
from refine_core.refine.resuming import ResumeState
from refine_core.refine.run_job import RunJob
from refine_core.refine.scoring import FunctionScorer, RewardFunction
from refine_core.refine.sources import get_source
from refine_core.refine.stepping import Stepper
from refine_core.refine.temperatures import find_lm
from refine_core.signatures import ensure_signature
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.spec.models import check_model
from refine_core.spec.program import ValidatorSpec
from refine_core.spec.schedule import list_temperatures


@dataclass(frozen=True, slots=True)
class LiveProgram:
    """What is to be run.

    refine: the refinement, with its program and reward. inputs: name -> value, as the program takes them.
    file: name of the Python file that it is out of. reward_source: text of the reward that can be run by itself; "" for the
    function's own. title: what the run is called.
    """

    refine: BestOfN
    inputs: Mapping[str, Any]
    file: str
    reward_source: str = ""
    title: str = ""


def describe_program(program: LiveProgram) -> ProgramSpec:
    """The description of a run of this program. Raises LMError where no model is set."""
    refine = program.refine
    lm = find_lm(refine.module)
    if lm is None:
        raise LMError(f"{program.file} sets no model")
    adviser = refine.advice_lm if isinstance(refine, Refine) else None
    style = refine._advice_style()  # noqa: SLF001  # of this package
    return ProgramSpec(
        _describe_stages(refine),
        program.reward_source or textwrap.dedent(refine.reward_fn_code),
        inputs=to_jsonable(dict(program.inputs)),
        title=program.title or program.file,
        strategy="refine" if isinstance(refine, Refine) else "best_of_n",
        reward_name=name if (name := getattr(refine.reward_fn, "__name__", "")).isidentifier() else None,
        N=refine.N,
        threshold=refine.threshold,
        fail_count=None if refine.fail_count == refine.N else refine.fail_count,
        model=_describe_model(lm),
        adviser=None if adviser is None else _describe_model(adviser),
        hints=refine.hints,
        schedule=refine.schedule,
        advice_instructions=style.instructions,
        advice_form=style.form,
        validators=tuple(
            ValidatorSpec(one.name, textwrap.dedent(get_source(one.check)), one.message)
            for one in refine.validators
        ),
        program_file=program.file,
    )


def _describe_stages(refine: BestOfN) -> tuple[StageSpec, ...]:
    """The predictors as stages, each under a name that a stage can have."""
    stages: dict[str, StageSpec] = {}
    for path, predictor in refine.module.named_predictors():
        name = path.removesuffix(".predict").replace(".", "_").replace("[", "_").replace("]", "")
        signature = predictor.signature
        text = signature.text
        try:
            ensure_signature(text)
        except SignatureError:  # a type of the user's own
            text = f"{', '.join(signature.input_fields)} -> {', '.join(signature.output_fields)}"
        stages[name] = StageSpec(name, text, signature.instructions)
    return tuple(stages.values())


def _describe_model(lm: BaseLM) -> ModelSpec:
    """The model without its key; without its address where that holds one."""
    temperature = lm.kwargs.get("temperature", 0.0)
    own = float(temperature) if isinstance(temperature, int | float) else None
    if getattr(lm, "kind", "") == "practice":
        return ModelSpec("practice", temperature=own)
    name = lm.model if isinstance(lm.model, str) and lm.model else type(lm).__name__
    address = getattr(lm, "api_base", None)
    model = ModelSpec(
        "litellm", name, strip_login(address) if isinstance(address, str) else None, temperature=own
    )
    return model if not check_model(model) else replace(model, api_base=None)


class _Scorer(FunctionScorer):
    """A reward of this process, which has no worker to start or to end."""

    def start(self) -> None:
        """Nothing has to be started."""

    def close(self) -> None:
        """Nothing has to be ended."""


class ProgramJob(RunJob):
    """Everything that one run of a program of this process needs. spec: its description, from `describe_program` or the log.

    records: the log of the same run, if it resumes after an interruption.
    """

    def __init__(self, program: LiveProgram, spec: ProgramSpec, records: Sequence[Record] = ()) -> None:
        self.spec, self.live = spec, program
        self.anyway, self.kept, self.resumes = False, (), bool(records)
        self.resume_state = ResumeState.of(records) if records else None
        self.program = program.refine.module  # type: ignore[assignment]  # any module does
        self.adviser = program.refine.advice_lm if isinstance(program.refine, Refine) else None
        self.stepper = Stepper()
        reward: RewardFunction = program.refine.reward_fn
        self.scorer = _Scorer(reward, program.refine.reward_fn_code)  # type: ignore[assignment]  # it scores here, in place of a worker
        self.before_record, self.after_record = (), ()
        start = records[0].event if records else None
        if not isinstance(start, RunStarted):
            names = tuple(name for name, _ in program.refine.module.named_predictors())
            temperatures = list_temperatures(
                spec.temperature_schedule, spec.model.temperature or 0.0, spec.attempt_count
            )
            start = RunStarted(spec, temperatures, names, __version__, at_once=program.refine.num_threads)
        self.start = start
        self.plan = Plan.of_run(start)

    def make_driver(self, scope: Scope) -> Driver:
        """The driver of this run, with the validators of the user's own."""
        return Driver(
            self.program,
            self.scorer,
            self.plan,
            self.live.inputs,
            scope,
            self.adviser,
            validators=self.live.refine.validators,
            resume_state=self.resume_state,
            advice_style=AdviceStyle(self.spec.advice_instructions, self.spec.advice_form),
            stepper=self.stepper,
        )
