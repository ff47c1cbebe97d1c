"""One row a measure, and the Markdown table that they make."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal

from benchmarks.peers import DSPY, ORIGINAL, NotMeasured

__all__ = ["NotMeasured", "Row", "machine", "markdown", "quantity"]

SHOWN = ("litellm", "sqlalchemy", "streamlit")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ours, other: medians, in `unit`. against: what `other` is, a peer measured in the same run or a bound.
    at_most: the largest ratio ours / other that meets the bound; None: for information.
    peers: version of dspy -> what it took, in `unit`. unit "times": a multiple of something the measure names.
    """

    measure: str
    ours: float
    against: str = ""
    other: float | None = None
    at_most: float | None = None
    unit: Literal["s", "MB", "times"] = "s"
    peers: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def beside(
        cls, measure: str, ours: float, peers: Mapping[str, float], at_most: float | None = None
    ) -> Row:
        """A row whose ratio is to the newest dspy's seconds."""
        return cls(measure, ours, f"dspy {DSPY}", peers[DSPY], at_most, peers=peers)

    @property
    def ratio(self) -> float | None:
        """How ours compares to the other; None without a peer or bound."""
        return None if not self.other else self.ours / self.other

    @property
    def met(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        return None if self.at_most is None or self.ratio is None else self.ratio <= self.at_most


def markdown(rows: Iterable[Row]) -> str:
    """The table, ratios first. A bold "no" marks a bound that is not met."""
    lines = [
        f"| measure | ratio | at most | met | ours | to | dspy {DSPY} | dspy {ORIGINAL} |",
        "|---|---:|---:|:---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        ratio, bound = ("" if part is None else f"{part:.2f}" for part in (row.ratio, row.at_most))
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        to = row.against  # a peer's own figure is in its own column
        if row.other is not None and not row.against.startswith("dspy "):
            to = f"{row.against} {quantity(row.other, row.unit)}"
        peers = [
            quantity(row.peers[name], row.unit) if name in row.peers else "" for name in (DSPY, ORIGINAL)
        ]
        cells = [row.measure, ratio, bound, met, quantity(row.ours, row.unit), to, *peers]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def machine(also: Sequence[str] = ()) -> str:
    """What it was measured on: cores, Python and versions; nothing that names a machine or a person."""
    from refine_core import __version__

    versions = ", ".join([f"{name} {version(name)}" for name in SHOWN] + list(also))
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Refinescope {__version__} on {system}, Python {platform.python_version()}; {versions}. Medians."


def quantity(value: float, unit: str) -> str:
    """Three digits with a unit: 0.00273 s -> "2.73 ms"."""
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms" if value < 0.1 else f"{value * 1000:.0f} ms"
    return f"{value:.3g} {unit}"
