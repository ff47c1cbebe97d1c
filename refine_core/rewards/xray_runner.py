"""XrayRunner: one row at a time, scored as ever, with what each line of the reward did.

    XrayRunner(recognized, rows) --xray(place)--> RowXray(result, trace)

Each row runs in a module of its own, so that no cache and no counter of the source remembers the row before. A function that takes
lists gets a batch of this one row; one that takes groups, its group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards.exchange import encode_arguments
from refine_core.rewards.judge import JUDGE_CALLS, Judge
from refine_core.rewards.limits import MEMORY_BYTES
from refine_core.rewards.process import Frame
from refine_core.rewards.row_frames import ScorableRow, encode_row
from refine_core.rewards.row_runner import RowResult, RowRunner
from refine_core.rewards.shapes.types import Recognized
from refine_core.rewards.xray_replies import Trace, read_xray_reply
from refine_core.spec.limits import REWARD_TIMEOUT_S

_COLUMNS_OF = 500  # rows are looked at for the names of columns


@dataclass(frozen=True, slots=True)
class RowXray:
    """The score of one row, as RowRunner gives it, and its trace; None where nothing could be recorded."""

    result: RowResult
    trace: Trace | None
    refusals: tuple[str, ...] = ()


class XrayRunner(RowRunner):
    """X-rays rows with the functions of one source, in a worker process of its own. Arguments as for RowRunner."""

    def __init__(
        self,
        recognized: Recognized,
        rows: Sequence[ScorableRow],
        *,
        timeout_s: float = REWARD_TIMEOUT_S,
        memory_bytes: int = MEMORY_BYTES,
        judge: Judge | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(
            recognized,
            rows,
            timeout_s=timeout_s,
            memory_bytes=memory_bytes,
            judge=judge,
            files=files,
            xray=True,
        )

    def xray(self, place: int, cancel: Cancel | None = None) -> RowXray:
        """X-ray the row at this place, from 0. Raises: RewardError for a source that cannot be loaded; WorkerError; RunCancelled."""
        token = cancel or Cancel()
        self._runner.load(token)
        try:
            together = self._list_together(place)
            rows = [self._encode(self._rows[i]) for i in together]
            frame: Frame = {
                "op": "xray",
                "rows": rows,
                "at": together.index(place),
                "columns": self._columns(),
            }
            frame["slice_s"] = self._runner.load_timeout_s  # each is loaded anew
            reply, _ = self._runner.exchange(
                frame, read_xray_reply, token, judge_calls=JUDGE_CALLS * len(together)
            )
        except RewardError as error:
            if self._runner.is_closed:
                raise
            return RowXray(self._failed(error), None)
        return RowXray(self._to_result(-1, reply.result), reply.trace, reply.refusals)

    def _list_together(self, place: int) -> list[int]:
        """Places of the rows that one call gets."""
        group = self._rows[place].group
        if self._recognized.per != "group" or group is None:
            return [place]
        return [i for i, row in enumerate(self._rows) if row.group == group]

    def _encode(self, row: ScorableRow) -> list[object]:
        return encode_row(row.inputs, row.prediction, row.expected, row.group)

    def _columns(self) -> list[str]:
        """Names of columns, as far as a row may lack one that others have."""
        if self._recognized.per == "row":
            return []
        names: dict[str, None] = {}
        for row in self._rows[:_COLUMNS_OF]:
            names |= dict.fromkeys(encode_arguments("input", dict.fromkeys(row.inputs)))
            if isinstance(row.expected, Mapping):
                names |= dict.fromkeys(map(str, row.expected))
        return list(names)
