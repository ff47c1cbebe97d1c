"""On a phone the reward has no story beside it: what each attempt would score now stands above it."""

from __future__ import annotations

from pages.lab.would_score import list_scores_now
from pages.shared.run.view import WouldScore
from pages.shared.text import escape_markdown
from refine_core.figures import Now
from tests import logs


def test_an_old_score_is_struck_out_only_where_the_new_one_differs():
    timeline = logs.headline().timeline
    old = [attempt.reward for attempt in timeline.attempts]
    would = WouldScore("With the edited reward", "", {0: Now(old[0]), 1: Now(0.1), 2: Now(instead="fails")})
    first, second, third = list_scores_now(would, timeline)
    assert "~~" not in first
    assert f"~~{escape_markdown(f'{old[1]:.2f}')}~~" in second
    assert escape_markdown("0.10") in second
    assert "fails" in third
