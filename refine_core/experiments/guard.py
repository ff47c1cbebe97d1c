"""What is bound to happen in every cell of an arm, such as a refused key, stops the arm at the first one that meets it.

The attempt that met it is not counted as failed: the run has no end, and goes on from there once that is put right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from refine_core.errors import ArmStopped, LMKeyError, LMNotFoundError
from refine_core.events import AttemptFailed, Event, Fault, LMFailed
from refine_core.experiments.spending import SharedBudget
from refine_core.log.span import Span

HOPELESS = (LMKeyError.__name__, LMNotFoundError.__name__)


@dataclass(slots=True)
class BeforeRecord:
    """The sink of a cell that comes before its recorder. may_be_luck: whether another cell of the arm was scored, so that its reward works."""

    budget: SharedBudget
    stop_arm: Callable[[str], None]
    may_be_luck: Callable[[], bool]

    def accept(self, span: Span, event: Event) -> None:
        """Raises BudgetUsedUp, ArmStopped; then the event is not recorded."""
        self.budget.accept(span, event)
        if isinstance(event, AttemptFailed) and _is_hopeless(event.error) and not self.may_be_luck():
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


def _is_hopeless(error: Fault) -> bool:
    return error.repeats and error.blame == "program"
