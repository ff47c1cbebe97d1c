"""The timeline as a figure and as a table: what is drawn where, and that a model's words stay words."""

# ruff: noqa: RUF001 - the minus sign is what is shown, and so what is asserted

import copy
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.figures import build_figure, build_ledger, describe_figure, text
from refine_core.messages import describe_failure
from tests import logs


def trace(log: logs.Log, name: str, axis: str | None = None) -> dict:
    """The one trace of that name in the log's figure."""
    found = [
        t
        for t in build_figure(log.timeline)["data"]
        if t["name"] == name and axis in {None, t.get("yaxis", "y")}
    ]
    assert len(found) == 1
    return found[0]


def layout(log: logs.Log) -> dict:
    return build_figure(log.timeline)["layout"]


def strings(value: object) -> list[str]:
    """Every string in a figure, whatever it is nested in."""
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    if isinstance(value, list | tuple):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


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


@given(
    rewards=st.lists(REWARDS, max_size=12), threshold=st.none() | st.floats(-1e6, 1e6), end=st.floats(0, 1)
)
@settings(max_examples=60, deadline=None)
def test_every_mark_lies_in_the_panel_and_the_ring_on_the_best_attempt(rewards, threshold, end):
    """For a whole run and for any prefix of it, and with one number of traces."""
    log = logs.Log(stages=("answer",), N=max(1, len(rewards)), threshold=threshold)
    for reward in rewards:
        log.attempt(reward)
        log.advise({"answer": "Again."})
    log.finish()
    blank = len(build_figure(prefix(log, 1).timeline)["data"])
    for part in (log, prefix(log, 1 + round(end * (len(log.records) - 1)))):
        figure = build_figure(part.timeline)
        json.dumps(figure, allow_nan=False)
        assert len(figure["data"]) == blank
        low, high = figure["layout"]["yaxis"]["range"]
        heights = [
            y for n in ("reward", "failed", "running", "returned", "best so far") for y in trace(part, n)["y"]
        ]
        assert all(low <= y <= high for y in heights)
        below = trace(part, "failed")["y"]
        assert all(y < figure["layout"]["yaxis"]["tickvals"][0] for y in below)
    scored = [r for r in rewards if r is not None]
    assert trace(log, "returned")["customdata"] == ([rewards.index(max(scored))] if scored else [])


def test_the_number_of_traces_does_not_depend_on_the_number_of_attempts():
    assert len(build_figure(logs.long(3).timeline)["data"]) == len(
        build_figure(logs.long(60).timeline)["data"]
    )


def test_attempts_are_numbered_from_one_and_clicks_carry_their_index():
    rewards = trace(logs.two_stages(), "reward")
    assert rewards["x"] == [1, 2, 3, 4]
    assert rewards["customdata"] == [0, 1, 2, 3]


def test_position_is_the_reward_itself():
    assert trace(logs.two_stages(), "reward")["y"] == [0.2, 0.6, 0.62, 0.91]


def test_each_outcome_has_a_shape_of_its_own():
    assert trace(logs.two_stages(), "reward")["marker"]["symbol"] == ["circle", "circle", "circle", "square"]
    assert trace(logs.failures(), "reward")["marker"]["symbol"] == [
        "circle",
        "triangle-up",
        "circle",
        "circle",
    ]
    assert trace(logs.failures(), "failed")["marker"]["symbol"] == ["x", "x"]


def test_a_tie_keeps_the_first_best():
    """Attempts 3 and 4 have one reward; only the first of them is marked, and it is the one returned."""
    rewards = trace(logs.failures(), "reward")
    assert rewards["y"][1] == rewards["y"][2] == 0.7
    assert rewards["x"][rewards["marker"]["symbol"].index("triangle-up")] == 3


def test_the_ring_is_on_the_attempt_returned_and_there_is_none_before_the_end():
    log = logs.two_stages()
    assert (trace(log, "returned")["x"], trace(log, "returned")["y"]) == ([4], [0.91])
    assert trace(logs.running(), "returned")["x"] == []
    assert trace(logs.cancelled(), "returned")["x"] == []


