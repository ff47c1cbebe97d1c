"""What an experiment can be set up from: programs, rewards, models; each looked up only where it is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from pages.shared.new_experiment import choose_spec
from pages.shared.text import capitalize
from refine_core import connections, programs, runs, workbench
from refine_core.errors import RewardError, StoreError
from refine_core.experiments.drafts import ProgramChoice, RewardChoice
from refine_core.formatting import format_time
from refine_core.programs import ModelSpec
from refine_core.runs import ListedRun
from refine_core.workbench import SavedReward

logger = logging.getLogger("refine_core")
RECENT_RUNS: Final = 10
PRACTICE_MODEL: Final = "Practice model"
T = TypeVar("T")


def list_examples() -> list[ProgramChoice]:
    """The worked examples."""
    return [ProgramChoice(one.title, one.spec) for one in programs.EXAMPLES.values()]


def list_saved_programs() -> list[ProgramChoice]:
    """The saved programs, by name."""
    return [ProgramChoice(name, spec) for name, spec in (_look(programs.list_programs) or {}).items()]


def list_recent_runs() -> list[tuple[str, ListedRun]]:
    """The newest runs whose program could be run on other inputs, each with what it is called."""
    page = _look(lambda: runs.search(size=RECENT_RUNS))
    if page is None:
        return []
    return [(f"{one.name}, {format_time(one.summary.started_at)}", one) for one in page.rows]


def choose_run(run_id: str) -> ProgramChoice | None:
    """The program of a run, or None where there is none that could be run on other inputs."""
    timeline = _look(lambda: runs.timeline(run_id))
    if timeline is None or timeline.spec.program_file:
        return None
    return choose_spec(timeline.spec, run_id)


def list_rewards() -> list[tuple[SavedReward, RewardChoice | str]]:
    """The saved rewards in their latest version, each as it can be chosen, or why no run can call it."""
    return [(saved, _choose_reward(saved)) for saved in (_look(workbench.list_rewards) or {}).values()]


def choose_version(saved: SavedReward, number: int) -> RewardChoice | str:
    """A version of a saved reward, or why no run can call it."""
    return _choose_reward(saved, number)


def _choose_reward(saved: SavedReward, number: int | None = None) -> RewardChoice | str:
    version = (saved.version(number) if number is not None else None) or saved.latest
    try:
        called = workbench.read_for_run(version.source, version.reading)
    except RewardError as error:
        return capitalize(error.message)
    return RewardChoice(
        f"{saved.name}, version {version.number}",
        version.source,
        called.reward_name,
        called.reward_shape,
        dict(called.reward_arguments),
    )


def list_models() -> dict[str, ModelSpec]:
    """What it is called -> the model: the practice model, the small one on this machine, and the saved connections."""
    return {PRACTICE_MODEL: ModelSpec(), **(_look(connections.list_models) or {})}


def name_model(model: ModelSpec) -> str:
    """A model as a person calls it: its connection, or its own name without the provider."""
    if model.kind == "practice":
        return PRACTICE_MODEL
    return model.connection or model.model.rpartition("/")[2] or model.label


def _look(look: Callable[[], T]) -> T | None:
    try:
        return look()
    except StoreError as error:
        logger.warning("what an experiment can be set up from cannot be listed: %s", error)
        return None
