"""RowRunner: reward functions over many rows, in one worker that keeps the rows.

    RowRunner(recognized, rows) --score--> one RowResult for each row, in their order

Rows go to the worker once, in frames of some megabytes, and are scored in slices of time, so that progress is seen and a
cancel is heard. A row whose call kills the worker has an error; the others are scored by a new one.
A group is never split between two calls; a function that takes lists gets batches, and is asked once more for single rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Self

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards.judge import JUDGE_CALLS, Judge
from refine_core.rewards.limits import MEMORY_BYTES
from refine_core.rewards.process import Frame, WorkerProcess
from refine_core.rewards.row_frames import ScorableRow, list_row_frames
from refine_core.rewards.row_replies import RowReply, read_kept_reply, read_rows_reply
from refine_core.rewards.runner import RewardRunner
from refine_core.rewards.shapes.outcomes import Happening, describe_outcome
from refine_core.rewards.shapes.types import Recognized, RewardFunction
from refine_core.spec.limits import REWARD_TIMEOUT_S

BATCH_ROWS: Final = 64
"""In one call of a function that takes lists, unless a group is larger."""
ALONE_ROWS: Final = 500
"""Rows of a batch that are asked for once more, each alone; of more rows, so many that lie evenly among them."""
DEATHS_IN_A_ROW: Final = 3
"""Rows that may kill their worker, or run out of time, one after the other, before the rest is given up."""
_SLICE_S = 0.2
_UNITS = 2_000  # in one request


@dataclass(slots=True)  # not frozen: every row makes one, as with ScoreResult
class RowResult:
    """The score of one row.

    value: None where the reward gave none (None or NaN), which is never 0. parts, feedback: as in Score.
    error: why the row failed. framework_outcome: what the framework that the reward was written for would have made of a row
    without a value, in words; "" where it has one. stdout: what the reward printed, at most 4 000 characters.
    """

    value: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: str = ""
    error: RewardError | None = None
    framework_outcome: str = ""
    stdout: str = ""


@dataclass(frozen=True, slots=True)
class RowResults:
    """What came of all rows. results: as many as rows, in their order.

    changed_alone: places of rows that have another score when they are scored alone; only for functions that take lists.
    refusals: what the sandbox refused, such as "line 3: reading /etc/hosts"; at most 10.
    """

    results: tuple[RowResult, ...]
    changed_alone: tuple[int, ...] = ()
    refusals: tuple[str, ...] = ()


class RowRunner:
    """Scores rows with the functions of one source, in a worker process of its own.

    recognized: from refine_core.rewards.shapes.recognize. rows: what to score; they are read once, when scoring begins.
    timeout_s: for one call, whether of a row, a batch or a group. files: see RewardRunner.
    judge: what answers a reward's `judge(…)`. hash_seed, xray: see RewardRunner. Starts nothing until `start` or `score`.
    """

    def __init__(
        self,
        recognized: Recognized,
        rows: Sequence[ScorableRow],
        *,
        timeout_s: float = REWARD_TIMEOUT_S,
        memory_bytes: int = MEMORY_BYTES,
        judge: Judge | None = None,
        files: Mapping[str, bytes] | None = None,
        hash_seed: int = 0,
        xray: bool = False,
    ) -> None:
        self._recognized, self._rows = recognized, rows
        self._further: list[ScorableRow] = []
        self._sent = 0
        self._by_name = {one.name: one for one in recognized.functions}
        self._has_judge = judge is not None
        self._runner = RewardRunner(
            recognized.source,
            recognized=recognized,
            timeout_s=timeout_s,
            memory_bytes=memory_bytes,
            judge=judge,
            files=files,
            hash_seed=hash_seed,
            xray=xray,
        )
        self._holder: WorkerProcess | None = None
        self._unsendable: dict[int, RewardError] = {}
        self._refusals: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def confinement(self) -> tuple[str, ...]:
        """The restrictions on the worker; empty until the source has been loaded."""
        return self._runner.confinement

    def start(self) -> None:
        """Start the worker in the background. May be repeated."""
        self._runner.start()

    def close(self) -> None:
        """End the worker. May be repeated."""
        self._runner.close()

    def score(
        self,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        on_results: Callable[[Mapping[int, RowResult]], None] | None = None,
        cancel: Cancel | None = None,
        alone: bool = False,
    ) -> RowResults:
        """Score every row. A row that fails does not keep the others from their scores.

        on_progress: called with (rows done, rows in all), in this thread. on_results: with place -> result, as they come.
        alone: a function that takes lists is called for each row by itself.
        Raises: RewardError for a source that cannot be loaded, as then no row has a score; WorkerError; RunCancelled.
        """
        token = cancel or Cancel()
        self._runner.load(token)
        results: dict[int, RowResult] = {}

        def take(new: Mapping[int, RowResult]) -> None:
            results.update(new)
            if on_results is not None:
                on_results(new)
            if on_progress is not None:
                on_progress(len(results), len(self._rows))

        take({})  # 0 rows are done
        is_single = alone or self._recognized.per == "row"
        units = [[i] for i in range(len(self._rows))] if is_single else list(self._list_batches())
        self._score_units(units, take, token)
        changed: tuple[int, ...] = ()
        if self._recognized.per == "batch" and not alone:
            changed = self._check_alone(results, take, token)
        return RowResults(
            tuple(results[i] for i in range(len(self._rows))), changed, tuple(self._refusals)[:10]
        )

    def score_further(
        self, rows: Sequence[ScorableRow], *, cancel: Cancel | None = None
    ) -> tuple[RowResult, ...]:
        """Score other rows in the same worker, each alone, whatever the functions take. They are not among `score`'s rows.

        Raises: as `score`.
        """
        token = cancel or Cancel()
        self._runner.load(token)
        first = len(self._rows) + len(self._further)
        self._further += rows
        results: dict[int, RowResult] = {}
        self._score_units([[first + i] for i in range(len(rows))], results.update, token)
        return tuple(results[first + i] for i in range(len(rows)))

    def _score_units(
        self, units: list[list[int]], take: Callable[[Mapping[int, RowResult]], None], cancel: Cancel
    ) -> None:
        at, careful_until, deaths = 0, 0, 0
        while at < len(units):
            # With a judge one unit at a time, which is what its limit is for; likewise after a death, to find the culprit.
            several = not self._has_judge and at >= careful_until
            part = units[at : at + (_UNITS if several else 1)]
            try:
                done, replies = self._request(part, cancel)
            except RewardError as error:
                if self._runner.is_closed:
                    raise
                if len(part) > 1:
                    careful_until = at + len(part)
                    continue
                deaths += 1
                take({i: self._failed(error) for i in part[0]})
                at += 1
                if deaths >= DEATHS_IN_A_ROW:
                    take({i: self._failed(_give_up(error, deaths)) for unit in units[at:] for i in unit})
                    return
                continue
            indices = [i for unit in part[:done] for i in unit]
            new = {i: self._to_result(i, reply) for i, reply in zip(indices, replies, strict=True)}
            take(new)
            at += done
            timeouts = [one.error is not None and one.error.type_name == "Timeout" for one in new.values()]
            deaths = deaths + len(timeouts) if timeouts and all(timeouts) and len(part[:done]) == 1 else 0
            if deaths >= DEATHS_IN_A_ROW and at < len(units):
                last = next(one.error for one in new.values() if one.error is not None)
                take({i: self._failed(_give_up(last, deaths)) for unit in units[at:] for i in unit})
                return

    def _request(self, units: list[list[int]], cancel: Cancel) -> tuple[int, list[float | RowReply]]:
        """How many units were scored, and the results of their rows."""
        frame: Frame = {"op": "score_rows", "slice_s": _SLICE_S}
        if self._recognized.is_single:
            frame |= {"first": units[0][0], "last": units[-1][0] + 1}
        else:
            frame["units"] = units
        calls = JUDGE_CALLS * sum(map(len, units))
        reply, _ = self._runner.exchange(
            frame, read_rows_reply, cancel, judge_calls=calls, prepare=lambda p: self._send_rows(p, cancel)
        )
        done, replies = reply.units_done, [*reply.results]
        while reply.left:
            reply, _ = self._runner.exchange({"op": "more"}, read_rows_reply, cancel)
            replies += reply.results
            if not reply.results:
                break
        self._refusals |= dict.fromkeys(reply.refusals)
        if not 1 <= done <= len(units) or len(replies) != sum(map(len, units[:done])):
            raise RewardError(
                "the reward wrote into the worker's own channel, so no answer can be trusted",
                type_name="WorkerDied",
            )
        return done, replies

    def _send_rows(self, process: WorkerProcess, cancel: Cancel) -> None:
        """Hand the rows over, if this process does not have them."""
        if process is not self._holder:
            self._sent = 0
        total = len(self._rows) + len(self._further)
        if self._sent < total:
            known = len(self._rows)  # all of these are sent at once, or none
            unsent = self._further[self._sent - known :] if self._sent else chain(self._rows, self._further)
            for frame in list_row_frames(unsent, self._unsendable, self._sent):
                self._runner.exchange_with(process, {"op": "keep", "rows": frame}, read_kept_reply, cancel)
        self._holder, self._sent = process, total

    def _list_batches(self) -> Iterator[list[int]]:
        """Places of rows, in batches of about BATCH_ROWS; a group is in one, and so is each group where functions take groups."""
        groups: dict[object, list[int]] = {}
        for i, row in enumerate(self._rows):
            groups.setdefault(i if row.group is None else row.group, []).append(i)
        batch: list[int] = []
        for places in groups.values():
            if batch and len(batch) + len(places) > BATCH_ROWS:
                yield batch
                batch = []
            batch += places
        if batch:
            yield batch

    def _check_alone(
        self,
        results: dict[int, RowResult],
        take: Callable[[Mapping[int, RowResult]], None],
        cancel: Cancel,
    ) -> tuple[int, ...]:
        """Score rows of batches once more, each alone: rows whose score then differs; and which rows made their batch fail."""
        places = [i for i, one in results.items() if one.error is None]
        sample = sorted(places)[:: max(1, math.ceil(len(places) / ALONE_ROWS))]
        failed = [
            i for i, one in results.items() if one.error is not None and one.error.type_name != "WrongLength"
        ]
        before = dict(results)

        def compare(new: Mapping[int, RowResult]) -> None:
            take({i: one for i, one in new.items() if before[i].error is not None})
            changed.extend(i for i, one in new.items() if before[i].error is None and _differ(before[i], one))

        changed: list[int] = []
        self._score_units([[i] for i in sorted({*sample, *failed})], compare, cancel)
        return tuple(changed)

    def _to_result(self, i: int, reply: float | RowReply) -> RowResult:
        if self._unsendable and (unsendable := self._unsendable.get(i)) is not None:
            return RowResult(error=unsendable)
        if isinstance(reply, float):
            return RowResult(reply)
        if reply.error is not None:
            function = self._by_name.get(reply.failed)
            error = self._runner.to_error(reply.error, name=self._binding(function))
            happening: Happening = "length" if reply.happening == "length" else "exception"
            return self._failed(error, happening, function, reply.stdout)
        outcome = describe_outcome(self._recognized.shape, "unscored") if reply.value is None else ""
        return RowResult(
            reply.value, reply.parts or {}, reply.feedback, framework_outcome=outcome, stdout=reply.stdout
        )

    def _failed(
        self,
        error: RewardError,
        happening: Happening = "exception",
        function: RewardFunction | None = None,
        stdout: str = "",
    ) -> RowResult:
        shape = self._recognized.shape if function is None else function.shape
        return RowResult(error=error, framework_outcome=describe_outcome(shape, happening), stdout=stdout)

    @staticmethod
    def _binding(function: RewardFunction | None) -> str | None:
        return function.access[0] if function is not None and function.access else None


def _differ(one: RowResult, other: RowResult) -> bool:
    if one.value is None or other.value is None or other.error is not None:
        return one.value is not other.value or other.error is not None
    return not math.isclose(one.value, other.value, rel_tol=1e-6, abs_tol=1e-9)


def _give_up(error: RewardError, deaths: int) -> RewardError:
    return RewardError(
        f"not scored: {deaths} rows one after the other failed like this: {error.message}",
        type_name=error.type_name,
        line=error.line,
    )
