"""What is bound to happen in every cell of an arm stops the arm.

A refused key at the first cell that meets it; a model that only refuses, once it is given up (refine_core.lm.turns, rule 4); a reward
that fails on several rows. An attempt that met a refused key or model is not counted as failed: the run has no end, and goes on from there once that is put right.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from refine_core.errors import ArmStopped, LMCreditError, LMKeyError, LMNotFoundError, LMStillRefusedError
from refine_core.events import AttemptFailed, Event, Fault, LMFailed
from refine_core.experiments.spending import SharedBudget
from refine_core.log.span import Span

HOPELESS = tuple(kind.__name__ for kind in (LMKeyError, LMNotFoundError, LMCreditError, LMStillRefusedError))
ROWS_IN_DOUBT: Final = 5
"""On so many rows a reward fails, before any is scored, until it is taken for one that fails on all."""


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
    stop_arm: Callable[[str], None]
    fails_everywhere: Callable[[Fault], bool]

    def accept(self, span: Span, event: Event) -> None:
        """Raises BudgetUsedUp, ArmStopped; then the event is not recorded."""
        self.budget.accept(span, event)
        if isinstance(event, AttemptFailed) and self.fails_everywhere(event.error):
            self.stop_arm(event.error.message)
            raise ArmStopped(event.error.message)


@dataclass(slots=True)
class AfterRecord:
    """The sink of a cell that comes after its recorder, since what a failed call cost must be on record."""

    budget: SharedBudget
    stop_arm: Callable[[str], None]

    def accept(self, _: Span, event: Event) -> None:
        """Raises BudgetUsedUp, ArmStopped."""
        self.budget.check_retry(event)
        if isinstance(event, LMFailed) and event.error.type in HOPELESS:
            self.stop_arm(event.error.message)
            raise ArmStopped(event.error.message)


def _is_outside_functions(source: str, line: int | None) -> bool:
    """Whether a line of a reward runs as it is loaded, so that no row has a part in what it does."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return True
    inside = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    )
    return line is not None and not any(node.lineno <= line <= (node.end_lineno or 0) for node in inside)
