"""The budget of an experiment: every call of every arm is counted, and the first one after it is refused.

Rule 1: a call that may not be made is not recorded; what a call cost is known only afterwards, so calls under way end and are charged.
Rule 2: a budget cannot be kept if a cost is unknown, so the next call is not made.
"""

from __future__ import annotations

import threading

from refine_core.errors import BudgetUsedUp
from refine_core.events import Event, LMRequested, LMRetried, charge_of
from refine_core.experiments.document import Budget
from refine_core.experiments.outcome_text import Charges
from refine_core.experiments.snapshot import Spent
from refine_core.formatting import format_amount, pluralize
from refine_core.log.span import Span


class SharedBudget:
    """A sink of every cell's run, before its recorder. spent: by all runs so far. refusal: why calls are refused, or ""."""

    def __init__(self, budget: Budget, spent: Charges) -> None:
        self._budget = budget
        self._spent = spent
        self._lock = threading.Lock()
        self.refusal = ""

    @property
    def charges(self) -> Charges:
        """What is spent so far."""
        with self._lock:
            return self._spent

    def accept(self, _: Span, event: Event) -> None:
        """Count an answer; count a request, or refuse it once the budget is spent. Raises BudgetUsedUp."""
        if isinstance(event, LMRequested):
            with self._lock:
                self._check()
                self._spent = self._spent + Charges(1)
        elif (charge := charge_of(event)) is not None:
            with self._lock:
                self._spent = self._spent + Charges.of(0, (charge,))

    def check_retry(self, event: Event) -> None:
        """Refuse another try of a call once the budget is spent. Raises BudgetUsedUp."""
        if isinstance(event, LMRetried):
            with self._lock:
                self._check(is_retry=True)

    def find_refusal(self) -> str:
        """Why the next call would be refused; "" if it would not."""
        with self._lock:
            return describe_refusal(self._budget, self._spent)

    def change(self, budget: Budget) -> None:
        """Have another budget from now on."""
        with self._lock:
            self._budget = budget
            self.refusal = ""

    def _check(self, *, is_retry: bool = False) -> None:
        limit = Budget(None, self._budget.tokens, self._budget.usd) if is_retry else self._budget
        if why := describe_refusal(limit, self._spent):
            self.refusal = why
            raise BudgetUsedUp(why)


def describe_refusal(budget: Budget, spent: Charges) -> str:
    """Why no further call may be made, as a sentence; "" if one may."""
    if budget.usd is not None:
        if spent.unpriced:
            return (
                f"The price of {spent.unpriced} is not known, so a budget of {format_amount(budget.usd)} cannot be kept. "
                "Give its price with the model, or limit calls or tokens instead."
            )
        if spent.usd >= budget.usd:
            return f"The budget of {format_amount(budget.usd)} is spent"
    if budget.tokens is not None:
        if spent.uncounted:
            return (
                f"{spent.uncounted} does not say how many tokens it uses, so a budget of {budget.tokens:,} tokens cannot be kept. "
                "Limit calls instead, or ask another model."
            )
        if spent.tokens >= budget.tokens:
            return f"The budget of {pluralize(budget.tokens, 'token')} is spent"
    if budget.calls is not None and spent.calls >= budget.calls:
        return f"The budget of {pluralize(budget.calls, 'call')} is spent"
    return ""


def to_spent(charges: Charges) -> Spent:
    """The same for a screen: None where a part of it is unknown."""
    return Spent(
        charges.calls,
        None if charges.uncounted else charges.tokens,
        None if charges.unpriced else charges.usd,
    )