def test_best_so_far_never_falls():
    steps = trace(logs.long(12), "best so far")
    assert steps["y"] == sorted(steps["y"])
    assert steps["line"]["shape"] == "hv"


def test_failures_lie_on_one_line_below_zero_and_it_is_labelled():
    log = logs.failures()
    lost = trace(log, "failed")
    assert lost["x"] == [2, 5]
    assert len(set(lost["y"])) == 1
    assert layout(log)["yaxis"]["range"][0] < lost["y"][0] < 0
    labels = [note for note in layout(log)["annotations"] if note["text"] == "failed"]
    assert {note["y"] for note in labels} == {lost["y"][0]}


def test_failures_lie_below_negative_rewards_too():
    log = logs.negative()
    log.records.pop()
    log.attempt(None)
    assert trace(log, "failed")["y"][0] < min(trace(log, "reward")["y"])


def test_without_failures_no_room_is_kept_for_them():
    assert trace(logs.two_stages(), "failed")["x"] == []
    assert "failed" not in {note["text"] for note in layout(logs.two_stages())["annotations"]}


def test_a_cancelled_attempt_is_not_called_failed():
    lost = trace(logs.cancelled(), "failed")
    assert lost["x"] == [2]
    assert lost["marker"]["symbol"] == ["line-ew-open"]
    assert [row.words for row in build_ledger(logs.cancelled().timeline)] == ["best", "cut off"]


def test_an_attempt_left_by_a_process_that_ended_is_not_said_to_go_on():
    assert describe_figure(logs.running().timeline, live=False).endswith("The run was interrupted.")


def test_the_running_attempt_waits_half_way_up():
    running = trace(logs.running(), "running")
    assert (running["x"], running["y"]) == ([4], [0.5])
    assert running["marker"]["line"]["dash"]


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
def test_the_range_holds_every_reward_and_the_threshold(rewards):
    log = logs.Log(threshold=0.9)
    for reward in rewards:
        log.attempt(reward)
    axis = layout(log)["yaxis"]
    low, high = axis["range"]
    assert low < min([*rewards, 0.9])
    assert high > max([*rewards, 0.9])
    assert 3 <= len(axis["tickvals"]) <= 8
    assert low < axis["tickvals"][0] <= axis["tickvals"][-1] < high


def test_rewards_that_differ_by_rounding_get_an_axis_with_different_numbers():
    log = logs.Log(threshold=None)
    log.attempt(3.0)
    log.attempt(0.1 + 0.2 + 2.7)
    numbers = layout(log)["yaxis"]["ticktext"]
    assert len(set(numbers)) == len(numbers)


def test_a_reward_beyond_all_measure_lies_at_the_edge():
    log = logs.Log(threshold=None)
    log.attempt(1.7e308)
    log.attempt(-1.7e308)
    low, high = layout(log)["yaxis"]["range"]
    assert trace(log, "reward")["y"] == [high, low]


def test_rewards_far_from_zero_are_told_apart():
    """A range that began at zero would draw 100.1 and 100.2 as one."""
    log = logs.Log(threshold=None)
    log.attempt(100.1)
    log.attempt(100.2)
    low, high = layout(log)["yaxis"]["range"]
    assert high - low < 0.5


def test_a_reward_without_end_lies_at_the_edge():
    log = logs.Log()
    log.attempt(0.5)
    log.attempt(math.inf)
    log.attempt(-math.inf)
    low, high = layout(log)["yaxis"]["range"]
    assert trace(log, "reward")["y"] == [0.5, high, low]
    assert trace(log, "reward values")["text"][1:] == ["∞", "-∞"]


def test_the_threshold_is_a_dashed_labelled_line_and_absent_without_one():
    log = logs.two_stages()
    (line,) = [shape for shape in layout(log)["shapes"] if shape["name"] == "threshold"]
    assert (line["y0"], line["y1"]) == (0.9, 0.9)
    assert line["line"]["dash"]
    assert "threshold<br>0.90" in {note["text"] for note in layout(log)["annotations"]}
    endless = logs.Log(threshold=None)
    assert "threshold" not in {shape["name"] for shape in layout(endless)["shapes"]}


