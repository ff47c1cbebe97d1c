"""One row a measure, and the Markdown table that they make."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

SHOWN = ("litellm", "sqlalchemy", "streamlit")


class NotMeasured(Exception):  # noqa: N818 - it is told below the table, and is nobody's error
    """Something that a measure needs is not there. Its text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ours, other: medians, in `unit`. against: what `other` is, a peer measured in the same run or a bound.
    at_most: the largest ratio ours / other that meets the bound; None: for information.
    """

    measure: str
    ours: float
    against: str = ""
    other: float | None = None
    at_most: float | None = None
    unit: Literal["s", "MB"] = "s"

    @property
    def ratio(self) -> float | None:
        """How ours compares to the other; None without a peer or bound."""
        return None if not self.other else self.ours / self.other

    @property
    def met(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        return None if self.at_most is None or self.ratio is None else self.ratio <= self.at_most


def markdown(rows: Iterable[Row]) -> str:
    """The table. A bold "no" marks a bound that is not met."""
    lines = ["| measure | ours | peer or bound | ratio | met |", "|---|---:|---:|---:|:---:|"]
    for row in rows:
        other = "" if row.other is None else f"{row.against} {quantity(row.other, row.unit)}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        if row.at_most not in (None, 1.0):
            ratio += f" (at most {row.at_most:.2f})"
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        lines.append(f"| {row.measure} | {quantity(row.ours, row.unit)} | {other} | {ratio} | {met} |")
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
