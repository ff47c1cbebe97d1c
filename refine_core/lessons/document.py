"""A lesson as data: what a learner reads, predicts, runs and is asked, and what must come out.

assets/lessons/02-best-of-n/
    lesson.json       title, example, measures, prediction, claims, check
    text.md           what is read: "# Example", "# Predict", "# Compare", "# Check", "# Remember", "# Another model", "# Room"
    experiment.json   what is run, as `refinescope batch` takes it, with its table (inputs.csv)
    weights.json      what the practice model knows of it, if anything (refine_core/practice)
    start.py          the reward that the check begins with, and solution.py, what "Show me" shows, if it asks for code
    cases.json        outputs that the check scores, as refine_core.cases reads them, if it asks for code
    expected.json     what came out at its seed, which `refinescope lesson check --write` writes

A curve is a mapping {x: y}, so `right[4]` is its value at 4. Expressions: refine_core/lessons/expressions.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from refine_core.cases import CaseSet
from refine_core.experiments.json_document import ExperimentDocument

Step = Literal["example", "predict", "run", "compare", "check"]
STEPS: Final[tuple[Step, ...]] = ("example", "predict", "run", "compare", "check")
MAX_WORDS: Final = 250
MAX_MINUTES: Final = 8


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that is read off the recorded runs. kind: its function in refine_core/lessons/measures. arguments: of that function."""

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """The worked example: one run of the experiment, which is shown whole. arm: its key. row: from 1."""

    arm: str
    row: int = 1


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is guessed before the run, and what it is compared with.

    kind: a number on a slider, one of some choices, or a curve that is drawn. measure: what it is a guess of, an expression such as
    "right" or "warm.count": a number, the index of a choice from 0, or a curve. scale: what a measured number is multiplied by to be in the
    guess's unit, 100 for a share in percent. low, high, step: of the axis. unit: "" or what stands after a number, such as "%".
    axis, x_axis: their titles. x: of a curve. given: those of x whose point is shown from the start. choices: texts, in order.
    theory: a measure that is drawn as a dotted line once the outcome is shown, or ""; theory_title: what its legend says.
    near: how far off, in the unit, still counts as right. bars: of each choice a curve or "", drawn as bars in it once the outcome is shown.
    room_x: the one of x that a class is asked about; None: the one in the middle.
    """

    kind: Literal["number", "choice", "curve"]
    measure: str
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    unit: str = ""
    axis: str = ""
    x_axis: str = ""
    x: tuple[float, ...] = ()
    given: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()
    theory: str = ""
    theory_title: str = ""
    bars: tuple[str, ...] = ()
    scale: float = 1.0
    near: float = 0.0
    room_x: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The task at the end.

    kind, and what a right answer is:
        number   between `low` and `high`, both included, which may be expressions over measures
        choice   the index `right` of `choices`, or an expression
        reward   code: each of `cases` scores as wanted; with an `arm`, that arm is then run with the code, and `right` holds of `measures`
        output   text for a field: the lesson's reward pays it at least `low`, and the reward `held_out` at most `high`
    wrong: in order, (condition over `answer` and measures, what is said to it); the last may have the condition "". hints: help, in steps.
    hidden: names of cases whose outputs are never shown, so that code cannot be written for them alone.
    bars: of each choice a curve, drawn as bars in it; axis: what they show.
    solution: what "Show me" shows; "": the answer itself. start: the code that is there first. Both, and `held_out`, may name a file: "start.py".
    These sentences are texts with expressions, too. Where code is run, they may name its measures, and
    of the cases, how many get feedback (explained), and feedback with a value in it that only the reward should see (given_away).
    """

    kind: Literal["number", "choice", "reward", "output"]
    low: str = ""
    high: str = ""
    step: float = 1.0
    right: str = ""
    choices: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    axis: str = ""
    wrong: tuple[tuple[str, str], ...] = ()
    hints: tuple[str, ...] = ()
    solution: str = ""
    start: str = ""
    cases: CaseSet | None = None
    hidden: tuple[str, ...] = ()
    held_out: str = ""
    arm: str = ""
    measures: Mapping[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson that has been read.

    name: of its folder, "02-best-of-n". number: from 1, by the folder's name. title: a question. predicts: what is predicted, for the list.
    minutes: how long it takes. texts: heading -> Markdown with `{expressions}` over measures. claims: what must hold at the seed of its
    experiment, and at 20 other seeds but those in `admits`. expected: the measures at that seed, as its test has computed them: all that
    may be shown before the run.
    """

    name: str
    number: int
    folder: Path
    title: str
    predicts: str
    minutes: int
    texts: Mapping[str, str]
    experiment: ExperimentDocument
    example: Example
    measures: Mapping[str, Measure]
    prediction: Prediction
    check: Check
    claims: tuple[str, ...] = ()
    admits: frozenset[int] = frozenset()
    expected: Mapping[str, Any] = field(default_factory=dict)