def test_in_a_narrow_place_the_threshold_is_named_where_no_mark_stands():
    """At the left, but at the right where the very first attempt has reached it."""

    def side(log: logs.Log) -> float:
        return next(n["x"] for n in layout(log)["annotations"] if n["name"] == "narrow:threshold")

    assert (side(logs.two_stages()), side(logs.one())) == (0, 1)


def test_where_marks_stand_at_both_ends_above_the_threshold_it_is_named_below():
    log = logs.Log(stages=("answer",), N=4)
    for _ in range(4):
        log.attempt(0.95, unmet=logs.LIMIT)
    (label,) = [n for n in layout(log)["annotations"] if n["name"] == "narrow:threshold"]
    assert (label["x"], label["yanchor"]) == (0, "top")


def test_room_for_rules_that_were_not_met_is_kept_only_where_there_are_any():
    def depth(log):
        return layout(log)["yaxis2"]["range"][0]

    one_met, not_met = logs.Log(stages=("answer",)), logs.Log(stages=("answer",))
    one_met.attempt(0.5)
    not_met.attempt(0.5, unmet=logs.LIMIT)
    assert depth(not_met) > depth(one_met)
    below = trace(not_met, "rules not met")["y"][0]
    assert trace(not_met, "reward values")["y"][0] < below < depth(not_met)


# ---- strips


def strip(log: logs.Log, predictor: str) -> float:
    """The height at which that predictor's bars lie."""
    return trace(log, predictor)["y"][0]


