"""What is drawn over the chart while something is changed."""

import pytest

from refine_core.figures import (
    Now,
    build_figure,
    build_now_marks,
    build_story,
    describe_now,
    describe_now_marks,
)
from tests import logs

ADVICE = {"state": "not_comparable", "because": "other advice"}
NOW = {
    0: Now(0.33),
    1: Now(0.75, is_best=True, **ADVICE, old_hint="for the old reward"),
    2: Now(0.75, **ADVICE, old_hint="for the old reward"),
    3: Now(0.5, **ADVICE, old_hint="for the old reward"),
    4: Now(instead="never tried", state="never_tried"),
}


def layers(now, kind="columns", timeline=None):
    """Every layer under and over one drawing, by its name."""
    drawn = build_now_marks(timeline or logs.headline().timeline, now)[kind]
    return {layer["name"]: layer for layer in (*drawn["under"], *drawn["over"])}


def rewards_of(kind):
    """Where the recorded marks are, by attempt."""
    drawing = build_figure(logs.headline().timeline)["drawings"][kind]
    marks = next(layer for layer in drawing["layers"] if layer["name"] == "reward")
    return dict(zip(marks["attempt"], marks["y"], strict=True)), drawing


@pytest.mark.parametrize("kind", ["columns", "matrix"])
def test_a_diamond_stands_at_the_new_score_only_where_it_changed(kind):
    marks = layers(NOW, kind)["score now"]
    assert (marks["attempt"], marks["symbol"]) == ([3], ["diamond"])
    recorded, drawing = rewards_of(kind)
    top, bottom = drawing["panel"]
    assert marks["y"] == [pytest.approx((top + bottom) / 2, abs=0.1)]  # 0.5 of an axis from 0 to 1
    assert layers(NOW, kind)["moved"]["points"][0][0] == [3.5, recorded[3]]


def test_a_mark_is_filled_where_it_is_exact_and_hollow_where_it_is_not():
    now = {0: Now(0.5), 1: Now(0.5, state="not_comparable", because="other advice")}
    assert layers(now)["score now"]["style"] == ["now", "now-other"]


def test_an_attempt_that_would_not_have_been_made_is_pale_and_says_so():
    now = {0: Now(0.5), 1: Now(0.5, state="not_needed", because="not needed: N is 1")}
    timeline = logs.headline().timeline
    assert layers(now)["score now"]["style"] == ["now", "now-pale"]
    cells = [describe_now(timeline, attempt, now) for attempt in timeline.attempts[:2]]
    assert [cell.note for cell in cells] == ["+0.17", "not needed"]
    assert describe_now_marks(timeline, now).endswith("Attempt 2 would not have been made.")


def test_only_an_exact_attempt_is_said_to_be_returned():
    timeline = logs.headline().timeline
    sure, unsure = (
        Now(0.8, is_best=True, is_returned=True),
        Now(0.8, is_best=True, is_returned=True, **ADVICE),
    )
    first = timeline.attempts[0]
    assert [describe_now(timeline, first, {0: one}).note for one in (sure, unsure)] == [
        "returned",
        "reaches it",
    ]


@pytest.mark.parametrize("kind", ["columns", "matrix"])
def test_another_threshold_is_a_line_of_its_own_with_its_number(kind):
    assert "threshold now" not in layers(NOW, kind)
    drawn = layers({0: Now(0.33, threshold=0.7)}, kind)
    _, drawing = rewards_of(kind)
    top, bottom = drawing["panel"]
    [[(_, y), (last, _)]] = drawn["threshold now"]["points"]
    assert (y, last) == (pytest.approx(bottom - 0.7 * (bottom - top), abs=0.1), 5)
    assert drawn["threshold's number"]["text"] == ["0.70"]
    at_a_tick = layers({0: Now(0.33, threshold=0.52)}, kind)
    assert at_a_tick["threshold's number"]["text"] == [], "else two numbers lie over one another"
    alt = describe_now_marks(logs.headline().timeline, {0: Now(0.33, threshold=0.7)})
    assert alt.startswith("The threshold would be 0.70. ")


def test_columns_never_tried_and_not_comparable_are_hatched_apart():
    drawn = layers(NOW)
    assert (drawn["hatched never"]["spans"], drawn["hatched other"]["spans"]) == ([[4, 5]], [[1, 4]])


def test_an_attempt_beyond_the_chart_has_no_column_to_hatch():
    now = {9: Now(instead="never tried", state="never_tried")}
    assert layers(now)["hatched never"]["spans"] == []
    assert "Attempt 10 was never tried." in describe_now_marks(logs.headline().timeline, now)


def test_an_attempt_that_would_fail_lies_on_the_line_of_failures():
    marks = layers({3: Now(instead="fails", why="division by zero", fails=True)})
    assert marks["score now"]["y"] == [rewards_of("columns")[1]["panel"][1] + 16.5]
    assert marks["values now"]["text"] == ["fails"]


def test_a_ring_marks_the_best_now_unless_it_has_one_already():
    assert layers(NOW)["best now"]["attempt"] == [1]
    returned = next(a.index for a in logs.headline().timeline.attempts if a.is_returned)
    same = logs.headline().timeline.attempts[returned].reward
    assert layers({returned: Now(same, is_best=True)})["best now"]["attempt"] == []


def test_pointing_at_an_attempt_tells_the_new_score_and_whether_it_is_exact():
    told = dict(build_now_marks(logs.headline().timeline, NOW)["hovers"])
    assert told[0] == "would score the same now"
    assert told[3] == "would score 0.50 now (\N{MINUS SIGN}0.50)\nnot comparable: other advice"
    assert told[4] == "would have been needed now, but was never tried"


def test_the_alternative_text_says_what_changed_and_what_is_not_known():
    assert describe_now_marks(logs.headline().timeline, NOW) == (
        "With what is changed now, attempt 4 would score 0.50. Of these outputs, attempt 2 would be returned. "
        "Attempts 2 to 4 are not comparable: other advice. Attempt 5 was never tried."
    )
    assert describe_now_marks(logs.headline().timeline, {0: Now(0.33)}) == (
        "With what is changed now, no score differs."
    )


def test_hints_say_that_they_were_for_the_old_reward_where_others_would_come():
    rows = build_story(logs.headline().timeline, now=NOW).rows
    assert [[hint.note for hint in row.hints] for row in rows] == [[], *[["for the old reward"]] * 3]
    assert not any(hint.note for row in build_story(logs.headline().timeline).rows for hint in row.hints)
