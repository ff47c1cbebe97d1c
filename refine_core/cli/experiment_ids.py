"""An experiment that somebody names on the command line: by its id, or by a part of it that no other has; or last, the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from refine_core.cli.output import BadInput, Question
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from refine_core.experiments import Snapshot

_NEWEST: Final = "last"
_NAMED: Final = 10


def find_experiment_id(text: str, *, as_json: bool) -> str:
    """The whole id of the experiment that `text` names. Raises BadInput if there is none; Question if there are several."""
    from refine_core import experiments

    listed = experiments.list_experiments()
    if text.strip() == _NEWEST and listed:
        return listed[0].experiment.id
    found = _match(text, {one.experiment.id: one.experiment.name for one in listed})
    if len(found) == 1:
        return next(iter(found))
    if not found:
        hint = (
            "`refinescope batch --list` lists them."
            if listed
            else "There is none yet; refinescope batch --help says how to make one."
        )
        raise BadInput(f"There is no experiment {one_line(text)}. {hint}")
    candidates = [{"id": key, "title": name} for key, name in [*found.items()][:_NAMED]]
    lines = [f"  {one['id']}  {one['title']}" for one in candidates]
    raise Question(
        "\n".join(
            [f"{len(found):,} experiments begin with {text.strip()}. Write more of the id of one:", *lines]
        ),
        ask={"experiment": text.strip(), "candidates": candidates},
        as_json=as_json,
    )


def names_experiment(text: str) -> str | None:
    """The id of the experiment that `text` names, and no run; None where it names none, or leaves a doubt."""
    from refine_core import experiments, runs

    part = text.strip()
    if not part or part == _NEWEST or runs.default().store.row(part) is not None:
        return None
    found = _match(part, {one.experiment.id: one.experiment.name for one in experiments.list_experiments()})
    return next(iter(found)) if len(found) == 1 else None


def get_snapshot(experiment_id: str) -> Snapshot:
    """The experiment as it is now. Raises BadInput if it is gone."""
    from refine_core import experiments

    snapshot = experiments.get(experiment_id)
    if snapshot is None:
        raise BadInput(f"The experiment {experiment_id} is gone from the history.")
    return snapshot


def _match(text: str, names: dict[str, str]) -> dict[str, str]:
    part = text.strip()
    if part in names:
        return {part: names[part]}
    return {
        key: name
        for key, name in names.items()
        if part and (key.startswith(part) or key.rpartition("-")[2].startswith(part))
    }
