"""The figure before a run: the attempts that it may make, on the very grid that they will lie on."""

from __future__ import annotations

from refine_core import events as ev
from refine_core.figures.scene import PREDICT, Json
from refine_core.figures.timeline import build_figure
from refine_core.formatting import format_temperature, pluralize
from refine_core.log.timeline import Timeline
from refine_core.loop import Loop, Plan
from refine_core.messages import format_reward
from refine_core.spec import ProgramSpec
from refine_core.spec.schedule import list_temperatures

_EACH = 12  # temperatures told one by one


def build_ghost(spec: ProgramSpec) -> dict[str, Json]:
    """The figure of a run that has not begun: dashed places, the real temperatures, the threshold, the hints that may be given.

    It has the size of the run's own figure, so nothing moves when it begins. The spec may have problems, but must have an attempt to make.
    """
    return build_figure(_planned(spec), ghost=True)


def describe_ghost(spec: ProgramSpec) -> str:
    """The same in words, for whoever cannot see it."""
    planned = _planned(spec)
    count = spec.attempt_count
    sentences = [f"Preview of a run of at most {pluralize(count, 'attempt')}; none has begun."]
    if spec.threshold is not None:
        sentences.append(f"The threshold is {format_reward(planned, spec.threshold)}.")
    if planned.uses_rollouts:
        sentences.append("No temperature is used; each attempt is another rollout.")
    elif count <= _EACH:
        shown = ", ".join(format_temperature(t) for t in planned.temperatures)
        sentences.append(f"Temperatures: {shown}.")
    elif planned.temperatures:
        first, last = planned.temperatures[0], planned.temperatures[-1]
        sentences.append(f"Temperatures from {format_temperature(first)} to {format_temperature(last)}.")
    if count > 1:
        sentences.append(_HINTS[spec.hint_source])
    return " ".join(sentences)


_HINTS = {
    "adviser": "After an attempt below the threshold, advice is asked for, and its hints go to the next attempt.",
    "feedback": "After an attempt below the threshold, the reward's feedback goes to the next attempt as a hint.",
    "none": "No hints are given.",
}


def _planned(spec: ProgramSpec) -> Timeline:
    """A run that has only just started."""
    names = tuple(s.name + (PREDICT if s.strategy == "chain_of_thought" else "") for s in spec.stages)
    temperatures = list_temperatures(
        spec.temperature_schedule, spec.model.temperature or 0.0, spec.attempt_count
    )
    started = ev.RunStarted(spec, temperatures, names, "")
    return Timeline("", spec, temperatures, names, 0.0, Loop(Plan.of_run(started)))
