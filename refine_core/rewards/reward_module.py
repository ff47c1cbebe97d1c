"""The module that a reward's source runs in: what it can use without importing it, and where tracebacks find its lines.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from refine_core.rewards.sandbox_api import FILE


class JudgeError(RuntimeError):
    """The judge could not answer; the message says why."""


def make_module(load: Mapping[str, Any], judge: Callable[..., object]) -> ModuleType:
    """A new, empty module for the source of a load frame, with `judge` if the reward has one, and Score if it is named."""
    module = ModuleType("reward_module")
    if load["files"] is not None:
        module.__file__ = os.path.join(load["files"], FILE)  # noqa: PTH118  # no pathlib here
    module.__loader__ = _Source(load["source"])  # type: ignore[assignment]  # all that linecache asks for
    vars(module)["judge"] = judge if load["judge"] else _no_judge
    if "Score" in load["source"]:  # it brings dataclasses, which take a while
        from refine_core.rewards.score import Score

        vars(module)["Score"] = Score
    sys.modules["reward_module"] = module  # dataclasses and pickle look there
    return module


class _Source:
    """Lets tracebacks that the user's code prints show its lines."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, _name: str) -> str:
        return self._source


def _no_judge(*_args: object, **_inputs: object) -> object:
    raise JudgeError("this reward asks a judge, and none is set: choose the model that is to judge")
