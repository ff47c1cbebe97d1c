"""X-ray one row: score it as ever, and keep what each line of the reward did.

xray_row(recognized, row)       -> Xray
XrayDesk().xray(key, …)         the same with a worker kept ready: for a page where one goes from row to row

No model is asked: a judge's answers come from memory.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from refine_core import runs
from refine_core.concurrency.cancellation import Cancel
from refine_core.rewards import Judge, XrayRunner
from refine_core.rewards.shapes import Recognized
from refine_core.rows import Row
from refine_core.runs.judge_memory import JudgeCounts, JudgeMemory
from refine_core.runs.judges import JudgeSpec
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.judging import asks_judge
from refine_core.xray.row_xray import Xray
from refine_core.xray.source_map import map_source

_KEPT: Final = 40


def xray_row(
    recognized: Recognized,
    row: Row,
    *,
    rows: Sequence[Row] = (),
    label: str = "",
    judge: JudgeSpec | None = None,
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    cancel: Cancel | None = None,
) -> Xray:
    """X-ray one row.

    rows: all rows, where functions take groups. judge: whose answers of before are used; none is asked. files: as for `score_rows`.
    Raises: RewardError for a source that cannot be loaded; WorkerError; RunCancelled.
    """
    every = rows if any(one is row for one in rows) else [row]
    place = next(i for i, one in enumerate(every) if one is row)
    worker = _Worker(recognized, every, judge, timeout_s, files)
    try:
        return worker.xray(place, label, cancel)
    finally:
        worker.close()


class XrayDesk:
    """X-rays of one reward after another, with its worker kept ready. Safe to use from any thread; closes what it no longer needs."""

    _LIMIT: Final = 3  # workers, each a process
    _IDLE_S: Final = 120.0  # then nobody looks any more

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, _Worker] = {}
        self._timer: threading.Timer | None = None

    def xray(
        self,
        key: str,
        recognized: Recognized,
        rows: Sequence[Row],
        place: int,
        label: str = "",
        *,
        judge: JudgeSpec | None = None,
        cancel: Cancel | None = None,
    ) -> Xray:
        """X-ray the row at this place. key: equal for equal rewards, rows and judges. Raises: as `xray_row`."""
        with self._lock:
            worker = self._workers.pop(key, None) or _Worker(recognized, rows, judge, REWARD_TIMEOUT_S, None)
            self._workers[key] = worker
            late = [self._workers.pop(one) for one in list(self._workers)[: -self._LIMIT]]
            self._wait_for_idleness()
        for one in late:
            one.close()
        return worker.xray(place, label, cancel)

    def _wait_for_idleness(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._IDLE_S, self.close)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """End all workers. May be repeated; another X-ray starts a new one."""
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        for one in workers:
            one.close()


class _Worker:
    """A runner, and the judge that answers it from memory."""

    def __init__(
        self,
        recognized: Recognized,
        rows: Sequence[Row],
        judge: JudgeSpec | None,
        timeout_s: float,
        files: Mapping[str, bytes] | None,
    ) -> None:
        self._recognized, self._rows = recognized, rows
        self._counts = JudgeCounts()
        self._source = map_source(recognized.source)
        self._turn = threading.Lock()
        self._known: dict[int, Xray] = {}
        answers: Judge | None = None
        if asks_judge(recognized):
            memory = JudgeMemory() if judge is None else runs.default().judge_memory
            answers = memory.recalling("" if judge is None else judge.name, self._counts)
        self._runner = XrayRunner(recognized, rows, timeout_s=timeout_s, judge=answers, files=files)

    def xray(self, place: int, label: str, cancel: Cancel | None) -> Xray:
        row = self._rows[place]
        with self._turn:
            if place in self._known:
                return replace(self._known[place], label=label or row.id)
            missing = self._counts.missing
            found = self._runner.xray(place, cancel)
            waits = self._counts.missing > missing
            xray = Xray(
                self._recognized,
                row,
                label or row.id,
                found.result,
                found.trace,
                self._source,
                waits,
                found.refusals,
            )
            if not waits:
                self._known[place] = xray
                while len(self._known) > _KEPT:
                    del self._known[next(iter(self._known))]
            return xray

    def close(self) -> None:
        self._runner.close()
