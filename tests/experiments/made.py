"""Snapshots of experiments, made up without a store: what a page, a file or a sentence is tested with.

make_snapshot(arms=3, rows=60, repeats=2, effect=0.1)       Refine, best of 5 and single, finished
make_snapshot(state="running", done=0.4)                    under way
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.experiments import Arm, Cell, Experiment, Outcome, Snapshot
from refine_core.experiments.outcomes import AttemptFigures
from refine_core.experiments.snapshot import ExperimentState
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec

EXPERIMENT_ID = "20261130-101500-1a2b3c4d"
REWARD = "def reward(inputs, prediction):\n    return len(prediction.headline) <= 60\n"
PARTS = ("short", "price", "keywords")
_KINDS = (("Refine, N {n}", "refine"), ("Best of {n}", "best_of_n"), ("Single", "single"))
_THINGS = ("Cast-iron pan", "Solar torch", "Travel chess set", "Noise-free fan", "Folding saw", "Tea sieve")


def make_snapshot(
    arms: int | Sequence[Arm] = 3,
    rows: int = 60,
    repeats: int = 1,
    effect: float = 0.1,
    *,
    failed: float | Mapping[str, float] = 0.0,
    seed: int = 1,
    attempts: int = 5,
    threshold: float | None = 0.9,
    state: ExperimentState = "finished",
    done: float = 1.0,
    cost: float | None = 0.0006,
    rewards: Callable[[random.Random, str, int], float] | None = None,
    equal_inputs: int = 1,
) -> Snapshot:
    """An experiment as it might be.

    effect: about how much better Refine is than best of n. failed: share of runs without a reward; or arm key -> share. done: share of the cells that have ended.
    cost: dollars of a call; None: unknown. rewards: the reward of a run of an arm on a row, in one attempt, in place of a made-up
    series of attempts. equal_inputs: how many rows in a row have the same inputs.
    """
    rng = random.Random(seed)
    chosen = make_arms(arms, attempts, threshold) if isinstance(arms, int) else tuple(arms)
    experiment = Experiment(
        EXPERIMENT_ID,
        "Headlines: refine or best of 5?",
        1_796_000_000.0,
        "headlines",
        1,
        chosen,
        repeats=repeats,
    )
    cells = tuple(experiment.cells(rows))
    hard = [rng.random() for _ in range(rows)]
    outcomes = {}
    for cell in cells[: round(done * len(cells))]:
        arm = experiment.arm(cell.arm)
        if rng.random() < (failed.get(cell.arm, 0) if isinstance(failed, Mapping) else failed):
            outcomes[cell] = make_failure(cost=cost)
        elif rewards is not None:
            outcomes[cell] = make_outcome([rewards(rng, cell.arm, cell.row)], arm.spec, cost=cost)
        else:
            gain = effect if arm.spec.strategy == "refine" else 0.0
            outcomes[cell] = make_outcome(
                _climb(rng, hard[cell.row - 1], gain, arm.spec), arm.spec, cost=cost
            )
    ended = len(outcomes)
    under_way = frozenset(cells[ended : ended + 4]) if state in ("running", "pausing") else frozenset()
    return Snapshot(experiment, make_dataset(rows, equal_inputs), state, cells, outcomes, under_way)


def make_arms(count: int, attempts: int = 5, threshold: float | None = 0.9) -> tuple[Arm, ...]:
    """So many arms: Refine, best of n, single, and further refined ones."""
    stage = StageSpec("write", "product -> headline")
    made = []
    for place in range(count):
        name, strategy = _KINDS[place] if place < len(_KINDS) else (f"Refine {place + 1}, N {{n}}", "refine")
        spec = ProgramSpec(
            (stage,), REWARD, strategy=strategy, N=attempts, threshold=threshold, model=ModelSpec()
        )
        made.append(Arm(chr(ord("a") + place), name.format(n=attempts), spec))
    return tuple(made)


def make_dataset(rows: int, equal_inputs: int = 1) -> Dataset:
    """Products by number."""
    columns = (Column("product", "input", "product"), Column("budget", "reward only", "budget"))
    return Dataset(
        "headlines",
        "headlines.csv",
        1,
        columns,
        [
            DatasetRow(
                n + 1,
                {
                    "product": f"{_THINGS[n // equal_inputs % len(_THINGS)]}, {n // equal_inputs + 5} euros",
                    "budget": n,
                },
                f"headlines.csv, line {n + 2}",
            )
            for n in range(rows)
        ],
    )


def make_outcome(
    rewards: Sequence[float | None], spec: ProgramSpec, *, cost: float | None = 0.0006
) -> Outcome:
    """A run with these attempts, None for a failed one; Refine makes a call for advice before each but the first."""
    advised = spec.hint_source == "adviser"
    figures = tuple(
        AttemptFigures(
            reward,
            {} if reward is None else make_parts(reward),
            calls := 1 + (advised and place > 0),
            200 * calls,
            None if cost is None else cost * calls,
            reward is not None and spec.threshold is not None and reward >= spec.threshold,
        )
        for place, reward in enumerate(rewards)
    )
    scored = [(one.reward, -place) for place, one in enumerate(figures) if one.reward is not None]
    if not scored:
        return make_failure(cost=cost)
    best, place = max(scored)
    calls = sum(one.calls for one in figures)
    return Outcome(
        "scored",
        best,
        figures,
        "threshold_reached" if figures[-1].reaches else "attempts_used_up",
        -place,
        figures[-place].parts,
        calls,
        200 * calls,
        None if cost is None else cost * calls,
        0.5 * calls,
        1_796_000_100.0,
        failed_attempts=len(figures) - len(scored),
    )


def make_failure(*, cost: float | None = 0.0006) -> Outcome:
    """A run that ended without a reward."""
    attempt = AttemptFigures(None, {}, 1, 200, cost)
    return Outcome(
        "failed", None, (attempt,), "too_many_failures", None, {}, 1, 200, cost, 0.5, 1_796_000_100.0,
        "AdapterParseError", "the reply has no field “headline”", 1,
    )  # fmt: skip


def make_parts(reward: float) -> dict[str, float]:
    """Parts that add up to the reward's twelfths."""
    points = round(min(max(reward, -1e6), 1e6) * 12)
    return {
        "short": float(min(4, points)),
        "price": float(min(4, max(0, points - 4))),
        "keywords": float(max(0, points - 8)),
    }


def _climb(rng: random.Random, hard: float, gain: float, spec: ProgramSpec) -> list[float | None]:
    """Rewards in twelfths; the harder the input, the lower. A refined run gains with each attempt, and stops at the threshold."""
    made: list[float | None] = []
    for attempt in range(spec.attempt_count):
        value = (
            0.75 - 0.4 * hard + 0.25 * (rng.random() - 0.5) + gain * (attempt > 0) * (0.7 + 0.15 * attempt)
        )
        made.append(round(min(1.0, max(0.0, value)) * 12) / 12)
        if spec.threshold is not None and (made[-1] or 0) >= spec.threshold:
            break
    return made


def list_cells(snapshot: Snapshot) -> list[Cell]:
    """Its cells, as a list."""
    return list(snapshot.cells)
