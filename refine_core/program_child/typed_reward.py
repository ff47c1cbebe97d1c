"""A reward that was typed in the app: its code is hostile until proven otherwise, so it runs in the reward's worker and never here.

with typed_reward(source) as reward:        a function (inputs, prediction) as any other; `inspect.getsource` finds what was typed
"""

from __future__ import annotations

import itertools
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from refine_core.refine.sources import SOURCE_ATTRIBUTE
from refine_core.rewards import RewardRunner, Score

_numbers = itertools.count(1)


@contextmanager
def typed_reward(source: str, *, as_number: bool) -> Iterator[Callable[..., Any]]:
    """The reward in `source`. as_number: for dspy, which knows no Score. Raises RewardError for what is no reward."""
    with RewardRunner(source) as runner:

        def reward(args: Any, pred: Any) -> Any:
            scored = runner.score(dict(args), {name: pred[name] for name in pred.keys()})  # noqa: SIM118 - a prediction
            if scored.stdout:
                sys.stdout.write(scored.stdout if scored.stdout.endswith("\n") else f"{scored.stdout}\n")
            return scored.value if as_number else Score(scored.value, scored.feedback, scored.parts)

        _show_as(reward, source, runner.name)
        yield reward


def _show_as(function: Any, source: str, name: str) -> None:
    """Have Python take `source` for the text of a function: dspy shows it to the adviser, and the recorder records it."""
    file = f"<typed reward {next(_numbers)}>"
    text = source if source.endswith("\n") else f"{source}\n"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    found = re.search(rf"^(async )?def {re.escape(name)}\b", text, re.MULTILINE)
    line = text.count("\n", 0, found.start()) + 1 if found else 1
    function.__code__ = function.__code__.replace(co_filename=file, co_firstlineno=line, co_name=name)
    function.__name__ = function.__qualname__ = name
    setattr(function, SOURCE_ATTRIBUTE, source)
