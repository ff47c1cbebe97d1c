"""The timeline as a figure and as a table: what is drawn where, and that a model's words stay words."""

# ruff: noqa: RUF001 - the minus sign is what is shown, and so what is asserted

import copy
import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.figures import (
    build_figure,
    build_ghost,
    build_ledger,
    describe_figure,
    describe_ghost,
)
from refine_core.figures.axis import ABOVE_PX, BEYOND_PX, build_axis
from refine_core.figures.strips import TRACK_START
from refine_core.messages import describe_failure
from refine_core.spec import StageSpec
from tests import logs


def drawing(log: logs.Log, kind: str = "columns") -> dict:
    found = build_figure(log.timeline)["drawings"][kind]
    assert found is not None
    return found


def layer(log: logs.Log, name: str, kind: str = "columns") -> dict:
    """The one layer of that name in a drawing of the log."""
    (found,) = [each for each in drawing(log, kind)["layers"] if each["name"] == name]
    return found


def rule(log: logs.Log, style: str) -> list[float]:
    """The heights of the lines of one style."""
    return [r["y"] for r in drawing(log)["rules"] if r["style"] == style]


def named(log: logs.Log, kind: str = "columns") -> dict[str, float]:
    """What is named at the left, and where."""
    return {label["text"]: label["y"] for label in drawing(log, kind)["labels"]}


def reward_at(log: logs.Log, y: float) -> float:
    """The reward that a height stands for, by the two outermost numbers of the axis."""
    axis = build_axis(log.timeline, *panel_of(log))
    return axis.low + (axis.bottom - y) / axis.height * (axis.high - axis.low)


def panel_of(log: logs.Log) -> tuple[float, float]:
    top, foot = drawing(log)["panel"]
    return top, foot - top


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_a_figure_is_plain_json(name):
    """Without NaN or infinity, so that every browser and every file can hold it."""
    figure = build_figure(logs.SCENARIOS[name]().timeline)
    assert json.loads(json.dumps(figure, allow_nan=False)) == json.loads(json.dumps(figure))


def prefix(log: logs.Log, end: int) -> logs.Log:
    """The log as it stood after so many records."""
    part = copy.copy(log)
    part.records = log.records[:end]
    return part


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_every_prefix_of_a_log_can_be_drawn(name):
    """A live run is a prefix of itself."""
    log = logs.SCENARIOS[name]()
    for end in {*range(1, 40), *range(40, len(log.records), 17)} & set(range(1, len(log.records))):
        folded = prefix(log, end).timeline
        json.dumps(build_figure(folded), allow_nan=False)
        assert describe_figure(folded)
        assert len(build_ledger(folded)) == len(folded.attempts)


REWARDS = st.one_of(st.none(), st.floats(allow_nan=False), st.sampled_from([0.0, 0.5, 1.0]))


def made_of(rewards: list[float | None], threshold: float | None, *, finished: bool = True) -> logs.Log:
    log = logs.Log(stages=("answer",), N=max(2, len(rewards)), threshold=threshold)
    for reward in rewards:
        log.attempt(reward)
        log.advise({"answer": "Again."})
    if finished:
        log.finish()
    return log


@given(
    rewards=st.lists(REWARDS, max_size=12), threshold=st.none() | st.floats(-1e6, 1e6), end=st.floats(0, 1)
)
@settings(max_examples=60, deadline=None)
def test_every_mark_lies_in_the_panel_and_the_ring_on_the_best_attempt(rewards, threshold, end):
    """For a whole run and for any prefix of it, and with the same layers. An infinite reward lies just outside, where no number is."""
    log = made_of(rewards, threshold)
    above, below = (ABOVE_PX, BEYOND_PX) if {math.inf, -math.inf} & {*rewards} else (0.0, 0.0)
    blank = [each["name"] for each in drawing(prefix(log, 1))["layers"]]
    for part in (log, prefix(log, 1 + round(end * (len(log.records) - 1)))):
        json.dumps(build_figure(part.timeline), allow_nan=False)
        assert [each["name"] for each in drawing(part)["layers"]] == blank
        top, foot = drawing(part)["panel"]
        heights = [y for n in ("reward", "running", "returned") for y in layer(part, n)["y"]]
        heights += [y for line in layer(part, "best so far")["points"] for _, y in line]
        assert all(top - above <= y <= foot + below for y in heights)
        assert all(y > foot for y in layer(part, "failed")["y"])
    scored = [r for r in rewards if r is not None]
    assert layer(log, "returned")["attempt"] == ([rewards.index(max(scored))] if scored else [])


# ---- nothing moves


PLACES = ("kind", "height", "left", "numbers", "panel")


def places(figure: dict) -> dict:
    """Where the parts of a figure lie; a name that comes with the first failure has had its room before."""
    shown = figure["drawings"]["columns"] or figure["drawings"]["matrix"]
    labels = [(label["text"], label["y"]) for label in shown["labels"] if label["text"] != "failed"]
    return {**{key: shown[key] for key in PLACES}, "labels": labels, "columns": figure["columns"]}


@given(rewards=st.lists(st.none() | st.floats(0, 1), max_size=8), threshold=st.none() | st.floats(0, 1))
@example(rewards=[0.00390625], threshold=4e-90)
@example(rewards=[0.89999], threshold=0.9)
@settings(max_examples=40, deadline=None)
def test_nothing_moves_while_attempts_arrive(rewards, threshold):
    """From before the run to its end: one size, one axis, the same names at the same heights."""
    log = made_of(rewards, threshold)
    before = build_ghost(log.timeline.spec)
    shown = before["drawings"]["columns"]
    for end in range(1, len(log.records) + 1):
        part = prefix(log, end)
        figure = build_figure(part.timeline)
        assert places(figure) == places(before)
        ticks = figure["drawings"]["columns"]["ticks"]
        assert [tick["y"] for tick in ticks] == [tick["y"] for tick in shown["ticks"]]


