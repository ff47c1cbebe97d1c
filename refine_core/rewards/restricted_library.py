"""What `refine_core` is inside the worker: a few names, and no way to the library itself.

from refine_core import Score, Prediction, Example       import refine_core        from refine_core.rewards import Score
"""

from __future__ import annotations

import sys
from types import ModuleType

from refine_core.rewards.arguments import Example, Prediction

NAMES = ("Example", "Prediction", "Score")
AVAILABLE_NAMES = f"Inside a reward, refine_core has only {', '.join(NAMES[:-1])} and {NAMES[-1]}."


def restrict_library(source: str) -> None:
    """Hide all of the library but NAMES from the reward's code. source: the reward's; Score is loaded where it may be used."""
    package, rewards = sys.modules["refine_core"], sys.modules["refine_core.rewards"]
    package.rewards = rewards  # type: ignore[attr-defined]  # as importing it would have
    names: dict[str, object] = {"Example": Example, "Prediction": Prediction}
    if "Score" in source or "refine_core" in source:  # it brings dataclasses, which take a while
        from refine_core.rewards.score import Score

        names["Score"] = Score
        sys.modules.pop("refine_core.errors", None)  # score.py needs it; the reward must not have it
    for module in (package, rewards):
        vars(module).update(names, __all__=list(NAMES), __path__=[])
        vars(module)["__getattr__"] = _make_getattr(module)


def _make_getattr(module: ModuleType) -> object:
    def find(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        # An ImportError, since `from … import …` replaces the words of an AttributeError with its own.
        raise ImportError(f"cannot import {name!r} from {module.__name__!r}. {AVAILABLE_NAMES}")

    return find
