"""What a rewritten source reports to: how often, with which values, in which call, and who made that call.

    enter    a function begins            line     a statement begins
    value    an expression has a value    names    names have just been bound
    caught   a handler begins             loop     a loop begins

All that is kept is a bounded text or a number (snapshot.py): nothing of the reward's lives longer for it. Calls are told apart
by their frames, which are looked at and never kept. Nothing here raises an Exception into the reward.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from refine_core.rewards.sandbox_api import FILE
from refine_core.rewards.xray.rewrite import FIRST_CALLS, FIRST_TURNS
from refine_core.rewards.xray.sites import Plan, Site
from refine_core.rewards.xray.snapshot import Snapshot, class_name, describe_exception, take_snapshot

FIRST_VALUES: Final = 8
LAST_VALUES: Final = 3
LATE_CALLS: Final = 3
SITE_VALUES: Final = 150  # texts of one site in one call; then every 64th
MAX_REPORTS: Final = 40_000  # then loops and functions run as written, but for a sample
MAX_SNAPSHOTS: Final = 12_000  # texts
MAX_EVENTS: Final = 20_000  # a site in a call
MAX_BYTES: Final = 900_000  # of texts, as JSON in ASCII
MAX_BRACKETS: Final = 60_000  # in texts: a reply may hold so many
MAX_CALLS: Final = 1_000
MAX_PRINTED: Final = 300
MAX_CAUGHT: Final = 100
_SHORT: Final = 60  # characters of a text that is written out at once
_BACK: Final = 60  # frames that are looked at for the caller

_getframe = sys._getframe  # noqa: SLF001  # there is no other way to know who asks


class CallRecord:
    """One call of a function. line: where it was made, of the source. events: site -> what was reported."""

    __slots__ = ("code", "events", "function", "line", "number", "parent", "turns", "waiting")

    def __init__(self, number: int, function: int, parent: int, line: int, code: Any) -> None:
        self.number, self.function, self.parent, self.line, self.code = number, function, parent, line, code
        self.events: dict[int, Event] = {}
        self.turns: dict[int, list[int]] = {}
        self.waiting: list[int] = []  # loops that have begun


class Event:
    """What one site reported in one call. order: when it first did, and when it last did."""

    __slots__ = ("count", "first", "first_order", "last", "last_order")

    def __init__(self, order: int) -> None:
        self.count, self.first_order, self.last_order = 0, order, order
        self.first: list[Any] = []
        self.last: list[Any] = []


class Recorder:
    """Takes the reports of one run of a source."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._sites = plan, plan.sites
        self.calls: list[CallRecord] = []
        self.printed: list[list[Any]] = []
        self.caught: list[list[Any]] = []
        self.full = False
        self.start = 0  # calls before this one were made while the source was loaded
        self._by_frame: dict[int, CallRecord] = {}
        self._order = self._snapshots = self._bytes = self._brackets = self._events = 0
        self._is_late = False
        self._first = {"turns": [FIRST_TURNS], "calls": [FIRST_CALLS]}
        self._loops: list[list[list[Any]]] = [[] for _ in plan.loops]
        self.cells: dict[tuple[str, int], list[int]] = {}
        for kind, size in (("call", len(plan.functions)), ("turn", len(plan.loops))):
            self.cells |= {(kind, i): [0] for i in range(size)}
        self._next: dict[tuple[str, int], Callable[[], int]] = {}
        self._limits: dict[tuple[str, int], list[int]] = {}
        self._seen: dict[tuple[str, int], int] = {}
        for kind, size in (
            ("lambda", len(plan.functions)),
            ("turns", len(plan.comps)),
            ("kept", len(plan.comps)),
        ):
            for i in range(size):
                self._next[kind, i] = count().__next__
                self._limits[kind, i] = [FIRST_CALLS if kind == "lambda" else FIRST_TURNS]
                self._seen[kind, i] = 0
        self.comp_turns: dict[tuple[int, int], list[int]] = {}

    def objects(self) -> dict[tuple[str, int], object]:
        """What the rewritten code calls and counts with."""
        found: dict[tuple[str, int], object] = dict(self.cells)
        helpers = (self.enter, self.line, self.value, self.names, self.caught_one, self.loop)
        names = ("enter", "line", "value", "names", "caught", "loop")
        found |= {(name, 0): helper for name, helper in zip(names, helpers, strict=True)}
        found |= {(f"first-{name}", 0): cell for name, cell in self._first.items()}
        found |= {(f"next-{kind}", i): one for (kind, i), one in self._next.items()}
        found |= {(f"limit-{kind}", i): one for (kind, i), one in self._limits.items()}
        return found

    # --- reports

    def enter(self, function: int, *values: object) -> None:
        """A call begins; its parameters have these values."""
        try:
            frame = _getframe(1)
            parent, line = self._find_caller(frame)
            if len(self.calls) >= MAX_CALLS:
                self._by_frame.pop(id(frame), None)
                self.full = True
                return
            call = CallRecord(len(self.calls), function, parent, line, frame.f_code)
            self.calls.append(call)
            self._by_frame[id(frame)] = call
            event = self._event(call, -1)
            event.first = [self._snapshot(value, event) for value in values]
        except Exception:  # noqa: BLE001  # as everywhere below: the reward goes on
            self.full = True

    def line(self, index: int) -> None:
        """A statement begins."""
        try:
            site = self._sites[index]
            call = self._find_call(_getframe(1), site)
            if call is None:
                return
            if call.waiting:
                self._end_loops(call, site.loops)
            self._event(call, index)
        except Exception:  # noqa: BLE001
            self.full = True

    def value(self, index: int, value: Any) -> Any:
        """An expression has a value, which is passed on. Most reports are of this kind, so little is called here."""
        try:
            site, frame = self._sites[index], _getframe(1)
            call = self._by_frame.get(id(frame))
            if call is None or call.code is not frame.f_code or call.function != site.function:
                call = self._find_call(frame, site)
                if call is None:
                    return value
            event = call.events.get(index)
            if event is None or self._order >= MAX_REPORTS:
                event = self._event(call, index)
            else:
                event.count += 1
                self._order = event.last_order = self._order + 1
            kind = type(value)
            taken = value if kind is bool or value is None else self._snapshot(value, event)
            if len(event.first) < FIRST_VALUES:
                event.first.append(taken)
            else:
                self._keep(event, taken)
            for comp in site.comps:
                self._end_comprehension(call, comp)
        except Exception:  # noqa: BLE001
            self.full = True
        return value

    def names(self, index: int, *values: object) -> None:
        """Names have just been bound to these values."""
        try:
            call = self._find_call(_getframe(1), self._sites[index])
            if call is not None:
                event = self._event(call, index)
                self._keep(event, [self._snapshot(value, event) for value in values])
        except Exception:  # noqa: BLE001
            self.full = True

    def caught_one(self, index: int) -> None:
        """A handler begins."""
        try:
            call = self._find_call(_getframe(1), self._sites[index])
            error = sys.exception()
            if call is None or error is None:
                return
            self._event(call, index)
            if len(self.caught) < MAX_CAUGHT:
                text = describe_exception(error)
                self._measure(text)
                self.caught.append([call.number, index, class_name(error), text, _find_line(error)])
        except Exception:  # noqa: BLE001
            self.full = True

    def loop(self, index: int, function: int) -> None:
        """A loop begins."""
        try:
            frame = _getframe(1)
            call = self._by_frame.get(id(frame))
            cell, stack = self.cells["turn", index], self._loops[index]
            if call is None or call.code is not frame.f_code or call.function != function:
                return
            if stack and stack[-1][0] is call:
                self._end_loop(index)
            stack.append([call, cell[0]])
            cell[0] = 0
            call.waiting.append(index)
        except Exception:  # noqa: BLE001
            self.full = True

    def wrote(self, text: str) -> None:
        """Something was printed."""
        try:
            frame: Any = _getframe(2)
            for _ in range(_BACK):
                if frame is None or frame.f_code.co_filename == FILE:
                    break
                frame = frame.f_back
            if frame is None or frame.f_code.co_filename != FILE:
                return
            line, call = frame.f_lineno, self._find_active(frame)
            number = -1 if call is None else call.number
            last = self.printed[-1] if self.printed else None
            if last is not None and last[0] == number and last[1] == line:
                last[2] = (last[2] + text)[:2_000]
            elif len(self.printed) < MAX_PRINTED:
                self.printed.append([number, line, text[:2_000]])
            else:
                self.full = True
        except Exception:  # noqa: BLE001
            self.full = True

    # --- the end

    def finish(self) -> None:
        """The run is over: loops that were left by a return or an error have had their turns."""
        for index, stack in enumerate(self._loops):
            while stack:
                self._end_loop(index)

    # --- who reports

    def _find_call(self, frame: Any, site: Site) -> CallRecord | None:
        call = self._by_frame.get(id(frame))
        if call is not None and call.code is frame.f_code and call.function == site.function:
            return call
        if not site.inline:
            return None
        for _ in range(_BACK):
            frame = frame.f_back
            if frame is None:
                return None
            call = self._by_frame.get(id(frame))
            if call is not None and call.function == site.function and call.code is frame.f_code:
                return call
        return None

    def _find_active(self, frame: Any) -> CallRecord | None:
        for _ in range(_BACK):
            if frame is None:
                return None
            call = self._by_frame.get(id(frame))
            if call is not None and call.code is frame.f_code:
                return call
            frame = frame.f_back
        return None

    def _find_caller(self, frame: Any) -> tuple[int, int]:
        """Number of the call that made this one, and the line; -1 and 0 where there is none."""
        frame, line = frame.f_back, 0
        for _ in range(_BACK):
            if frame is None:
                break
            if frame.f_code.co_filename == FILE:
                line = line or frame.f_lineno or 0
                call = self._by_frame.get(id(frame))
                if call is not None and call.code is frame.f_code:
                    return call.number, line
            frame = frame.f_back
        return -1, 0

    # --- what is kept

    def _event(self, call: CallRecord, index: int) -> Event:
        self._order += 1
        if self._order >= MAX_REPORTS and not self._is_late:
            self._is_late = True
            self._first["turns"][0], self._first["calls"][0] = 0, LATE_CALLS
            self.full = True
        event = call.events.get(index)
        if event is None:
            event = Event(self._order)
            if self._events < MAX_EVENTS:
                call.events[index] = event
                self._events += 1
            else:
                self.full = True
        event.count += 1
        event.last_order = self._order
        return event

    @staticmethod
    def _keep(event: Event, value: Any) -> None:
        if len(event.first) < FIRST_VALUES:
            event.first.append(value)
            return
        event.last.append(value)
        if len(event.last) > LAST_VALUES:
            del event.last[0]

    def _snapshot(self, value: object, event: Event) -> Snapshot:
        kind = type(value)
        if kind is float or kind is int or kind is bool or value is None:  # costs nothing
            return take_snapshot(value)
        if kind is str and len(value) <= _SHORT:  # type: ignore[arg-type]  # it is a str
            text = repr(value)
            self._measure(text)
            return text if self._bytes < MAX_BYTES else "…"
        if event.count > SITE_VALUES and event.count & 63:
            return "…"
        if self._snapshots >= MAX_SNAPSHOTS or self._bytes >= MAX_BYTES or self._brackets >= MAX_BRACKETS:
            self.full = True
            return "…"
        self._snapshots += 1
        taken = take_snapshot(value)
        if type(taken) is str:
            self._measure(taken)
        return taken

    def _measure(self, text: str) -> None:
        self._bytes += len(text) if text.isascii() else 12 * len(text)
        self._brackets += text.count("[") + text.count("{")

    # --- turns

    def _end_loops(self, call: CallRecord, around: tuple[int, ...]) -> None:
        """End the loops of a call that a statement is not in."""
        for index in [one for one in call.waiting if one not in around]:
            while self._loops[index]:
                is_its_own = self._loops[index][-1][0] is call
                self._end_loop(index)
                if is_its_own:
                    break
        for index in around:  # what was called within has left its own count
            stack = self._loops[index]
            if not any(one[0] is call for one in stack):
                continue
            while stack[-1][0] is not call:
                self._end_loop(index, 1)

    def _end_loop(self, index: int, outer_turns: int = 0) -> None:
        """outer_turns: how many turns of the call before it have been counted since."""
        cell = self.cells["turn", index]
        call, before = self._loops[index].pop()
        turns = call.turns.setdefault(index, [0, 0])
        turns[0] += cell[0] - outer_turns
        turns[1] += 1
        cell[0] = before + outer_turns
        if index in call.waiting:
            call.waiting.remove(index)

    def _end_comprehension(self, call: CallRecord, comp: int) -> None:
        turns = call.turns.setdefault(-1 - comp, [0, 0, 0])
        has_filter = bool(self._plan.comps[comp].generators[-1].ifs)
        numbers = []
        for kind in ("turns", "kept"):
            number = self._next[kind, comp]()
            numbers.append(number - self._seen[kind, comp])
            self._seen[kind, comp] = number + 1
            self._limits[kind, comp][0] = number + 1 + self._first["turns"][0]
        turns[0] += numbers[0] if has_filter else numbers[1]
        turns[1] += 1
        turns[2] += numbers[1]


def _find_line(error: BaseException) -> int:
    """The reward's line where it was raised, 0 if unknown."""
    traceback, line = vars(BaseException)["__traceback__"].__get__(error), 0
    for _ in range(1_000):
        if traceback is None:
            break
        if traceback.tb_frame.f_code.co_filename == FILE:
            line = traceback.tb_lineno or 0
        traceback = traceback.tb_next
    return line
