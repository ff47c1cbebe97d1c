"""What a document of an experiment says, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from refine_core.datasets import Column
from refine_core.experiments.document import Arm, Budget, RateLimit


@dataclass(frozen=True, slots=True)
class Table:
    """Where an experiment's rows come from.

    file: a table; saved: the name or the id of a saved dataset; else the rows stand in the document: column -> value. columns: what was
    said of some of them; the role of another column is guessed, or as it was saved. name: for people.
    """

    file: Path | None = None
    rows: tuple[Mapping[str, object], ...] = ()
    columns: tuple[Column, ...] = ()
    name: str = ""
    saved: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentDocument:
    """What a document says, checked as far as it can be without its table. dataset: None where it names none."""

    name: str
    arms: tuple[Arm, ...]
    dataset: Table | None = None
    rows: int | None = None
    repeats: int = 1
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    rate_limits: Mapping[str, RateLimit] = field(default_factory=dict)
