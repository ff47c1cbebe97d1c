"""What of a recorded program the form cannot rebuild, in sentences: its predictors, reward and settings are on record, its own code is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from refine_core.errors import SignatureError
from refine_core.formatting import pluralize
from refine_core.log.timeline import Timeline
from refine_core.play.captions import join_names
from refine_core.programs.reward_source import check_spec_reward
from refine_core.refine.build import list_program_inputs
from refine_core.spec import ProgramSpec

_TOOL = "next_tool_name"  # an output of the predictor of dspy's ReAct that chooses a tool
_NAMED = 4


def describe_rebuild(recorded: Timeline, form: ProgramSpec) -> tuple[str, ...]:
    """What differs from the program that was recorded, and what is still to be filled in; () where all of it could be rebuilt.

    form: the description in the form, which may have been edited since.
    """
    if not recorded.recorded_from:
        return ()
    return (
        *_program(recorded), *_inputs(recorded, form), *_settings(recorded), *_reward(recorded, form),
        *describe_address(recorded, form),
    )  # fmt: skip


def describe_address(recorded: Timeline, form: ProgramSpec) -> tuple[str, ...]:
    """Where the model of a recorded program would be asked, if no address is on record; () where it is, and for another model.

    A class of the script's own, or an address that a trace does not hold, cannot be told from a provider's model.
    """
    model = form.model
    if (
        not recorded.recorded_from
        or model != recorded.spec.model
        or model.kind != "litellm"
        or model.api_base
    ):
        return ()
    return (
        (
            f"{model.label} is asked by its name, at its provider's usual address: no other is recorded. "
            "Choose another model if the program asked it elsewhere, or by a class of its own."
        ),
    )


def _program(recorded: Timeline) -> Iterator[str]:
    spec = recorded.spec
    if not spec.program_file:
        return
    stages = [stage.name for stage in spec.stages]
    name = spec.title or "This program"
    if len(stages) > 1:
        yield f"{name} joins its predictors in its own code, which is not recorded. Here they run one after the other: {', '.join(stages)}."
    else:
        yield f"{name} calls its predictor in its own code, which is not recorded. Here the predictor runs alone."
    if any(_TOOL in stage.signature for stage in spec.stages):
        yield "It calls tools, which are not recorded. Here the model names a tool and none is called."
    if any(run.inner for attempt in recorded.attempts for run in attempt.predictors):
        yield "It refines inside each attempt. Here there is no inner refinement."
    if often := _called_often(recorded):
        names = join_names([f"{name} ({count} times)" for name, count in often.items()])
        yield f"In an attempt it called {names}. Here each predictor runs once."


def _called_often(recorded: Timeline) -> dict[str, int]:
    """Predictor -> its most calls in an attempt, for those with several; those of an inner refinement are told otherwise."""
    most: dict[str, int] = {}
    for attempt in recorded.attempts:
        calls = Counter(run.name for run in attempt.predictors if not run.inner)
        most |= {name: max(count, most.get(name, 0)) for name, count in calls.items() if count > 1}
    return most


def _inputs(recorded: Timeline, form: ProgramSpec) -> Iterator[str]:
    try:
        wanted = list_program_inputs(form)
    except SignatureError:
        return
    missing = [name for name in wanted if name not in recorded.spec.inputs and not form.inputs.get(name)]
    if missing:
        yield f"Its own code made {join_names(missing)}. Type a value for {'it' if len(missing) == 1 else 'each'}."


def _settings(recorded: Timeline) -> Iterator[str]:
    spec = recorded.spec
    if "N" in recorded.unknown:
        yield f"N is not in the trace. It stands at {spec.N}, as {pluralize(spec.N, 'attempt')} {'was' if spec.N == 1 else 'were'} made."
    if "threshold" in recorded.unknown:
        yield "The threshold is not in the trace. None is set."


def _reward(recorded: Timeline, form: ProgramSpec) -> Iterator[str]:
    if form.reward.lstrip().startswith("#") and "def " not in form.reward and "lambda" not in form.reward:
        yield "The source of the reward is not recorded. Write one, or take one from the library."
        return
    names = [one.subject for one in check_spec_reward(form) if one.code == "unknown-name" and one.subject]
    if names and form.reward == recorded.spec.reward:
        shown = join_names(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
        yield f"The reward uses {shown} from its own file, which is not recorded. Add what is missing."
