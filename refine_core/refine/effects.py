"""What a refinement asks for, named for what is asked; how each waits is refine_core.concurrency.effects."""

from __future__ import annotations

from typing import Any

from refine_core.concurrency.effects import Blocking, FutureResult, MaybeAwaitable
from refine_core.refine.stepping import Hints
from refine_core.rewards.score import ScoreResult


class CallReward(MaybeAwaitable[Any]):
    """A score from a reward that is a function of this process."""

    __slots__ = ()


class ScoreInWorker(Blocking[ScoreResult]):
    """A score from a reward that runs in a worker process."""

    __slots__ = ()


class CheckRule(MaybeAwaitable[Any]):
    """Whether a validator's rule is met."""

    __slots__ = ()


class WaitForPerson(FutureResult[Hints | None]):
    """A person's permission for the next step, and the hints that they wrote. It has no time limit."""

    __slots__ = ()


class CallOnAttempt(MaybeAwaitable[Any]):
    """The user's `on_attempt`, called with an attempt's result."""

    __slots__ = ()