@given(
    rewards=st.lists(st.none() | st.floats(-1e9, 1e9), max_size=10),
    threshold=st.none() | st.floats(-1e3, 1e3),
)
@example(rewards=[], threshold=-5e-324)
@settings(max_examples=100, deadline=None)
def test_the_axis_of_rewards_only_ever_grows(rewards, threshold):
    """Once there is a reward or a threshold; and it holds whatever has been seen."""
    log = made_of(rewards, threshold)
    before = None
    for end in range(1, len(log.records) + 1):
        timeline = prefix(log, end).timeline
        seen = [a.reward for a in timeline.attempts if a.reward is not None]
        if not seen and threshold is None:
            continue
        axis = build_axis(timeline, 0, 100)
        assert all(
            axis.low <= value <= axis.high for value in (*seen, *([] if threshold is None else [threshold]))
        )
        assert before is None or (axis.low <= before.low and axis.high >= before.high)
        assert 2 <= len(axis.ticks) <= 6
        before = axis


@pytest.mark.fault(36)
@pytest.mark.parametrize("attempts", [8, 30, 40])
def test_a_run_that_stopped_early_keeps_all_its_columns(attempts):
    """What "of 8" says above must be seen below."""
    log = logs.Log(N=attempts)
    log.attempt(0.1)
    log.attempt(1.0)
    log.finish()
    figure = build_figure(log.timeline)
    assert figure["columns"] == attempts
    assert figure["begun"] == [0, 1]
    assert len(figure["hovers"]) == attempts
    assert figure["hovers"][-1] == f"Attempt {attempts} was not needed\ntemperature 1"


def test_a_single_attempt_has_one_column_whatever_n_is():
    log = logs.Log(N=5, strategy="single")
    assert build_figure(log.timeline)["columns"] == 1
    assert "advice" not in named(log)


def test_one_stage_takes_about_190_pixels_and_another_adds_one_strip():
    heights = [drawing(logs.Log(stages=names))["height"] for names in (("a",), ("a", "b"), ("a", "b", "c"))]
    assert 185 <= heights[0] <= 200
    assert heights[2] - heights[1] == 20
    assert heights[1] - heights[0] <= 20


# ---- the panel


def test_the_number_of_layers_does_not_depend_on_the_number_of_attempts():
    assert len(drawing(logs.long(3))["layers"]) == len(drawing(logs.long(30))["layers"])
    assert len(drawing(logs.long(31), "matrix")["layers"]) == len(drawing(logs.long(90), "matrix")["layers"])


def test_marks_stand_in_the_middle_of_their_columns_and_carry_their_index():
    rewards = layer(logs.two_stages(), "reward")
    assert rewards["x"] == [0.5, 1.5, 2.5, 3.5]
    assert rewards["attempt"] == [0, 1, 2, 3]


def test_position_is_the_reward_itself():
    log = logs.two_stages()
    assert [reward_at(log, y) for y in layer(log, "reward")["y"]] == pytest.approx([0.2, 0.6, 0.62, 0.91])


def test_each_outcome_has_a_shape_of_its_own():
    assert layer(logs.two_stages(), "reward")["symbol"] == ["circle", "circle", "circle", "square"]
    assert layer(logs.failures(), "reward")["symbol"] == ["circle", "triangle", "circle", "circle"]
    assert layer(logs.failures(), "failed")["symbol"] == ["cross", "cross"]
    assert layer(logs.running(), "running")["symbol"] == ["ring"]


def test_a_tie_keeps_the_first_best():
    """Attempts 3 and 4 have one reward; only the first of them is marked, and it is the one returned."""
    rewards = layer(logs.failures(), "reward")
    assert rewards["y"][1] == rewards["y"][2]
    assert rewards["attempt"][rewards["symbol"].index("triangle")] == 2


def test_the_ring_is_on_the_attempt_returned_and_there_is_none_before_the_end():
    log = logs.two_stages()
    ring, marks = layer(log, "returned"), layer(log, "reward")
    assert (ring["x"], ring["y"]) == ([3.5], [marks["y"][3]])
    assert ring["size"][0] > marks["size"][3] + 6
    assert layer(logs.running(), "returned")["x"] == []
    assert layer(logs.cancelled(), "returned")["x"] == []


def test_best_so_far_never_falls_and_goes_by_steps():
    (points,) = layer(logs.long(12), "best so far")["points"]
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))


def test_failures_lie_on_one_line_below_zero_and_it_is_labelled():
    log = logs.failures()
    lost = layer(log, "failed")
    assert lost["attempt"] == [1, 4]
    assert len(set(lost["y"])) == 1
    assert lost["y"][0] > drawing(log)["panel"][1]
    assert named(log)["failed"] == lost["y"][0]
    assert lost["y"][0] in rule(log, "hair")


def test_failures_lie_below_negative_rewards_too():
    log = logs.negative()
    log.records.pop()
    log.attempt(None)
    assert layer(log, "failed")["y"][0] > max(layer(log, "reward")["y"])


