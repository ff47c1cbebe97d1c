"""A source to be run under X-ray, and the trace that one call of it leaves.

    XraySource(source) --code--> exec --call--> take() -> {"calls", "events", "turns", "printed", "caught", "totals", "start", "full"}

A source that cannot be rewritten (nested too deeply) runs as it is, and its trace is None.
"""

from __future__ import annotations

import sys
import warnings
from types import CodeType
from typing import Any, Final

from refine_core.rewards.compiling import compile_source
from refine_core.rewards.xray.marks import install, list_marks
from refine_core.rewards.xray.recorder import Recorder
from refine_core.rewards.xray.rewrite import rewrite

_NESTING: Final = 20_000  # frames that rewriting may take: our own code, before a line of the user's runs


class XraySource:
    """A source, rewritten once; every run of it has a recorder of its own."""

    def __init__(self, source: str, *, annotated: bool = True) -> None:
        self.recorder: Recorder | None = None
        self._plain = compile_source(source, annotated=annotated)
        self._code: CodeType | None = None
        limit = sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(max(limit, _NESTING))
            tree, self._plan = rewrite(source)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._code = compile_source(source, tree, annotated=annotated)
        except (
            RecursionError,
            MemoryError,
            ValueError,
            SyntaxError,
        ):  # what Python's compiler says of too much
            self._code = None
        finally:
            sys.setrecursionlimit(limit)

    def start(self) -> CodeType:
        """Code for one more run."""
        if self._code is None:
            return self._plain
        self.recorder = Recorder(self._plan)
        objects = self.recorder.objects()
        return install(self._code, {mark: objects[name] for name, mark in list_marks(self._plan).items()})

    def take(self) -> dict[str, Any] | None:
        """What has been recorded, as JSON data; None where nothing can be."""
        recorder = self.recorder
        if recorder is None:
            return None
        recorder.finish()
        return {
            "calls": [[one.function, one.parent, one.line] for one in recorder.calls],
            "events": [
                [call.number, site, event.count, event.first_order, event.last_order, event.first, event.last]
                for call in recorder.calls
                for site, event in call.events.items()
            ],
            "turns": [
                [call.number, loop, *numbers]
                for call in recorder.calls
                for loop, numbers in call.turns.items()
            ],
            "printed": recorder.printed,
            "caught": recorder.caught,
            "totals": [recorder.cells["call", i][0] for i in range(len(self._plan.functions))],
            "start": recorder.start,
            "full": recorder.full,
        }
