"""The marks of arms: no two alike, and the browser knows each of them."""

from __future__ import annotations

from pathlib import Path

from refine_core.experiments.marks import mark_arm

BATCH = Path(__file__).parents[2] / "assets" / "batch"


def test_sixteen_arms_have_sixteen_marks():
    assert len({(one.shape, one.colour, one.hollow) for one in map(mark_arm, range(16))}) == 16
    for group in (range(8), range(8, 16)):
        assert (
            len({mark_arm(place).shape for place in group}) == len({mark_arm(p).colour for p in group}) == 8
        )


def test_the_browser_draws_every_shape_in_every_colour():
    script, styles = (BATCH / f"arms.{end}" for end in ("js", "css"))
    for mark in map(mark_arm, range(16)):
        assert f"\n  {mark.shape}: " in script.read_text(encoding="utf-8")
        assert styles.read_text(encoding="utf-8").count(f"--arm-{mark.colour}:") == 2, "light and dark"