def test_room_for_failures_is_kept_from_the_start_and_named_with_the_first():
    spared, failed = logs.Log(), logs.Log()
    spared.attempt(0.5)
    failed.attempt(None)
    assert "failed" not in named(spared)
    assert "failed" in named(failed)
    assert places(build_figure(spared.timeline)) == places(build_figure(failed.timeline))
    assert drawing(failed)["panel"][1] < named(failed)["failed"] < named(failed)["temperature"] - 12


def test_a_cancelled_attempt_is_not_called_failed():
    lost = layer(logs.cancelled(), "failed")
    assert lost["attempt"] == [1]
    assert lost["symbol"] == ["dash"]
    assert [row.words for row in build_ledger(logs.cancelled().timeline)] == ["best", "cut off"]


def test_an_attempt_left_by_a_process_that_ended_is_not_said_to_go_on():
    assert describe_figure(logs.running().timeline, live=False).endswith("The run was interrupted.")


def test_the_running_attempt_waits_half_way_up():
    log = logs.running()
    running = layer(log, "running")
    assert (running["attempt"], [reward_at(log, y) for y in running["y"]]) == ([3], [0.5])
    assert running["style"] == ["running"]


@pytest.mark.parametrize(
    "rewards",
    [
        [-3.5, -0.8],
        [0.2, 140.0],
        [0.7, 0.7],
        [5.0, 5.0],
        [-2.0],
        [1e-9, 0.5],
        [100.1, 100.2],
        [1e6, -1e6],
        [0.0],
        [0.0, -5e-324],
        [5.0, 5.000000000000001],
        [1e17, 1e17 + 16],
    ],
)
def test_the_axis_holds_every_reward_and_the_threshold(rewards):
    log = logs.Log(threshold=0.9)
    for reward in rewards:
        log.attempt(reward)
    axis = build_axis(log.timeline, 0, 70)
    assert axis.low <= min([*rewards, 0.9]) < max([*rewards, 0.9]) <= axis.high
    assert 2 <= len(axis.ticks) <= 5
    assert axis.low <= axis.ticks[0] < axis.ticks[-1] <= axis.high
    ys = [y for y, _ in axis.labels(log.timeline)]
    assert all(abs(a - b) >= 12 for a, b in itertools.combinations(ys, 2)), (
        "numbers that run into one another"
    )


def test_without_rewards_the_axis_goes_from_0_to_the_threshold_or_to_1():
    def ends(threshold: float | None) -> tuple[float, float]:
        axis = build_axis(logs.Log(threshold=threshold).timeline, 0, 70)
        return axis.low, axis.high

    assert [ends(t) for t in (None, 0.4, 1.0, 5.0, -2.0)] == [(0, 1), (0, 1), (0, 1), (0, 5), (-2, 0)]


def test_rewards_that_differ_by_rounding_get_an_axis_with_different_numbers():
    log = logs.Log(threshold=None)
    log.attempt(3.0)
    log.attempt(math.nextafter(3.0, 4))
    numbers = [tick["text"] for tick in drawing(log)["ticks"]]
    assert len(set(numbers)) == len(numbers)
    values = layer(log, "reward values")["text"]
    assert len(set(values)) == 2


def test_a_reward_beyond_all_measure_lies_at_the_edge():
    log = logs.Log(threshold=None)
    log.attempt(1.7e308)
    log.attempt(-1.7e308)
    assert layer(log, "reward")["y"] == drawing(log)["panel"]


def test_rewards_far_from_zero_are_told_apart():
    """An axis that began at zero would draw 100.1 and 100.2 as one."""
    log = logs.Log(threshold=None)
    log.attempt(100.1)
    log.attempt(100.2)
    first, second = layer(log, "reward")["y"]
    assert first - second > 5


def test_a_reward_without_end_lies_beyond_the_edge():
    log = logs.Log()
    log.attempt(0.5)
    log.attempt(math.inf)
    log.attempt(-math.inf)
    top, foot = drawing(log)["panel"]
    assert layer(log, "reward")["y"] == [(top + foot) / 2, top - 3, foot + 8]
    assert layer(log, "reward values")["text"][1:] == ["∞", "−∞"]


def test_the_threshold_is_a_dashed_line_with_its_name_and_value():
    log = logs.two_stages()
    (at,) = rule(log, "threshold")
    assert reward_at(log, at) == pytest.approx(0.9)
    assert named(log)["threshold"] == at
    assert [t["text"] for t in drawing(log)["ticks"] if t["y"] == at] == ["0.90"]
    endless = logs.Log(threshold=None)
    assert rule(endless, "threshold") == []
    assert "threshold" not in named(endless)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.55, 0.98, 1.0, 7.0])
def test_names_at_the_left_do_not_run_into_one_another(threshold):
    heights = sorted(named(logs.Log(threshold=threshold)).values())
    assert all(b - a >= 13 for a, b in itertools.pairwise(heights))


def test_a_reward_stands_beside_its_mark_with_two_decimals():
    log = logs.two_stages()
    values, marks = layer(log, "reward values"), layer(log, "reward")
    assert values["text"] == ["0.20", "0.60", "0.62", "0.91"]
    assert values["y"] == marks["y"]
    assert values["x"] == marks["x"]
    assert all(dx > size / 2 for dx, size in zip(values["dx"], marks["size"], strict=True))
    assert values["keep"] == [False, False, False, True], "of narrow columns"


def test_a_value_keeps_clear_of_the_threshold_that_would_cross_it():
    """Beside its mark it moves down; above it, it goes below the mark."""
    log = made_of([0.2, 0.9, 0.7], 0.9)
    values, (line,) = layer(log, "reward values"), rule(log, "threshold")
    for y, dy, above in zip(values["y"], values["dy"], values["above"], strict=True):
        assert abs(y + dy - line) > 7
        assert abs(y + above - line) > 7


