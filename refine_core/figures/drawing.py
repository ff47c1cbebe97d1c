"""One drawing, put together: its layers, and what every drawing has, the numbers of the axis, its lines and the names beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from refine_core.figures.axis import Axis
from refine_core.figures.scene import Json, Layer
from refine_core.log.timeline import Timeline

_APART_PX = 14.0  # that two names at the left need from one another
_LEFT_PX = 86
_NAME_PX, _LETTER_PX = 62.0, 6.0  # "threshold" and two gaps, and a letter of the number beside it


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn, from the back to the front.

    height, left: pixels, the latter for names and numbers. numbers_y: of the row of attempts. failed_y: of the line of failures.
    labels: names of strips, {"y", "text"} and more.
    hovers: of strips, {"y": [top, foot], "texts": one for each attempt begun}.
    """

    kind: Literal["columns", "matrix"]
    height: float
    left: float
    numbers_y: float
    axis: Axis
    failed_y: float
    labels: Sequence[Mapping[str, Json]]
    layers: Sequence[Layer]
    hovers: Sequence[Mapping[str, Json]] = ()

    def to_json(self, timeline: Timeline) -> dict[str, Json]:
        """The drawing as plain JSON values, with the lines and labels that follow from the run."""
        axis, threshold = self.axis, timeline.spec.threshold
        ticks = axis.labels(timeline)
        rules: list[Json] = [{"y": y, "style": "hair"} for y, _ in ticks]
        labels: list[Json] = [{"y": self.numbers_y, "text": "attempt"}]
        at = None if threshold is None else axis.y(threshold)
        if at is not None:
            rules.append({"y": at, "style": "threshold"})
            labels.append({"y": at, "text": "threshold"})
        free = (axis.middle, axis.bottom, axis.top)
        reward_y = next((y for y in free if at is None or abs(y - at) >= _APART_PX), axis.middle)
        labels.append({"y": reward_y, "text": "reward"})
        if any(a.outcome in {"failed", "cut_off"} for a in timeline.attempts):
            rules.append({"y": self.failed_y, "style": "hair"})
            labels.append({"y": self.failed_y, "text": "failed"})
        least = max(_LEFT_PX, round(_NAME_PX + _LETTER_PX * axis.label_letters(threshold)))
        return {
            "kind": self.kind,
            "height": self.height,
            "left": max(self.left, least),
            "least_left": least,
            "numbers": self.numbers_y,
            "panel": [axis.top, axis.bottom],
            "ticks": [
                {"y": y, "text": words, "style": "muted" if y == at else "faint"} for y, words in ticks
            ],
            "rules": rules,
            "labels": [*labels, *self.labels],
            "layers": list(self.layers),
            "hovers": list(self.hovers),
        }
