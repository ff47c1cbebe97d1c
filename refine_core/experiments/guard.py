"""What is bound to happen in every cell of an arm stops the arm.

A refused key at the first cell that meets it; a model that only refuses, once it is given up (refine_core.lm.turns, rule 4); a server
that answers nobody any more; a reward that fails on several rows. An attempt that met a refused key, a refusing model or a silent server is
not counted as failed: the run has no end, and goes on from there once that is put right.
"""

from __future__ import annotations

import ast
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from refine_core.errors import (
    ArmStopped,
    CellSetAside,
    LMCreditError,
    LMKeyError,
    LMNotFoundError,
    LMStillRefusedError,
)
from refine_core.events import AttemptFailed, Event, Fault, LMFailed, LMReplied, LMRequested
from refine_core.experiments.spending import SharedBudget
from refine_core.log.span import Span
from refine_core.python_parser import parse_module

KEY_ERRORS: Final = tuple(kind.__name__ for kind in (LMKeyError, LMCreditError))
"""What another key may put right."""
HOPELESS = tuple(kind.__name__ for kind in (LMKeyError, LMNotFoundError, LMCreditError, LMStillRefusedError))
ROWS_IN_DOUBT: Final = 5
"""On so many rows a reward fails, before any is scored, until it is taken for one that fails on all."""

UNANSWERED_IN_A_ROW: Final = 10
"""So many calls of one model without an answer, their retries included and with no answer between them: its server is taken to be gone."""


class AnswerGuard:
    """Whether the server of a model still answers, in whatever arm.

    A call without an answer sets its cell aside, to go on later; it counts as that cell's own failure only where another call was answered
    since. So a server that dies costs no cell anything. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._answers: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()
        self._set_aside: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def note_answer(self, model: str) -> None:
        """Its server said something."""
        with self._lock:
            self._answers[model] += 1
            self._unanswered[model] = 0

    def sets_aside(self, model: str, cell: str) -> bool:
        """Whether this cell, of which a call got no answer, is to go on later. False: it failed by itself."""
        with self._lock:
            self._unanswered[model] += 1
            answers = self._answers[model]
            return self._set_aside.setdefault((model, cell), answers) == answers

    def is_gone(self, model: str) -> bool:
        """Whether no further call of this model is worth a try."""
        with self._lock:
            return self._unanswered[model] >= UNANSWERED_IN_A_ROW


class RewardGuard:
    """Whether an arm's reward fails on every row, or only on some.

    An error may be bound to come again in a run and not on another row, whose inputs differ. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._failed: dict[str, set[int]] = {}
        self._scored: set[str] = set()
        self._lock = threading.Lock()

    def note_score(self, arm: str) -> None:
        """A cell of this arm was scored: what fails on another row is that row's."""
        with self._lock:
            self._scored.add(arm)

    def fails_everywhere(self, arm: str, row: int, error: Fault, source: str) -> bool:
        """Whether an error on this row is taken to come on every row of the arm. source: of its reward."""
        if not (error.repeats and error.blame == "program"):
            return False
        with self._lock:
            if arm in self._scored:
                return False
            rows = self._failed.setdefault(arm, set())
            rows.add(row)
            return len(rows) >= ROWS_IN_DOUBT or _is_outside_functions(source, error.line)


@dataclass(slots=True)
class BeforeRecord:
    """The sink of a cell that comes before its recorder. fails_everywhere: whether an error of its reward comes on every row."""

    budget: SharedBudget
    stop_arm: Callable[[Fault], None]
    fails_everywhere: Callable[[Fault], bool]

    def accept(self, span: Span, event: Event) -> None:
        """Raises BudgetUsedUp, ArmStopped; then the event is not recorded."""
        self.budget.accept(span, event)
        if isinstance(event, AttemptFailed) and self.fails_everywhere(event.error):
            self.stop_arm(event.error)
            raise ArmStopped(event.error.message)


@dataclass(slots=True)
class AfterRecord:
    """The sink of a cell that comes after its recorder, since what a failed call cost must be on record.

    cell: the id of its run. stop_model: stops every arm that asks a model, and says why. is_set_aside: whether the cell is to go on later.
    """

    cell: str
    budget: SharedBudget
    answers: AnswerGuard
    stop_arm: Callable[[Fault], None]
    stop_model: Callable[[str, str], None]
    is_set_aside: bool = False
    _asked: dict[Span, str] = field(default_factory=dict)

    def accept(self, span: Span, event: Event) -> None:
        """Raises BudgetUsedUp, ArmStopped, CellSetAside."""
        self.budget.check_retry(event)
        match event:
            case LMRequested(model=model):
                self._asked[span] = model
            case LMReplied():
                self.answers.note_answer(self._asked.pop(span, event.model))
            case LMFailed(error=error):
                self._stop_or_go_on(self._asked.pop(span, ""), error)

    def _stop_or_go_on(self, model: str, error: Fault) -> None:
        if error.type in HOPELESS:
            self.stop_arm(error)
            raise ArmStopped(error.message)
        if not error.unanswered:
            self.answers.note_answer(model)
        elif self.answers.sets_aside(model, self.cell):
            self.is_set_aside = True
            if self.answers.is_gone(model):
                self.stop_model(model, _explain_gone(error))
            raise CellSetAside(error.message)


def _explain_gone(error: Fault) -> str:
    happened = error.message.removesuffix(" Try again.").replace(" Try again, or allow", " Allow")
    return f"{happened} {UNANSWERED_IN_A_ROW} calls in a row got no answer. Resume once it answers."


def _is_outside_functions(source: str, line: int | None) -> bool:
    """Whether a line of a reward runs as it is loaded, so that no row has a part in what it does."""
    try:
        tree = parse_module(source)
    except (SyntaxError, ValueError, RecursionError):
        return True
    inside = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    )
    return line is not None and not any(node.lineno <= line <= (node.end_lineno or 0) for node in inside)