# ---- strips


def strip(log: logs.Log, predictor: str) -> float:
    """The height at which that predictor's bars lie."""
    return layer(log, predictor)["y"]


def arrows(log: logs.Log) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Foot and head of each arrow."""
    return [((path[0][0], path[0][1]), (path[-1][0], path[-1][1])) for path in layer(log, "hints")["points"]]


def test_an_arrow_goes_from_its_advice_to_the_predictor_with_the_hint():
    """After attempt 1 both get one, after 2 only draft, after 3 only answer."""
    log = logs.two_stages()
    circles = layer(log, "advice")
    at = dict(zip(circles["attempt"], zip(circles["x"], circles["y"], strict=True), strict=True))
    draft, answer = strip(log, "draft"), strip(log, "answer")
    assert [foot for foot, _ in arrows(log)] == [at[0], at[0], at[1], at[2]]
    assert [(math.floor(x), y) for _, (x, y) in arrows(log)] == [
        (1, draft),
        (1, answer),
        (2, draft),
        (3, answer),
    ]
    hints = layer(log, "hints")
    assert list(zip(hints["source"], hints["attempt"], strict=True)) == [(0, 1), (0, 1), (1, 2), (2, 3)]


def test_an_arrow_ends_where_the_track_begins_and_goes_up_between_the_columns():
    for path in layer(logs.two_stages(), "hints")["points"]:
        *_, turn, tip = path
        assert tip[0] == math.floor(tip[0]) + TRACK_START
        assert tip[2] < 0, "a little before it"
        assert turn[0] == math.floor(tip[0])


def test_an_arrow_may_skip_attempts_whose_advice_failed():
    """Advice 1 stays in force for attempts 2, 3 and 4, as attempt 2 and the advice after 3 failed."""
    hints = layer(logs.failures(), "hints")
    spans = list(zip(hints["source"], hints["attempt"], strict=True))
    assert spans == [(0, 1), (0, 2), (0, 3), (3, 4), (3, 4), (3, 5), (3, 5)]
    passing = hints["points"][1]
    assert strip(logs.failures(), "answer") < passing[2][1] < layer(logs.failures(), "advice")["y"][0]


def test_hints_from_feedback_start_at_a_circle_of_their_own():
    log = logs.Log(stages=("answer",), hints_from="feedback")
    log.attempt(0.1)
    log.hints, log.advice_from = {"answer": "too long"}, 0
    log.attempt(0.2)
    assert "feedback" in named(log)
    assert layer(log, "advice")["attempt"] == [0]
    assert [(foot[0], math.floor(head[0])) for foot, head in arrows(log)] == [(0.3, 1)]


@pytest.mark.parametrize("nothing", ["N/A", " n/a ", ""])
def test_a_hint_that_says_nothing_draws_no_arrow(nothing):
    log = logs.Log()
    log.attempt(0.1)
    log.advise({"draft": nothing, "answer": nothing})
    log.attempt(0.2)
    assert arrows(log) == []
    assert build_ledger(log.timeline)[1].cells["hint"].text == "—"


def test_bars_are_as_long_as_calls_took_and_fill_no_more_than_their_track():
    bars = layer(logs.two_stages(), "answer")
    took = [1.6, 1.1, 0.6, 0.4]
    assert bars["stop"] == pytest.approx([t / 1.6 for t in took], abs=1e-3)
    assert set(bars["start"]) == {0}


def test_two_calls_of_one_predictor_in_one_attempt_lie_one_after_the_other():
    log = logs.Log(stages=("answer",))
    span = log.begin()
    log.predict(span, "answer", {"answer": "a"}, took=0.5)
    log.predict(f"{span}/again", "answer", {"answer": "b"}, took=1.0)
    bars = layer(log, "answer")
    assert bars["start"][1] >= bars["stop"][0] > 0
    assert bars["stop"][1] <= 1


def test_durations_stand_behind_their_tracks():
    log = logs.two_stages()
    shown = layer(log, "durations of answer")
    assert shown["text"] == ["1.6 s", "1.1 s", "600 ms", "400 ms"]
    assert set(shown["y"]) == {strip(log, "answer")}
    running = layer(logs.running(), "durations of answer")
    assert running["text"][-1] == "…"
    assert [since is not None for since in running["since"]] == [False, False, False, True]


def test_room_for_durations_does_not_follow_from_them():
    """A longer one that comes later would move every bar."""
    short, long = logs.Log(), logs.Log()
    short.attempt(0.1, took=0.2)
    long.attempt(0.1, took=200.0)
    rooms = [layer(log, "durations of answer")["room"] for log in (short, long)]
    assert rooms[0] == rooms[1]


def test_a_predictor_that_raised_is_crossed_out_as_well_as_coloured():
    """The style draws a cross, too."""
    assert layer(logs.failures(), "answer")["style"][:3] == ["bar", "bar-failed", "bar"]


def test_retries_are_marked_on_the_bar_that_they_held_up_and_told_on_hover():
    log = logs.failures()
    assert layer(log, "draft")["retries"] == [1, 0, 0, 0, 0, 0]
    assert layer(log, "answer")["retries"] == [0, 0, 2, 0, 0, 0]
    assert "retried 2 ×" in strip_hovers(log, "answer")[2]


def strip_hovers(log: logs.Log, predictor: str) -> list[str]:
    """What pointing at that strip tells, for each attempt."""
    y = strip(log, predictor)
    (found,) = [each["texts"] for each in drawing(log)["hovers"] if each["y"][0] < y < each["y"][1]]
    return found


def test_temperatures_are_figures_and_those_to_come_are_known_beforehand():
    shown = layer(logs.running(), "temperatures")
    assert shown["text"] == ["0.0", "0.625", "0.75", "0.875", "1.0"]
    assert shown["brief"] == ["0", ".62", ".75", ".88", "1"]
    assert shown["style"] == ["text"] * 4 + ["faint"]


def test_columns_to_come_are_outlined_until_the_run_ends():
    log = logs.running()
    assert build_figure(log.timeline)["begun"] == [0, 1, 2, 3]
    marked = layer(log, "places")
    assert list(zip(marked["attempt"], marked["style"], strict=True)) == [(3, "running"), (4, "ghost")]
    tracks = layer(log, "track of answer")
    assert list(zip(tracks["attempt"], tracks["style"], strict=True))[3:] == [(3, "track"), (4, "ghost")]
    assert layer(logs.two_stages(), "places")["attempt"] == []
    assert "ghost" not in layer(logs.two_stages(), "track of answer")["style"]


# ---- before a run


def test_a_preview_outlines_each_column_with_its_temperature_and_hint():
    spec = logs.Log(stages=("headline",), N=5).timeline.spec
    ghost = build_ghost(spec)
    layers = {each["name"]: each for each in ghost["drawings"]["columns"]["layers"]}
    assert ghost["begun"] == []
    assert set(layers["places"]["style"]) == {"ghost"}
    assert layers["temperatures"]["text"] == ["0.0", "0.5", "0.6", "0.7", "0.8"]
    assert layers["track of headline"]["style"] == ["ghost"] * 5
    hints = layers["hints"]
    assert hints["style"] == "ghost"
    assert list(zip(hints["source"], hints["attempt"], strict=True)) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert {path[-1][1] for path in hints["points"]} == {layers["headline"]["y"]}
    assert [t for name in layers for t in layers[name].get("text", []) if "ms" in t] == []


@pytest.mark.parametrize(("strategy", "columns"), [("best_of_n", 5), ("single", 1)])
def test_before_a_run_without_hints_no_advice_is_promised(strategy, columns):
    spec = logs.Log(stages=("headline",), N=5, strategy=strategy).timeline.spec
    ghost = build_ghost(spec)
    shown = ghost["drawings"]["columns"]
    assert ghost["columns"] == columns
    assert "advice" not in [label["text"] for label in shown["labels"]]
    assert next(each for each in shown["layers"] if each["name"] == "hints")["points"] == []


def test_a_preview_is_told_in_words_too():
    spec = logs.Log(stages=("headline",), N=3).timeline.spec
    assert describe_ghost(spec) == (
        "Preview of a run of at most 3 attempts; none has begun. The threshold is 0.90. Temperatures: 0, 0.5, 0.667. "
        "After an attempt below the threshold, advice is asked for, and its hints go to the next attempt."
    )
    single = logs.Log(N=3, strategy="single", threshold=None).timeline.spec
    assert describe_ghost(single) == "Preview of a run of at most 1 attempt; none has begun. Temperatures: 0."


def test_a_stage_that_reasons_first_goes_by_its_own_name():
    """Chain of thought makes `draft` a predictor `draft.predict`; the preview lies on the same strips."""
    spec = replace(
        logs.Log().timeline.spec, stages=(StageSpec("draft", "q -> a", strategy="chain_of_thought"),)
    )
    shown = build_ghost(spec)["drawings"]["columns"]
    assert [label["text"] for label in shown["labels"]][-2:] == ["draft", "advice"]
    assert "draft.predict" in [each["name"] for each in shown["layers"]]


# ---- wall time


def wall_trace(log, name):
    (found,) = [trace for trace in build_figure(log.timeline)["wall_time"]["data"] if trace["name"] == name]
    return found


def test_on_the_clock_a_bar_begins_and_ends_with_its_call():
    calls = wall_trace(logs.two_stages(), "calls")
    rows = dict.fromkeys(calls["y"])
    assert list(rows) == ["draft", "answer"]
    spans = [(b, b + x, y) for b, x, y in zip(calls["base"], calls["x"], calls["y"], strict=True)]
    assert [end - start for start, end, row in spans if row == "answer"] == pytest.approx(
        [1.6, 1.1, 0.6, 0.4]
    )
    assert all(a[1] <= b[0] + 1e-3 for a, b in itertools.pairwise(sorted(spans))), "one after another"


def test_on_the_clock_advice_lies_between_the_attempts_that_it_joins():
    log = logs.two_stages()
    advice, calls = wall_trace(log, "requests for advice"), wall_trace(log, "calls")
    for index, start, took in zip(advice["customdata"], advice["base"], advice["x"], strict=True):
        before = [
            b + x
            for b, x, a in zip(calls["base"], calls["x"], calls["customdata"], strict=True)
            if a == index
        ]
        after = [b for b, a in zip(calls["base"], calls["customdata"], strict=True) if a == index + 1]
        assert max(before) <= start + 1e-3
        assert start + took <= min(after) + 1e-3


def test_on_the_clock_each_ended_attempt_has_its_reward():
    log = logs.failures()
    shown = wall_trace(log, "rewards")
    ended = [a for a in log.timeline.attempts if a.took_s is not None]
    assert shown["customdata"] == [a.index for a in ended]
    assert [y for y, a in zip(shown["y"], ended, strict=True) if a.reward is not None] == [
        0.4,
        0.7,
        0.7,
        0.55,
    ]
    below = {y for y, a in zip(shown["y"], ended, strict=True) if a.reward is None}
    assert len(below) == 1
    assert max(below) < 0, "on a line of their own"
    assert wall_trace(log, "returned")["customdata"] == [2]
    assert len({*zip(shown["marker"]["symbol"], shown["marker"]["color"], strict=True)}) > 1


def test_on_the_clock_each_attempt_has_its_number_and_its_time():
    layout = build_figure(logs.two_stages().timeline)["wall_time"]["layout"]
    spans = layout["meta"]["spans"]
    assert [index for index, _, _ in spans] == [0, 1, 2, 3]
    assert all(a[2] <= b[1] + 1e-3 for a, b in itertools.pairwise(spans))
    numbers = {note["text"]: note["x"] for note in layout["annotations"] if note["text"].isdigit()}
    assert numbers == {str(i + 1): pytest.approx((start + end) / 2) for i, start, end in spans}


def test_names_on_the_clock_are_no_markup():
    log = logs.Log(stages=("<b>x</b>",))
    log.predict(log.begin(), "<b>x</b>", {"answer": "a"}, took=0.5)
    assert wall_trace(log, "calls")["y"] == ["&lt;b&gt;x&lt;/b&gt;"]


def test_before_the_first_attempt_there_is_nothing_on_the_clock():
    assert build_figure(logs.Log().timeline)["wall_time"] is None


# ---- the matrix


def test_beyond_thirty_attempts_there_is_a_matrix_alone():
    """Bars, arrows and words of so many would be a thicket; up to thirty it is there for narrow places."""
    assert build_figure(logs.long(30).timeline)["drawings"].keys() == {"columns", "matrix"}
    assert drawing(logs.long(30), "columns")["kind"] == "columns"
    assert drawing(logs.long(30), "matrix")["kind"] == "matrix"
    for log in (logs.long(31), logs.far_from_done()):
        assert build_figure(log.timeline)["drawings"]["columns"] is None


def test_a_cell_is_deeper_the_fuller_its_part_and_the_longer_it_took():
    log = logs.Log(stages=("answer",), N=40)
    for i, took in enumerate((0.2, 0.8, 0.4)):
        log.attempt(0.1, took=took, parts={"short": i / 8, "named": 0.5})
    short, named_it, time = (
        layer(log, name, "matrix")["levels"] for name in ("part short", "part named", "time")
    )
    assert short[:4] == [0.0, 0.5, 1.0, None]
    assert named_it[:4] == [1.0, 1.0, 1.0, None]
    assert time[:4] == pytest.approx([0.25, 1.0, 0.5, None], abs=0.05)
    assert len(short) == 40


def test_each_part_says_how_many_attempts_had_it_in_full():
    log = logs.Log(stages=("answer",), N=40)
    for value in (0.0, 0.25, 0.25, 0.1):
        log.attempt(value, parts={"short": value, "never": 0.0})
    log.attempt(None)
    labels = {label["text"]: label for label in drawing(log, "matrix")["labels"]}
    assert labels["short"]["value"] == "50 % full"
    assert labels["short"]["title"] == "short: 50 % full, at 0.25, the highest of this run"
    assert labels["never"]["value"] == "0 % full"
    assert layer(log, "part short", "matrix")["failed"] == [4], "struck through"
    assert layer(log, "failed", "matrix")["attempt"] == [4]


def test_a_new_hint_is_marked_where_it_differs_from_the_one_before():
    log = logs.Log(stages=("answer",), N=40)
    for words in ("a", "a", "b", "N/A", "b"):
        log.attempt(0.1)
        log.advise({"answer": words})
    log.attempt(0.2)
    assert layer(log, "new hints", "matrix")["attempt"] == [1, 3, 5]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_the_matrix_keeps_its_height_up_to_four_parts(count):
    """Which parts there are is known with the first score only; the place below must not move for that."""
    blank, log = logs.Log(N=60), logs.Log(N=60)
    log.attempt(0.5, parts={f"p{i}": 0.1 for i in range(count)})
    assert drawing(log, "matrix")["height"] == drawing(blank, "matrix")["height"] <= 290


def test_nothing_in_the_matrix_overlaps():
    heights = sorted(named(logs.parted(), "matrix").values())
    assert all(b - a >= 13 for a, b in itertools.pairwise(heights))
    assert heights[-1] + 7 <= drawing(logs.parted(), "matrix")["height"]


def test_a_run_of_500_attempts_is_less_than_250_kilobytes():
    """It is sent anew with each attempt that arrives."""
    assert len(json.dumps(build_figure(logs.parted(500).timeline))) < 250_000


# ---- text from models


def test_markup_from_a_model_stays_the_text_it_is():
    """Whoever draws shows it as text; tests/browser/test_timeline.py sees that no element comes of it."""
    figure = build_figure(logs.hostile().timeline)
    assert "<img src=x onerror=" in figure["hovers"][0]
    assert "&lt;i&gt" in figure["hovers"][0], "an entity as a model wrote it"
    assert "<b>draft</b>" in named(logs.hostile())


STYLES = (Path(__file__).parents[2] / "assets" / "timeline" / "chart.css").read_text()


def styles(figure: dict) -> set[str]:
    """Every style that is named in a figure."""
    shown = [d for d in figure["drawings"].values() if d]
    of = [each.get("style", []) for d in shown for part in ("layers", "rules", "ticks") for each in d[part]]
    return {style for value in of for style in ([value] if isinstance(value, str) else value)}


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_every_style_is_one_that_the_style_sheet_knows(name):
    figures = [
        build_figure(logs.SCENARIOS[name]().timeline),
        build_ghost(logs.SCENARIOS[name]().timeline.spec),
    ]
    for style in set().union(*map(styles, figures)) - {"text"}:
        assert re.search(rf"\.{style}\b", STYLES), style


def test_a_models_words_do_not_pick_a_style():
    log = logs.Log(stages=("failed", "answer"))
    log.attempt(0.1, outputs={"answer": "failed", "best": "best"})
    log.advise({"failed": "failed"})
    log.attempt(0.2, outputs={"failed": "failed"})
    plain = logs.Log(stages=("draft", "answer"))
    plain.attempt(0.1)
    plain.advise({"draft": "shorter"})
    plain.attempt(0.2)
    assert styles(build_figure(log.timeline)) == styles(build_figure(plain.timeline))


def test_control_and_direction_characters_do_not_reach_a_cell():
    log = logs.Log()
    log.attempt(0.1, outputs={"answer": "a\u202eb\x00c\nd"})
    assert build_ledger(log.timeline)[0].cells["output"].text == "answer: a b c d"


# ---- where no temperature is taken, and rules


def test_if_no_model_takes_a_temperature_the_strip_shows_rollouts_instead():
    log = logs.no_temperature()
    assert layer(log, "temperatures")["text"] == ["0", "1", "2", "3"]
    assert "rollout" in named(log)
    assert "temperature" not in named(log)
    assert cells(log, "temperature") == ["none; rollout 0", "none; rollout 1", "none; rollout 2"]
    hovers = build_figure(log.timeline)["hovers"]
    assert all(re.search("no temperature; rollout [0123]", s) for s in hovers)
    assert "No temperature is used; each attempt is another rollout." in describe_figure(log.timeline)


def test_attempts_to_come_are_not_promised_a_temperature_that_will_not_be_used():
    """The plan has temperatures; the first attempt tells that the model takes none."""
    log = logs.no_temperature(finished=False)
    assert layer(prefix(log, 1), "temperatures")["text"] == ["0.0", "0.667", "0.833", "1.0"]
    assert layer(prefix(log, 2), "temperatures")["text"] == ["0", "1", "2", "3"]


def test_if_only_some_models_take_no_temperature_the_number_stays_with_a_note():
    log = logs.one_without_temperature()
    assert layer(log, "temperatures")["text"] == ["0.0", "0.75", "1.0"]
    assert "temperature" in named(log)
    assert cells(log, "temperature") == ["0", "0.75"]
    assert build_ledger(log.timeline)[1].cells["temperature"].title == "No temperature for answer; rollout 1"
    assert "no temperature; rollout 1" in strip_hovers(log, "answer")[1]
    assert "no temperature" not in strip_hovers(log, "draft")[1]
    assert "No temperature" not in describe_figure(log.timeline)


def test_an_attempt_above_the_threshold_with_a_rule_not_met_is_no_success():
    """Attempts 2 and 3 are above it; only the fourth, lower than both, has met every rule."""
    log = logs.rules()
    marks = layer(log, "reward")
    assert marks["symbol"] == ["circle", "circle", "circle", "square"]
    assert marks["style"] == ["scored", "unmet", "unmet", "best"], "hollow"
    assert [row.words for row in build_ledger(log.timeline)] == [
        "scored",
        "scored",
        "scored",
        "reached the threshold",
    ]
    assert cells(log, "reward") == ["0.40", "0.95", "0.97", "0.92"]
    assert [c.partition(" · ")[0] for c in cells(log, "output")][1:3] == [
        "rule not met (at most 3 words)",
        "2 rules not met (at most 3 words, no full stop)",
    ]
    assert "Attempt 2 scored 0.95 (rule not met)," in describe_figure(log.timeline)


def test_what_a_rule_says_is_told_where_one_points():
    told = build_figure(logs.rules().timeline)["hovers"][1]
    assert "rule not met, at most 3 words: Use at most 3 words." in told
    title = build_ledger(logs.rules().timeline)[1].cells["output"].title
    assert title.startswith("at most 3 words: Use at most 3 words.\nanswer: ")


def test_the_best_of_attempts_that_all_failed_a_rule_is_hollow_too():
    log = logs.rules(met=False)
    marks = layer(log, "reward")
    assert marks["symbol"].index("triangle") == 2
    assert set(marks["style"]) == {"unmet"}
    row = build_ledger(log.timeline)[2]
    assert (row.outcome, row.words) == ("scored", "best"), "the mark in the table is not green either"


def test_best_so_far_is_what_would_be_returned_and_may_fall_when_a_rule_is_met():
    def ends(log: logs.Log) -> list[float]:
        (points,) = layer(log, "best so far")["points"]
        return [round(reward_at(log, y), 2) for y in dict.fromkeys(y for _, y in points)]

    assert ends(logs.rules()) == [0.4, 0.92]
    log = logs.Log(stages=("answer",), threshold=None)
    log.attempt(0.9, unmet=logs.LIMIT)
    log.attempt(0.5)
    assert ends(log) == [0.9, 0.5]


def test_a_question_asked_again_is_told_at_its_bar():
    log = logs.asked_again()
    said = "the first reply could not be read; asked again as JSON"
    assert [said in s for s in strip_hovers(log, "draft")] == [True, False, False]
    assert [said in s for s in strip_hovers(log, "answer")] == [False, True, False]


CHAT = ({"role": "user", "content": "… end with the marker [[ ## completed ## ]]"},)
SCHEMA = {"response_format": {"type": "json_schema", "json_schema": {}}}


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    ("messages", "params", "words"),
    [
        ((), SCHEMA, "as JSON schema"),
        ((), {"response_format": {"type": "json_object"}}, "as JSON object"),
        ((), {}, "as JSON"),
        (CHAT, {}, "by chat"),
    ],
    ids=["schema", "object", "JSON", "chat"],
)
def test_the_format_that_was_asked_for_is_named_wherever_it_was_asked_again(messages, params, words):
    """A model may be asked by schema first and by chat after it, too."""
    log = logs.Log(stages=("answer",))
    here = f"{log.begin()}/answer"
    log.emit(here, ev.ModuleStarted("answer", {"question": "Which city?"}, None))
    for name, asked, wish in (("lm", (), SCHEMA), ("lm-2", messages, params)):
        log.emit(f"{here}/{name}", ev.LMRequested("m", asked, wish))
        log.emit(f"{here}/{name}", ev.LMReplied("no", 0.1, 1, 1, 0.0))
        log.emit(here, ev.ParseFailed(("answer",), {}))
    error = ev.Fault("ParseError", "no field 'answer'", "program")
    log.emit(here, ev.ModuleEnded("answer", 0.2, error))
    log.emit("attempt-0", ev.AttemptFailed(0, "program", error))
    assert f"the first reply could not be read; asked again {words}" in strip_hovers(log, "answer")[0]
    assert (
        f"The second reply, asked for {words}, could not be read either: it has no field 'answer'"
        in describe_failure(log.timeline.attempts[0])
    )


def test_the_alternative_text_of_a_long_run_counts_rules_that_were_not_met():
    log = logs.Log(stages=("answer",), N=20)
    for i in range(14):
        log.attempt(0.95, unmet=logs.LIMIT if i % 2 else {"b": "b", "c": "c"})
    assert "14 attempts with a rule not met." in describe_figure(log.timeline)


# ---- the ledger


def cells(log: logs.Log, key: str) -> list[str]:
    return [row.cells[key].text for row in build_ledger(log.timeline)]


def test_change_is_against_the_last_attempt_that_was_scored():
    assert cells(logs.failures(), "change") == ["—", "—", "+0.30", "±0", "—", "−0.15"]


def test_the_hint_column_names_who_was_hinted():
    assert cells(logs.two_stages(), "hint") == ["—", "draft, answer", "draft", "answer"]


def test_what_changed_is_told_word_by_word():
    told = cells(logs.two_stages(), "output")
    assert told[1] == "answer: −12 words: “The capital of France is Paris, on the Seine.”"
    assert told[3] == "answer: The capital of France is Paris. → Paris"
    assert cells(logs.failures(), "output")[3] == "same"


def test_what_is_unknown_is_never_nought():
    log = logs.Log()
    log.attempt(0.1, known=False)
    assert cells(log, "tokens") == ["unknown"]
    assert cells(log, "cost") == ["unknown"]
    silent = logs.Log()
    silent.begin()
    assert [cells(silent, key) for key in ("tokens", "cost", "time")] == [["—"], ["—"], ["—"]]


def test_rows_add_up_to_the_run():
    """So the advice after an attempt is counted with it."""
    log = logs.two_stages()
    usage = log.timeline.usage
    assert sum(int(t) for t in cells(log, "tokens")) == usage.prompt_tokens + usage.completion_tokens


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.6, "0.60"),
        (0.625, "0.62"),
        (1.0, "1.00"),
        (0.9999, "0.9999"),
        (0.99999, "0.99999"),
        (-0.25, "−0.25"),
        (-0.0001, "−0.0001"),
        (12.5, "12.50"),
    ],
)
def test_a_reward_is_not_rounded_to_a_whole_number_that_it_missed(value, shown):
    log = logs.Log(threshold=None)
    log.attempt(value)
    assert cells(log, "reward") == [shown]


def test_only_a_running_row_tells_when_it_began():
    began = [row.started_at is not None for row in build_ledger(logs.running().timeline)]
    assert began == [False, False, False, True]


# ---- the words instead of the picture


def test_the_alternative_text_tells_rewards_hints_and_the_end():
    said = describe_figure(logs.two_stages().timeline)
    assert "Attempt 4 scored 0.91, and reached the threshold, with a hint for answer." in said
    assert said.endswith("Attempt 4 was returned.")
    assert describe_figure(logs.running().timeline).endswith("The run goes on.")


def test_the_alternative_text_of_a_long_run_sums_up():
    said = describe_figure(logs.long(40).timeline)
    assert len(said) < 400
    assert "attempt 38 is the best" in said
    assert "4 attempts failed" in said


def test_before_the_first_attempt_there_is_a_timeline_too():
    log = logs.Log(N=3)
    assert describe_figure(log.timeline) == "Timeline of a run of at most 3 attempts; none has begun."
    assert build_ledger(log.timeline) == []
    assert build_figure(log.timeline)["columns"] == 3


def test_an_error_of_the_reward_is_told_in_the_ledger():
    log = logs.Log()
    log.attempt(None, outputs={"answer": "x"}, error=ev.Fault("KeyError", "KeyError: 'answr'", "program", 2))
    assert cells(log, "output") == ["line 2: KeyError: 'answr'"]
    assert cells(log, "reward") == ["failed"]
