"""What calls cost, added up for a block of code.

    with track_usage() as tracker:
        program(question="…")
    tracker.get_total_tokens()     {"openai/gpt-5": {"prompt_tokens": 120, "completion_tokens": 9, …}}

Trackers nest: what an inner one counts, the outer ones count too. An answer from a cache costs nothing and is not counted.
Source: dspy.utils.usage_tracker, version 2.6.23, where an inner tracker keeps its counts from the outer one, unknown
counts become 0, and all entries stay in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from refine_core.configuration import settings

Entry = Mapping[str, Any]
"""Name -> number, None for unknown, or another Entry: prompt_tokens, completion_tokens, total_tokens, cost_usd …"""


class UsageTracker:
    """Sums by model; safe across threads, and as small after a million calls as after one.

    within: the tracker that counts all this as well. Counts are tokens, costs US dollars; None is unknown.
    Source: dspy.utils.usage_tracker.UsageTracker, version 2.6.23.
    """

    def __init__(self, within: UsageTracker | None = None) -> None:
        self._within = within
        self._totals: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def add_usage(self, lm: str, usage_entry: Entry) -> None:
        """Count one call. lm: the model's name. An entry without anything in it is no call."""
        if usage_entry:
            with self._lock:
                so_far = self._totals.get(lm)
                self._totals[lm] = _copy(usage_entry) if so_far is None else _sum(so_far, usage_entry)
        if self._within is not None:
            self._within.add_usage(lm, usage_entry)

    def get_total_tokens(self) -> dict[str, dict[str, Any]]:
        """Model name -> sums over its calls. A sum is None where a call did not say: unknown is not 0."""
        with self._lock:
            return {lm: _copy(total) for lm, total in self._totals.items()}


@contextmanager
def track_usage() -> Iterator[UsageTracker]:
    """Count the calls of a block of code, sync or async, and of the threads that copy its context.

    Yields a UsageTracker. Raises nothing of its own. Source: dspy.track_usage, version 2.6.23.
    """
    tracker = UsageTracker(within=settings.usage_tracker)
    with settings.context(usage_tracker=tracker):
        yield tracker


def _copy(entry: Entry) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in entry.items()}


def _sum(one: Entry, other: Entry) -> dict[str, Any]:
    """Both added up. A name that only one of them has is taken from that one."""
    total = _copy(one)
    for name, value in other.items():
        had = total.get(name)
        if isinstance(value, Mapping):
            total[name] = _sum(had, value) if isinstance(had, Mapping) else _copy(value)
        elif name not in total:
            total[name] = value
        else:
            total[name] = None if had is None or value is None else had + value
    return total
