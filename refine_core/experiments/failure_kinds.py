"""What went wrong in an experiment, by kind: runs that failed, and calls that were made again and went on.

list_failures(snapshot) -> [FailureKind("failed", "unreadable reply", ("Refine",), "it has no field 'answer'", 2, cells)]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.experiments.document import Cell
from refine_core.experiments.snapshot import Snapshot
from refine_core.formatting import clip, format_duration, join_words

_KINDS: Final[Mapping[str, str]] = {
    "LMRateLimitError": "rate limit (429)",
    "LMCreditError": "out of credit",
    "LMTimeoutError": "no answer in time",
    "LMUnavailableError": "model not reached",
    "LMKeyError": "key refused or missing",
    "LMNotFoundError": "no such model",
    "LMRefusedError": "request refused",
    "LMPromptTooLongError": "prompt too long",
    "ParseError": "unreadable reply",
    "InputError": "input of the wrong type",
    "WorkerError": "worker of the reward failed",
    "StoreError": "not stored",
    "Timeout": "the reward took too long",
    "MemoryLimit": "the reward took too much memory",
    "WorkerDied": "the reward ended its process",
    "TooLarge": "the reward returned too much",
    "WrongType": "the reward returned no number",
    "NotFinite": "the reward returned no number",
    "": "no reward",
}
_MOST_KINDS: Final = 8  # of failed runs; what is beyond stands together
_NAMED: Final = 3  # inputs by number
_CHARACTERS: Final = 240
_VARIES: Final = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")  # in messages of one cause


@dataclass(frozen=True, slots=True)
class FailureKind:
    """how: "failed" runs have no reward; "retried" calls were made again, and their runs went on.

    what: the kind in a few words. arms: their names. detail: the message that most of them have, or what was done. count: of runs, or
    of calls. cells: the failed ones, in order; () for calls. key: which kind it is, the same while others come.
    """

    how: Literal["failed", "retried"]
    what: str
    arms: tuple[str, ...]
    detail: str
    count: int
    cells: tuple[Cell, ...] = ()
    key: str = ""

    @property
    def inputs(self) -> str:
        """Which inputs failed: "input 42", "inputs 3, 17, 20 and 5 more"; "" for calls."""
        rows = list(dict.fromkeys(cell.row for cell in self.cells))
        return describe_inputs(rows)


def describe_inputs(rows: Sequence[int]) -> str:
    """The first ones by number, the others by how many they are; "" for none."""
    if not rows:
        return ""
    if len(rows) > _NAMED + 1:
        named = ", ".join(f"{row:,}" for row in rows[:_NAMED])
        return f"inputs {named} and {len(rows) - _NAMED:,} more"
    return f"{'input' if len(rows) == 1 else 'inputs'} {join_words([f'{row:,}' for row in rows])}"


def list_failures(snapshot: Snapshot) -> list[FailureKind]:
    """Retried calls first, as they go on; then failed runs, the most frequent kind first."""
    names = {arm.key: arm.name for arm in snapshot.experiment.arms}
    retries: dict[str, Counter[str]] = {}
    waited: dict[str, float] = {}
    failed: dict[tuple[str, str], list[Cell]] = {}
    for cell, outcome in snapshot.outcomes.items():
        for kind, count in outcome.retries.items():
            retries.setdefault(kind, Counter())[cell.arm] += count
            waited[kind] = waited.get(kind, 0.0) + outcome.waited_s.get(kind, 0.0)
        if outcome.state == "failed":
            cause = (outcome.error_type, _VARIES.sub("…", outcome.error))
            failed.setdefault(cause, []).append(cell)
    limit = "LMRateLimitError"
    if snapshot.slowed and limit not in retries:
        retries[limit] = Counter()  # its runs are still under way
    passed = [
        FailureKind(
            "retried",
            _KINDS.get(kind, kind),
            _name_arms(names, by_arm),
            _describe_retries(snapshot, waited.get(kind, 0.0), slowed=kind == limit),
            by_arm.total(),
            key=f"retried {kind}",
        )
        for kind, by_arm in retries.items()
    ]
    kinds = sorted(failed.items(), key=lambda one: -len(one[1]))
    return [
        *passed,
        *(_failed(snapshot, names, cause, cells) for cause, cells in kinds[:_MOST_KINDS]),
        *_others(names, [cells for _, cells in kinds[_MOST_KINDS:]]),
    ]


def _failed(
    snapshot: Snapshot, names: Mapping[str, str], cause: tuple[str, str], cells: Sequence[Cell]
) -> FailureKind:
    kind, pattern = cause
    messages = Counter(snapshot.outcomes[cell].error for cell in cells)
    (message, _), *others = messages.most_common()
    more = f" · {len(others):,} more like it" if others else ""
    message = "" if message == kind else message.removeprefix(f"{kind}: ")  # which stands before it already
    detail = f"{clip(' '.join(message.split()), _CHARACTERS)}{more}".removeprefix(" · ")
    what = _KINDS.get(kind, kind)
    return FailureKind(
        "failed",
        what,
        _name_arms(names, (c.arm for c in cells)),
        detail,
        len(cells),
        _in_order(cells),
        f"{kind}: {pattern}",
    )


def _others(names: Mapping[str, str], groups: Sequence[Sequence[Cell]]) -> Iterable[FailureKind]:
    cells = [cell for group in groups for cell in group]
    if cells:
        arms = _name_arms(names, (c.arm for c in cells))
        detail = f"{len(groups):,} more errors, each seldom"
        yield FailureKind("failed", "other errors", arms, detail, len(cells), _in_order(cells), "others")


def _describe_retries(snapshot: Snapshot, waited_s: float, *, slowed: bool) -> str:
    """What became of calls that were refused: "waited 4.0 s in all, slowed all arms to 6 at once"."""
    parts = [f"waited {format_duration(waited_s)} in all"] if waited_s else []
    if slowed:
        arms = {arm.spec.model.label for arm in snapshot.experiment.arms}
        for label, at_once in snapshot.slowed.items():
            whom = "all arms" if arms == {label} else f"every call of {label}"
            parts.append(f"slowed {whom} to {at_once:,} at once")
    return ", ".join(parts) or "sent again"


def _name_arms(names: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    found = set(keys)
    return tuple(name for key, name in names.items() if key in found)


def _in_order(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    return tuple(sorted(cells, key=lambda cell: (cell.row, cell.repeat, cell.arm)))