def arrows(log: logs.Log) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Foot and head of each arrow."""
    line = trace(log, "hints")
    ends, path = [], []
    for point in zip(line["x"], line["y"], strict=True):
        if point[0] is None:
            ends.append((path[0], path[-1]))
            path = []
        else:
            path.append(point)
    return ends


def test_an_arrow_goes_from_its_advice_to_the_predictor_with_the_hint():
    """After attempt 1 both get one, after 2 only draft, after 3 only answer."""
    log = logs.two_stages()
    chips = dict(zip(trace(log, "advice")["customdata"], trace(log, "advice")["y"], strict=True))
    draft, answer = strip(log, "draft"), strip(log, "answer")
    assert [foot for foot, _ in arrows(log)] == [(1, chips[0]), (1, chips[0]), (2, chips[1]), (3, chips[2])]
    assert [(math.floor(x + 0.5), y) for _, (x, y) in arrows(log)] == [
        (2, draft),
        (2, answer),
        (3, draft),
        (4, answer),
    ]


def test_an_arrow_ends_where_the_bar_begins():
    log = logs.two_stages()
    feet = {
        (round(b, 6), y)
        for n in ("draft", "answer")
        for b, y in zip(trace(log, n)["base"], trace(log, n)["y"], strict=True)
    }
    assert {(round(x, 6), y) for _, (x, y) in arrows(log)} <= feet
    heads = trace(log, "hints received")
    assert [head for _, head in arrows(log)] == list(zip(heads["x"], heads["y"], strict=True))


def test_an_arrow_may_skip_attempts_whose_advice_failed():
    """Advice 1 stays in force for attempts 2, 3 and 4, as attempt 2 and the advice after 3 failed."""
    log = logs.failures()
    spans = [(foot[0], math.floor(head[0] + 0.5)) for foot, head in arrows(log)]
    assert spans == [(1, 2), (1, 3), (1, 4), (4, 5), (4, 5), (4, 6), (4, 6)]


@pytest.mark.parametrize("nothing", ["N/A", " n/a ", ""])
def test_a_hint_that_says_nothing_draws_no_arrow(nothing):
    log = logs.Log()
    log.attempt(0.1)
    log.advise({"draft": nothing, "answer": nothing})
    log.attempt(0.2)
    assert arrows(log) == []
    assert build_ledger(log.timeline)[1].cells["hint"].text == "—"


def test_bars_are_as_long_as_calls_took_and_fill_no_more_than_their_column():
    log = logs.two_stages()
    bars = trace(log, "answer")
    took = [1.6, 1.1, 0.6, 0.4]
    assert bars["x"] == pytest.approx([0.72 * t / 1.6 for t in took])
    assert all(
        x + length <= i + 1.5 for i, (x, length) in enumerate(zip(bars["base"], bars["x"], strict=True))
    )


def test_two_calls_of_one_predictor_in_one_attempt_lie_one_after_the_other():
    log = logs.Log(stages=("answer",))
    span = log.begin()
    log.predict(span, "answer", {"answer": "a"}, took=0.5)
    log.predict(f"{span}/again", "answer", {"answer": "b"}, took=1.0)
    bars = trace(log, "answer")
    assert bars["base"][1] >= bars["base"][0] + bars["x"][0]
    assert bars["base"][1] + bars["x"][1] < 1.5


def test_a_predictor_that_raised_is_hatched_as_well_as_coloured():
    bars = trace(logs.failures(), "answer")
    assert bars["marker"]["pattern"]["shape"][1] == "/"
    assert bars["marker"]["pattern"]["shape"][0] == ""


def test_retries_are_marked_on_the_bar_that_they_held_up():
    log = logs.failures()
    marks = trace(log, "retries")
    assert list(zip(marks["customdata"], marks["y"], strict=True)) == [
        (0, strip(log, "draft")),
        (2, strip(log, "answer")),
    ]
    assert trace(log, "retries told")["text"] == ["retried", "retried ×2"]


def test_temperatures_to_come_are_known_beforehand():
    assert trace(logs.running(), "temperature values")["text"] == ["0", "0.625", "0.75", "0.875", "1"]


def test_columns_to_come_are_faint_until_the_run_ends():
    columns = trace(logs.running(), "attempts", "y")
    assert columns["x"] == [1, 2, 3, 4, 5]
    assert columns["customdata"] == [0, 1, 2, 3, None]
    assert columns["marker"]["color"][3] != columns["marker"]["color"][4]


def test_a_long_run_that_stopped_early_does_not_keep_its_empty_columns():
    log = logs.Log(N=40)
    log.attempt(0.1)
    assert layout(log)["meta"]["columns"] == 40
    log.attempt(1.0)
    log.finish()
    assert layout(log)["meta"]["columns"] < 10


def shown(log: logs.Log, drawing: str) -> set[bool]:
    """Whether the traces of one drawing of the strips are visible."""
    return {
        t["visible"] for t in build_figure(log.timeline)["data"] if t.get("meta", {}).get("only") == drawing
    }


def test_beyond_thirty_attempts_the_strips_are_a_matrix():
    """Bars, arrows and words of so many would be a thicket; every trace is there, for a place where they fit."""
    assert (shown(logs.long(30), "bars"), shown(logs.long(30), "matrix")) == ({True}, {False})
    assert (shown(logs.long(31), "bars"), shown(logs.long(31), "matrix")) == ({False}, {True})
    assert (shown(logs.far_from_done(), "bars"), shown(logs.far_from_done(), "matrix")) == ({False}, {True})


def test_a_cell_is_deeper_the_longer_it_took_and_the_higher_the_reward():
    log = logs.two_stages()
    cells = trace(log, "cells")
    by_place = dict(
        zip(zip(cells["base"], cells["customdata"], strict=True), cells["marker"]["color"], strict=True)
    )
    depth = [
        [float(c.partition("/")[2]) for (y, _), c in sorted(by_place.items()) if y == base]
        for base in sorted({y for y, _ in by_place})
    ]
    draft, answer, rewards = depth
    assert answer == sorted(answer, reverse=True)  # 1.6, 1.1, 0.6 and 0.4 s
    assert draft[0] == max(draft)
    assert rewards == sorted(rewards)


def test_a_failure_is_a_hatched_cell_of_its_own_colour():
    cells = trace(logs.failures(), "cells")
    hatched = {
        (index, colour)
        for index, colour, shape in zip(
            cells["customdata"], cells["marker"]["color"], cells["marker"]["pattern"]["shape"], strict=True
        )
        if shape
    }
    assert hatched == {(1, "token:failed"), (4, "token:failed")}


def test_a_dot_in_a_cell_says_that_it_was_given_a_hint():
    log = logs.two_stages()
    dots = trace(log, "hints in cells")
    assert dots["customdata"] == [1, 1, 2, 3]
    assert set(dots["y"]) <= {base + 12 for base in trace(log, "cells")["base"]}


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("draft", ["draft"]),
        ("retrieve_supporting_passages", ["retrieve_", "supporting_…"]),
        ("answer_the_question", ["answer_the_", "question"]),
        ("x" * 40, ["x" * 15, "x" * 14 + "…"]),
        ("", []),
    ],
)
def test_a_long_name_is_folded_at_its_underscores(name, folded):
    assert text.wrap_name(name, 15) == folded


def test_a_name_that_had_to_be_shortened_is_told_in_full_when_pointed_at():
    notes = [n for n in layout(logs.long_words())["annotations"] if n["name"] == "wide:name"]
    told = {n["text"]: n.get("hovertext") for n in notes}
    assert told["retrieve_<br>supporting_…"] == "retrieve_supporting_passages"
    assert told["s3"] is None


# ---- text from models


def test_markup_from_a_model_is_escaped_for_plotly():
    """Plotly reads <b>, <a href> and entities in every text that it draws."""
    figure = build_figure(logs.hostile().timeline)
    texts = [s.replace("<br>", "") for s in strings(figure)]
    assert [s for s in texts if "<" in s or ">" in s] == []
    hovers = strings(trace(logs.hostile(), "reward")["hovertext"])
    assert "&lt;img src=x" in hovers[0]
    assert "&amp;lt;i&amp;gt" in hovers[0]  # an entity as a model wrote it, not as Plotly would read it


def colours(value: object, name: str = "") -> list[str]:
    """Every string in a figure that is a colour's or a font's name."""
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in colours(v, k)]
    if isinstance(value, list | tuple):
        return [s for v in value for s in colours(v, name)]
    return [value] if isinstance(value, str) and re.search("colou?r$|family$", name) else []


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_every_colour_is_a_token_that_whoever_draws_resolves(name):
    """And no other text is one, whatever a model wrote: it stands where no colour is looked for."""
    found = set(colours(build_figure(logs.SCENARIOS[name]().timeline)))
    assert not [c for c in found if not re.fullmatch(r"token:[a-z]+(/[01](\.\d+)?)?|rgba\(0,0,0,0\)", c)]


def test_a_models_words_do_not_pick_a_colour():
    log = logs.Log(stages=("token:accent",))
    log.attempt(0.1, outputs={"answer": "token:accent"})
    log.advise({"token:accent": "token:accent"})
    log.attempt(0.2, outputs={"token:accent": "token:accent"})
    figure = build_figure(log.timeline)
    assert "token:accent" not in colours(figure)
    assert any("token:accent" in s for s in strings(figure))


def test_control_and_direction_characters_do_not_reach_a_cell():
    log = logs.Log()
    log.attempt(0.1, outputs={"answer": "a\u202eb\x00c\nd"})
    assert build_ledger(log.timeline)[0].cells["output"].text == "answer: a b c d"


# ---- where no temperature is taken, and rules


def notes(log: logs.Log) -> set[str]:
    return {note["text"] for note in layout(log)["annotations"]}


def test_if_no_model_takes_a_temperature_the_strip_shows_rollouts_instead():
    log = logs.no_temperature()
    assert trace(log, "temperature")["x"] == []
    assert trace(log, "temperature values")["text"] == [f"rollout<br>{i}" for i in range(4)]
    assert {"no temperature", "no temp."} <= notes(log)
    assert "temperature" not in notes(log)
    assert cells(log, "temperature") == ["none; rollout 0", "none; rollout 1", "none; rollout 2"]
    assert all(re.search("no temperature; rollout [012]", s) for s in trace(log, "reward")["hovertext"])
    assert "No temperature is used; each attempt is another rollout." in describe_figure(log.timeline)


def test_attempts_to_come_are_not_promised_a_temperature_that_will_not_be_used():
    """The plan has temperatures; the first attempt tells that the model takes none."""
    log = logs.no_temperature(finished=False)
    assert trace(prefix(log, 1), "temperature")["x"] == [1, 2, 3, 4]
    assert trace(prefix(log, 2), "temperature")["x"] == []


def test_if_only_some_models_take_no_temperature_the_number_stays_with_a_note():
    log = logs.one_without_temperature()
    assert trace(log, "temperature values")["text"] == ["0", "0.75", "1"]
    assert "temperature" in notes(log)
    assert cells(log, "temperature") == ["0", "0.75"]
    assert build_ledger(log.timeline)[1].cells["temperature"].title == "No temperature for answer; rollout 1"
    assert "no temperature; rollout 1" in trace(log, "answer")["hovertext"][1]
    assert "no temperature" not in trace(log, "draft")["hovertext"][1]
    assert "No temperature" not in describe_figure(log.timeline)


def test_an_attempt_above_the_threshold_with_a_rule_not_met_is_no_success():
    """Attempts 2 and 3 are above it; only the fourth, lower than both, has met every rule."""
    log = logs.rules()
    marks = trace(log, "reward")["marker"]
    assert marks["symbol"] == ["circle", "circle", "circle", "square"]
    assert [c == "token:background" for c in marks["color"]] == [False, True, True, False], "hollow"
    assert "token:best" not in {marks["line"]["color"][i] for i in (1, 2)}
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
    assert trace(log, "rules not met")["text"] == ["rule<br>not met", "2 rules<br>not met"]
    assert trace(log, "rules not met")["customdata"] == [1, 2]
    assert "Attempt 2 scored 0.95 (rule not met)," in describe_figure(log.timeline)
    greens = [
        index
        for index, colour in zip(
            trace(log, "cells")["customdata"], trace(log, "cells")["marker"]["color"], strict=True
        )
        if colour.startswith("token:best")
    ]
    assert greens == [3]


def test_what_a_rule_says_is_told_where_one_points():
    told = trace(logs.rules(), "reward")["hovertext"][1]
    assert "rule not met, at most 3 words: Use at most 3 words." in told
    title = build_ledger(logs.rules().timeline)[1].cells["output"].title
    assert title.startswith("at most 3 words: Use at most 3 words.\nanswer: ")


def test_the_best_of_attempts_that_all_failed_a_rule_is_hollow_too():
    log = logs.rules(met=False)
    marks = trace(log, "reward")["marker"]
    assert marks["symbol"].index("triangle-up") == 2
    assert set(marks["color"]) == {"token:background"}
    assert set(marks["line"]["color"]) == {"token:scored"}
    row = build_ledger(log.timeline)[2]
    assert (row.outcome, row.words) == ("scored", "best"), "the mark in the table is not green either"


def test_best_so_far_is_what_would_be_returned_and_may_fall_when_a_rule_is_met():
    assert trace(logs.rules(), "best so far")["y"][:4] == [0.4, 0.4, 0.4, 0.92]
    log = logs.Log(stages=("answer",), threshold=None)
    log.attempt(0.9, unmet=logs.LIMIT)
    log.attempt(0.5)
    assert trace(log, "best so far")["y"][:2] == [0.9, 0.5]


def test_a_question_asked_again_is_told_at_its_bar():
    log = logs.asked_again()
    said = "the first reply could not be read; asked again as JSON"
    assert [said in s for s in trace(log, "draft")["hovertext"]] == [True, False, False]
    assert [said in s for s in trace(log, "answer")["hovertext"]] == [False, True, False]


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
    assert f"the first reply could not be read; asked again {words}" in trace(log, "answer")["hovertext"][0]
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
    assert cells(logs.failures(), "change") == ["—", "—", "+0.3", "0", "—", "-0.15"]


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
        (-0.25, "-0.25"),
        (-0.0001, "-0.0001"),
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
    assert layout(log)["meta"]["columns"] == 3


def test_an_error_of_the_reward_is_told_in_the_ledger():
    log = logs.Log()
    log.attempt(None, outputs={"answer": "x"}, error=ev.Fault("KeyError", "KeyError: 'answr'", "program", 2))
    assert cells(log, "output") == ["line 2: KeyError: 'answr'"]
    assert cells(log, "reward") == ["failed"]
