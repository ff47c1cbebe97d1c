"""What a run may spend.

    LMRequested --within the budget?--> go on | BudgetUsedUp        LMReplied --counted-->

Rule 1: it stands before whoever records, so that a call that may not be made is not on record either.
Rule 2: a cost that nobody knows cannot be kept within a budget, so the next call is not made.
The call that crosses the line is paid for: what a reply costs is known only once it is there. Calls that failed tell no
cost, and are not counted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from refine_core.errors import BudgetUsedUp
from refine_core.events import Event, LMReplied, LMRequested


class Purse:
    """A sink that lets no call begin once the budget is spent.

    usd: US dollars; tokens: sent and received together; None is no limit. spent: replies that were paid for before.
    """

    def __init__(
        self, usd: float | None = None, tokens: int | None = None, *, spent: Iterable[Event] = ()
    ) -> None:
        self._most_usd, self._most_tokens = usd, tokens
        self._usd, self._tokens = 0.0, 0
        self._unpriced, self._uncounted = "", ""
        self._lock = threading.Lock()
        for event in spent:
            self.accept("", event)

    def accept(self, _: str, event: Event) -> None:
        """Count a reply; refuse a request. Raises BudgetUsedUp."""
        if isinstance(event, LMReplied):
            with self._lock:
                self._count(event)
        elif isinstance(event, LMRequested):
            self.check()

    def check(self) -> None:
        """Raise BudgetUsedUp if nothing more may be spent, or nobody knows whether it may."""
        if self._most_usd is not None:
            if self._unpriced:
                raise BudgetUsedUp(
                    f"The price of {self._unpriced} is not known, so a budget of ${self._most_usd:g} cannot be kept. "
                    "Give its price with the model, or limit the tokens instead."
                )
            if self._usd >= self._most_usd:
                raise BudgetUsedUp(
                    f"${self._usd:.4f} are spent, and the budget is ${self._most_usd:g}. Raise it to go further."
                )
        if self._most_tokens is not None:
            if self._uncounted:
                raise BudgetUsedUp(
                    f"{self._uncounted} does not say how many tokens it uses, so a budget of {self._most_tokens:,} "
                    "tokens cannot be kept. Leave it empty, or ask another model."
                )
            if self._tokens >= self._most_tokens:
                raise BudgetUsedUp(
                    f"{self._tokens:,} tokens are used, and the budget is {self._most_tokens:,}. Raise it to go further."
                )

    def _count(self, reply: LMReplied) -> None:
        if reply.cache_hit or reply.replayed:
            return  # for nothing
        if reply.cost_usd is None:
            self._unpriced = reply.model or "the model"
        else:
            self._usd += reply.cost_usd
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            self._uncounted = reply.model or "The model"
        else:
            self._tokens += reply.prompt_tokens + reply.completion_tokens
