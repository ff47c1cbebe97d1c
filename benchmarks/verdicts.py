"""How well the verdict of an experiment holds: simulated experiments whose truth is known.

    python -m benchmarks.verdicts                     the table of docs/batch.md, a minute
    python -m benchmarks.verdicts --experiments 20000

A scenario draws both programs' rewards on n inputs that are harder or easier for both (correlation 0.5 unless it says otherwise).
covers: the share of 95 % intervals that hold the true difference. wrong: of two equal programs, how often one is called better.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from refine_core.statistics import compare_arms

SIZES = (15, 20, 30, 60, 100)
EFFECTS = (0.0, 0.1, 0.3)
LEVELS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
LEVEL_EDGES = np.array([0.1, 0.3, 0.6, 0.8])  # P(level ≤ …): most get the middle one

Draw = Callable[[np.random.Generator, tuple[int, int], float], tuple[np.ndarray, np.ndarray, float]]
"""Rewards of two programs, one experiment a row, and their true difference; for an effect."""


def draw_ranks(
    rng: np.random.Generator, shape: tuple[int, int], correlation: float
) -> tuple[np.ndarray, np.ndarray]:
    """How well two programs do on the same inputs, each uniform from 0 to 1."""
    shared = rng.standard_normal(shape) * correlation**0.5
    own = [rng.standard_normal(shape) * (1 - correlation) ** 0.5 for _ in range(2)]
    return to_rank(shared + own[0]), to_rank(shared + own[1])


def to_rank(values: np.ndarray) -> np.ndarray:
    """The normal distribution's share below each value (Abramowitz and Stegun 26.2.17, to 1e-7)."""
    t = 1 / (1 + 0.2316419 * np.abs(values))
    tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail *= np.exp(-values * values / 2) / np.sqrt(2 * np.pi)
    return np.where(values > 0, 1 - tail, tail)


def binary(share: float, correlation: float = 0.5) -> Draw:
    """1 with this chance in the second program, and `effect` more in the first; less, where more would leave 0.9 behind."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], effect: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        other = share + effect if share + effect < 0.9 else share - effect
        a, b = draw_ranks(rng, shape, correlation)
        return (a < other).astype(float), (b < share).astype(float), other - share

    return draw


def continuous(correlation: float = 0.5) -> Draw:
    """Uniform from 0 to 0.7 in the second program; the first has the effect on top."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], effect: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        a, b = draw_ranks(rng, shape, correlation)
        return 0.7 * a + effect, 0.7 * b, effect

    return draw


def tied(correlation: float = 0.5) -> Draw:
    """Five values, so that many inputs get the same from both programs; the first gets some from a shifted distribution."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], effect: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        a, b = draw_ranks(rng, shape, correlation)
        # P(reward > level) of the first is raised in proportion to what is missing, so that its mean is `effect` higher
        mean = 1 - LEVEL_EDGES.mean()
        edges = LEVEL_EDGES * (1 - effect / (1 - mean))
        return LEVELS[np.searchsorted(edges, a)], LEVELS[np.searchsorted(LEVEL_EDGES, b)], effect

    return draw


def sparse(share: float) -> Draw:
    """Binary rewards that differ on this share of inputs at most, whatever the effect: nearly always both programs get the same."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], effect: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        b = rng.random(shape) < 0.5
        changes = rng.random(shape) < share
        up = rng.random(shape) < 0.5 + min(0.5, effect / share / 2)
        a = np.where(changes, up, b)
        true = share * (min(1.0, 0.5 + effect / share / 2) - 0.5)
        return a.astype(float), b.astype(float), true

    return draw


HELD: dict[str, Draw] = {
    "binary, 0.2": binary(0.2),
    "binary, 0.5": binary(0.5),
    "binary, 0.8": binary(0.8),
    "continuous": continuous(),
    "many ties": tied(),
}
"""What the test of the issue holds."""

REPORTED: dict[str, Draw] = {
    "binary, 0.05": binary(0.05),
    "binary, 0.95": binary(0.95),
    "binary, 0.2, no correlation": binary(0.2, 0.0),
    "binary, 0.5, correlation 0.9": binary(0.5, 0.9),
    "continuous, correlation 0.95": continuous(0.95),
    "at most two inputs in ten differ": sparse(0.2),
    "at most one input in twenty differs": sparse(0.05),
}


@dataclass
class Count:
    """Of simulated experiments. silent: all rewards were equal, so that nothing was said."""

    experiments: int = 0
    covered: int = 0
    clear: int = 0
    silent: int = 0

    @property
    def coverage(self) -> float:
        """Of the intervals there were."""
        return self.covered / max(1, self.experiments - self.silent)

    @property
    def wrong(self) -> float:
        """How often a difference was called clear; of equal programs, wrongly."""
        return self.clear / self.experiments


def simulate(
    draw: Draw, effect: float, experiments: int, seed: int, sizes: tuple[int, int] = (15, 100)
) -> Count:
    """So many experiments, each of as many inputs as chance says between these sizes, both of them possible."""
    rng = np.random.default_rng(seed)
    a, b, true = draw(rng, (experiments, sizes[1]), effect)
    counts = rng.integers(sizes[0], sizes[1], size=experiments, endpoint=True).tolist()
    found = Count(experiments)
    for first, second, n in zip(a.tolist(), b.tolist(), counts, strict=True):
        result = compare_arms(first[:n], second[:n])
        if result is None:
            found.silent += 1
            continue
        found.covered += result.low <= true <= result.high
        found.clear += result.is_clear
    return found


def measure(scenarios: dict[str, Draw], experiments: int) -> Iterator[tuple[str, float, int, Count]]:
    """Each scenario, effect and size."""
    for name, draw in scenarios.items():
        for effect in EFFECTS:
            for n in SIZES:
                yield name, effect, n, simulate(draw, effect, experiments, seed=n, sizes=(n, n))


def main() -> None:
    """Print what was measured, as Markdown."""
    parser = argparse.ArgumentParser(description="Simulated experiments whose truth is known.")
    parser.add_argument("--experiments", type=int, default=2000, help="of each scenario, effect and size")
    experiments = parser.parse_args().experiments
    print("| rewards | effect | " + " | ".join(f"n = {n}" for n in SIZES) + " | wrong, of equal programs |")
    print("|---|---|" + "---|" * len(SIZES) + "---|")
    cells: dict[tuple[str, float], list[Count]] = {}
    for name, effect, _, count in measure({**HELD, **REPORTED}, experiments):
        cells.setdefault((name, effect), []).append(count)
    for (name, effect), counts in cells.items():
        covers = " | ".join(f"{100 * one.coverage:.1f} %" for one in counts)
        wrong = ", ".join(f"{100 * one.wrong:.1f}" for one in counts) + " %" if effect == 0 else ""
        print(f"| {name} | {effect} | {covers} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()
