"""Which models take part: a choice among the practice model, saved connections, one typed here, and recordings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from refine_core import connections, runs
from refine_core.errors import StoreError
from refine_core.programs import ModelSpec
from refine_core.runs import RunRow

Kind = Literal["practice", "local", "litellm", "replay"]
HERE: Final = ""  # the name of no connection: what is typed in the form itself
SAME: Final = "same"
PRACTICE: Final = "practice"
KEPT: Final = "kept"
SAVED: Final = "saved:"  # before a connection's name
RECENT_RUNS: Final = 50  # of the newest runs, those that may be replayed


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen.

    models: name of a connection -> its model. recorded: runs that hold replies. renamed: former names -> the one of today.
    """

    models: dict[str, ModelSpec]
    recorded: dict[str, RunRow]
    renamed: dict[str, str] = field(default_factory=dict)

    def name_now(self, name: str) -> str:
        """What a connection of this name is called today."""
        return name if name in self.models else self.renamed.get(name, name)

    def same_model(self, model: ModelSpec) -> str:
        """The connection that `model` was taken from, by its name of today, if it still is that model; else ""."""
        name = self.name_now(model.connection)
        saved = self.models.get(name)
        return name if saved is not None and saved == replace(model, connection=name) else ""


def list_choices() -> Choices:
    """What is saved and recorded now; nothing, where the store cannot be read: the page says so elsewhere."""
    try:
        saved, models = connections.list_connections(), connections.list_models()
        rows = [row for row in runs.recent(RECENT_RUNS) if row.summary.calls]
    except StoreError:
        return Choices({}, {})
    renamed = {old: one.name for one in saved for old in one.former}
    return Choices(models, {row.run_id: row for row in rows}, renamed)


def replay_models(run_id: str, delay_s: float | None) -> tuple[ModelSpec, ModelSpec | None, ModelSpec | None]:
    """Model, adviser and judge of a replay of that run; a model without a recording where there is none."""
    try:
        run = runs.get(run_id)
    except StoreError:
        run = None
    if run is None:
        return ModelSpec(kind="replay", recording_id=run_id or None, delay_s=delay_s), None, None
    again = runs.replay_program(run.timeline.spec, run_id, delay_s=delay_s)
    return again.model, again.adviser, again.judge


def read_role(chosen: str, kept: ModelSpec | None, choices: Choices) -> ModelSpec | None:
    """The model of an adviser or judge: None for that of the program. kept: as the loaded description has it.

    A connection that was removed meanwhile is no model, so that Run does not ask another in its place.
    """
    match chosen:
        case "same":
            return None
        case "practice":
            return ModelSpec()
        case "kept":
            return kept
        case _:
            name = chosen.removeprefix(SAVED)
            return choices.models.get(name) or ModelSpec(kind="litellm", connection=name)


def choose_role(model: ModelSpec | None, choices: Choices) -> str:
    """The inverse: what to choose for a described model."""
    if model is None:
        return SAME
    if model == ModelSpec():
        return PRACTICE
    name = choices.same_model(model)
    return SAVED + name if name else KEPT
