"""The budget of a run.

    LMRequested --within the budget?--> go on | BudgetUsedUp        LMReplied, LMRetried, LMFailed --counted-->

Rule 1: Budget comes before the recorder, so that a call that may not be made is not recorded. RetryBudget comes after it,
since an unusable reply is charged and must be recorded.
Rule 2: a budget cannot be kept if a cost is unknown, so the next call is not made.
The call that exceeds the budget is still charged: the cost of a reply is known only afterwards. Refusals and unusable replies
are charged, too; of other failed calls no cost is known, so they count nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from refine_core.errors import BudgetUsedUp, Charge
from refine_core.events import Event, LMRequested, LMRetried, charge_of
from refine_core.formatting import format_amount
from refine_core.log.span import RUN, Span


class Budget:
    """A sink that refuses calls once the budget is spent.

    usd: US dollars; tokens: sent and received together; None is no limit. events: those of the run so far.
    """

    def __init__(
        self, usd: float | None = None, tokens: int | None = None, *, events: Iterable[Event] = ()
    ) -> None:
        self._max_usd, self._max_tokens = usd, tokens
        self._usd, self._tokens = 0.0, 0
        self._unpriced, self._uncounted = "", ""
        self._lock = threading.Lock()
        for event in events:
            self.accept(RUN, event)

    def accept(self, _: Span, event: Event) -> None:
        """Count an answer; refuse a request once the budget is spent. Raises BudgetUsedUp."""
        if (charge := charge_of(event)) is not None:
            with self._lock:
                self._add(charge)
        elif isinstance(event, LMRequested):
            self.check()

    def check(self) -> None:
        """Raise BudgetUsedUp if the budget is spent, or if a cost is unknown."""
        if self._max_usd is not None:
            if self._unpriced:
                raise BudgetUsedUp(
                    f"The price of {self._unpriced} is not known, so a budget of {format_amount(self._max_usd)} cannot be kept. "
                    "Give its price with the model, or limit the tokens instead."
                )
            if self._usd >= self._max_usd:
                raise BudgetUsedUp(
                    f"{format_amount(self._usd, self._max_usd)} are spent, and the budget is {format_amount(self._max_usd, self._usd)}. Raise it to go further."
                )
        if self._max_tokens is not None:
            if self._uncounted:
                raise BudgetUsedUp(
                    f"{self._uncounted} does not say how many tokens it uses, so a budget of {self._max_tokens:,} "
                    "tokens cannot be kept. Leave it empty, or ask another model."
                )
            if self._tokens >= self._max_tokens:
                raise BudgetUsedUp(
                    f"{self._tokens:,} tokens are used, and the budget is {self._max_tokens:,}. Raise it to go further."
                )

    @property
    def retry_budget(self) -> RetryBudget:
        """The sink that comes after the recorder."""
        return RetryBudget(self)

    def _add(self, charge: Charge) -> None:
        if charge.cost_usd is None:
            self._unpriced = charge.model or "the model"
        else:
            self._usd += charge.cost_usd
        if charge.prompt_tokens is None or charge.completion_tokens is None:
            self._uncounted = charge.model or "The model"
        else:
            self._tokens += charge.prompt_tokens + charge.completion_tokens


class RetryBudget:
    """A sink that refuses another try of a call once the budget is spent. Raises BudgetUsedUp."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def accept(self, _: Span, event: Event) -> None:
        """Refuse another try if the budget is spent."""
        if isinstance(event, LMRetried):
            self._budget.check()
