"""A reward function that is watched while its Refine runs.

dspy tells its callbacks nothing of the last reward, nor of an error in a reward. So `reward_fn` of the instance is replaced by
one that tells, for as long as the instance runs, and put back after. It is a plain function: dspy takes it for no parameter, and
a deep copy of the instance shares it.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol

_ORIGINAL = "__refinescope_watched__"


class _Running:
    """calls: id of an instance -> how many of its calls are under way."""

    def __init__(self) -> None:
        self.reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.reset)

    def reset(self) -> None:
        """In a forked child another thread may have held the lock, and its calls go on in the parent alone."""
        self.lock = threading.Lock()
        self.calls: dict[int, int] = {}


@functools.cache
def _find_running() -> _Running:
    """The one of this process."""
    return _Running()


class Listener(Protocol):
    """Told of one call of a reward; it raises nothing."""

    def reward_started(self, outputs: Any) -> None:
        """The reward is about to be asked about `outputs`."""

    def reward_ended(self, value: Any, error: BaseException | None) -> None:
        """It returned `value`, or raised."""


def watch(instance: Any, find_listener: Callable[[], Listener | None]) -> None:
    """Have the reward of a Refine or BestOfN tell whoever `find_listener` finds, until `release`."""
    running = _find_running()
    with running.lock:
        running.calls[id(instance)] = running.calls.get(id(instance), 0) + 1
        original = unwrap(instance.reward_fn)
        instance.reward_fn = _watched(original, find_listener)


def release(instance: Any) -> None:
    """Put the reward back, once no call of this instance is under way."""
    running = _find_running()
    with running.lock:
        left = running.calls.pop(id(instance), 1) - 1
        if left:
            running.calls[id(instance)] = left
        else:
            instance.reward_fn = unwrap(instance.reward_fn)


def unwrap(function: Any) -> Any:
    """The user's own function behind a watched one."""
    return getattr(function, _ORIGINAL, function)


def _watched(
    original: Callable[..., Any], find_listener: Callable[[], Listener | None]
) -> Callable[..., Any]:
    def reward_fn(*args: Any) -> Any:
        listener = find_listener()
        if listener is None:
            return original(*args)
        listener.reward_started(args[-1] if args else None)
        try:
            value = original(*args)
        except BaseException as error:
            listener.reward_ended(None, error)
            raise
        listener.reward_ended(value, None)
        return value

    setattr(reward_fn, _ORIGINAL, original)
    return reward_fn
