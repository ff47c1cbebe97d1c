"""The output of an attempt in the story: its main field, and the others in a line beneath.

    read_fields(timeline, attempt, outputs before)    the fields of an attempt that has its outputs
    read_draft(timeline, attempt, outputs before)     those of one that a model is writing now

The main field is the first that the last predictor gives; what a model reasoned is in the attempt's details, not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Final, Literal

from refine_core.differences import Piece, diff_words
from refine_core.errors import SignatureError
from refine_core.figures.story_text import Shown, clean, show_value
from refine_core.log.timeline import Attempt, Timeline
from refine_core.refine.build import build_stage_signature
from refine_core.spec import StageSpec

MAIN_LIMIT: Final = 480  # characters of the main field
OTHER_LIMIT: Final = 160
_REASONING: Final = "reasoning"
_MARK: Final = re.compile(r"\[\[ ## (\w+) ## \]\]\n?")
_BROKEN_MARK: Final = re.compile(r"\s*\[(?:\[[^\]\n]*\]?)?\Z")
_TAIL: Final = 4000  # characters of a draft that are looked at

FieldState = Literal["done", "writing", "waiting"]


@dataclass(frozen=True, slots=True)
class StoryField:
    """One output. label: whether its name is shown before it. shown: its text; while it is being written, so far."""

    name: str
    shown: Shown
    label: bool = True
    state: FieldState = "done"


def read_fields(
    timeline: Timeline, attempt: Attempt, before: Mapping[str, object] | None
) -> list[StoryField]:
    """The outputs of an attempt, the main one first; [] without any. before: those of the attempt that they are compared with."""
    outputs = attempt.outputs or {}
    names = _in_order(timeline, attempt, list(outputs))
    fields = []
    for i, name in enumerate(names):
        limit = OTHER_LIMIT if i else MAIN_LIMIT
        shown = (
            show_value(outputs[name], before[name], limit=limit, fold=bool(i))
            if before is not None and name in before
            else show_value(outputs[name], limit=limit, fold=bool(i))
        )
        fields.append(StoryField(name, shown, label=_has_label(timeline, i)))
    return fields


def read_draft(timeline: Timeline, attempt: Attempt, before: Mapping[str, object] | None) -> list[StoryField]:
    """The outputs of an attempt that is under way, as far as they are written; what has not come yet is "waiting"."""
    known: dict[str, object] = {}
    for run in attempt.predictors:
        known.update(run.outputs or {})
    drafts = _drafts(timeline, attempt)
    names = list(dict.fromkeys([*known, *drafts, *expected_fields(timeline)]))
    fields = []
    for i, name in enumerate(_in_order(timeline, attempt, names)):
        label = _has_label(timeline, i)
        limit = OTHER_LIMIT if i else MAIN_LIMIT
        old = (before or {}).get(name)
        if name in drafts:
            fields.append(StoryField(name, _show_draft(drafts[name], old, limit), label, "writing"))
        elif name in known:
            done = [known[name], old] if before is not None and name in before else [known[name]]
            fields.append(StoryField(name, show_value(*done, limit=limit, fold=bool(i)), label))
        else:
            fields.append(StoryField(name, Shown(), label, "waiting"))
    return fields


def main_field(timeline: Timeline, attempt: Attempt) -> str:
    """The name of the output that matters most in an attempt; "" where it has none."""
    return next(iter(_in_order(timeline, attempt, list(attempt.outputs or {}))), "")


def expected_fields(timeline: Timeline) -> list[str]:
    """Names of the outputs as the program describes them, in order; [] where it does not."""
    return [name for stage in timeline.spec.stages for name in _outputs_of(stage.signature)]


@lru_cache(maxsize=64)
def _outputs_of(signature: str) -> tuple[str, ...]:
    try:
        return tuple(build_stage_signature(StageSpec("stage", signature)).output_fields)
    except SignatureError:
        return ()


def _has_label(timeline: Timeline, place: int) -> bool:
    """Whether a field's name is shown: not that of the main one of a single stage, unless it is a bare value such as "true"."""
    stages = timeline.spec.stages
    return place > 0 or len(stages) > 1 or any(_begins_with_a_value(stage.signature) for stage in stages)


@lru_cache(maxsize=64)
def _begins_with_a_value(signature: str) -> bool:
    """Whether a signature has several outputs, of which the first is no free text."""
    try:
        outputs = build_stage_signature(StageSpec("stage", signature)).output_fields
    except SignatureError:
        return False
    return len(outputs) > 1 and next(iter(outputs.values())).type is not str


def _in_order(timeline: Timeline, attempt: Attempt, names: list[str]) -> list[str]:
    """The main field first, then the others as they came; without the reasoning, unless there is nothing else."""
    kept = [name for name in names if name != _REASONING] or names
    last = [*(attempt.predictors[-1].outputs or {})] if attempt.predictors else []
    stages = timeline.spec.stages
    final = _outputs_of(stages[-1].signature) if stages else ()
    main = next((name for name in (*final, *last) if name in kept), None)
    return kept if main is None else [main, *(name for name in kept if name != main)]


def _drafts(timeline: Timeline, attempt: Attempt) -> dict[str, str]:
    """Name -> text of the fields that replies under way hold so far."""
    found: dict[str, str] = {}
    for run in attempt.predictors:
        waiting = [call.draft for call in run.calls if call.waiting and call.draft]
        if not waiting:
            continue
        draft = waiting[-1]
        marks = list(_MARK.finditer(draft))
        for mark, following in zip_longest(marks, marks[1:]):
            if mark[1] != "completed":
                body = draft[mark.end() : following.start() if following else len(draft)].rstrip()
                found[mark[1]] = body if following else _BROKEN_MARK.sub("", body)
        if not marks and not draft.lstrip().startswith("[["):
            stage = next((s for s in timeline.spec.stages if s.name == run.name), None)
            names = _outputs_of(stage.signature) if stage is not None else ()
            found[names[0] if names else run.name] = draft
    return found


def _show_draft(draft: str, old: object, limit: int) -> Shown:
    """The end of what is written so far, with what is new in it marked where the value before was a text."""
    written = clean(draft[-_TAIL:])
    is_cut = len(written) > limit
    if is_cut:
        return Shown((Piece("same", f"… {written[-limit:]}"),), is_cut=True)
    if not isinstance(old, str) or not written:
        return Shown((Piece("same", written),) if written else ())
    pieces = diff_words(clean(old[: len(written) + _TAIL]), written).pieces
    return Shown(tuple(piece for piece in pieces if piece.kind != "removed"))
