"""Where a result belongs: its name, what it took, and what can be done with it."""

from __future__ import annotations

import datetime
import math
from typing import Final

from pages.batch.header import draw_header
from pages.batch.result.export import draw_export
from pages.batch.result.more import draw_more
from pages.batch.result.what_if import draw_switch
from refine_core.experiments import Snapshot
from refine_core.formatting import format_cost, format_duration, join_words, pluralize

_HOUR, _DAY = 3_600, 86_400
_LONG_S: Final = 100
_MODELS_NAMED: Final = 2


def draw_result_header(snapshot: Snapshot) -> None:
    """Draw the row."""
    experiment = snapshot.experiment

    def actions() -> None:
        draw_switch(snapshot)
        draw_export(snapshot)
        draw_more(snapshot)

    draw_header(experiment.name, describe_run(snapshot), actions=actions, key=experiment.id)


def describe_run(snapshot: Snapshot) -> str:
    """What was run, on which models, when, for how long without pauses, and for how much: "480 runs on openai/tiny, 29 November, 7 min, $1.53"."""
    total = len(snapshot.cells)
    count = pluralize(total, "run") if snapshot.done == total else f"{snapshot.done:,} of {total:,} runs"
    facts = [f"{count} on {_name_models(snapshot)}", _day(snapshot.experiment.created_at)]
    if (worked_s := snapshot.worked_s) is not None:
        facts += [_took(worked_s), _cost(snapshot)]
    return ", ".join(facts)


def _name_models(snapshot: Snapshot) -> str:
    """The models that the programs ask, or how many they are."""
    asked = list(dict.fromkeys(arm.spec.model.label for arm in snapshot.experiment.arms))
    return join_words(asked) if len(asked) <= _MODELS_NAMED else f"{len(asked)} models"


def _day(at: float) -> str:
    then = datetime.datetime.fromtimestamp(at).astimezone()
    now = datetime.datetime.now().astimezone()
    return f"{then.day} {then:%B}" + ("" if then.year == now.year else f" {then.year}")


def _took(seconds: float) -> str:
    """A duration without what nobody needs: "12 s", "7 min", "3 h 20 min"."""
    if seconds < _LONG_S:
        return format_duration(seconds)
    if seconds < _HOUR:
        return f"{round(seconds / 60)} min"
    if seconds < 2 * _DAY:
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{hours} h {minutes} min"
    return f"{round(seconds / _DAY)} days"


def _cost(snapshot: Snapshot) -> str:
    if snapshot.spent is not None:
        return format_cost(snapshot.spent.usd)
    costs = [one.cost_usd for one in snapshot.outcomes.values()]
    known = [one for one in costs if one is not None]
    return format_cost(math.fsum(known) if len(known) == len(costs) else None)
