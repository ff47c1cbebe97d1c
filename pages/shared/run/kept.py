"""What follows from a run's log alone is built once for all sessions: 20 pages on one live run do not build it 20 times.

take(timeline, what, build) -> build(), or what it returned the last time that it was asked for this state of the run
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, TypeVar, cast

import streamlit as st

from refine_core.runs import ProgramSpec, Timeline

T = TypeVar("T")
MAX_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class _Entry:
    """spec: the run's own object, by which two logs are told apart. stamp: of its state."""

    spec: ProgramSpec
    stamp: Hashable
    value: object


class _Kept:
    """The latest of each run and kind. Safe to use from any thread: whoever comes while it is being built waits for it."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, timeline: Timeline, what: Hashable, build: Callable[[], T]) -> T:
        key, stamp = (timeline.run_id, what), (timeline.seq, timeline.end is None)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.spec is not timeline.spec or entry.stamp != stamp:
                entry = self._entries[key] = _Entry(timeline.spec, stamp, build())
            self._entries.move_to_end(key)
            while len(self._entries) > MAX_KEPT:
                self._entries.popitem(last=False)
        return cast("T", entry.value)


@st.cache_resource(show_spinner=False)
def _kept() -> _Kept:
    return _Kept()


def take(timeline: Timeline, what: Hashable, build: Callable[[], T]) -> T:
    """What `build` makes of the timeline. what: tells apart kinds and choices. Whoever gets it must not change it."""
    return _kept().take(timeline, what, build)
