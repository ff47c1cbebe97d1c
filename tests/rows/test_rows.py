"""A row, its JSON form, many of them in little memory, and those of a saved run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RowsError, RunCancelled
from refine_core.rows import JoinedRows, Row, RowSet, read_rows, row_from_json, rows_of_run
from tests.logs import Log

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), json_values, max_size=4)
numbers = st.floats(allow_nan=False, allow_infinity=False)
rows = st.builds(
    Row,
    id=st.text(min_size=1),
    inputs=objects,
    prediction=objects,
    expected=objects,
    group=st.none() | st.text(min_size=1),
    reward=st.none() | numbers,
    parts=st.dictionaries(st.text(), numbers, max_size=3),
    label=st.none() | st.text(),
    source=st.text(),
    feedback=st.text(),
)


@settings(max_examples=40)
@given(st.lists(rows, max_size=6))
def test_a_row_set_gives_back_the_rows_that_it_was_made_of(made):
    kept = RowSet(made)
    assert list(kept) == made
    assert kept[:] == made
    assert [kept[i] for i in range(-len(made), 0)] == made
    assert kept[1:3] == made[1:3]


@settings(max_examples=40)
@given(st.lists(rows, max_size=4, unique_by=lambda row: row.id))
def test_rows_that_were_written_are_read_again_as_they_were(made):
    text = "\n".join(json.dumps(row.to_json(), ensure_ascii=True) for row in made)
    if not made:
        return
    back = read_rows(text)
    assert [row.to_json() for row in back] == [row.to_json() for row in made]


def test_a_row_set_says_which_names_there_are_and_how_many_are_scored():
    kept = RowSet(
        [
            Row("1", {"q": 1}, {"a": 1}, group="g", reward=0.0),
            Row("2", {"q": 1, "c": 2}, {"a": 1}, {"gold": 1}, group="g", label="good", parts={"format": 1}),
        ]
    )
    assert kept.columns.inputs == ("q", "c")
    assert (kept.columns.expected, kept.columns.parts) == (("gold",), ("format",))
    assert (kept.groups, kept.scored, kept.labelled) == (1, 1, 1)


def test_reading_many_rows_reports_progress_and_can_be_cancelled():
    text = '{"inputs": {}, "prediction": {}}\n' * 2_000
    seen: list[int] = []
    read_rows(text, on_progress=seen.append)
    assert seen == [500, 1000, 1500, 2000]
    cancel = Cancel()
    with pytest.raises(RunCancelled):
        read_rows(text, on_progress=lambda _: cancel.set(), cancel=cancel)


def test_bare_values_and_missing_ids_get_a_name():
    row = row_from_json({"inputs": "2+2?", "prediction": "4", "expected": "4"}, number=3)
    assert row == Row("3", {"text": "2+2?"}, {"text": "4"}, {"expected": "4"})


def test_nothing_unknown_is_written_as_a_number():
    assert Row("1", {}, {"a": "x"}).to_json() == {"id": "1", "inputs": {}, "prediction": {"a": "x"}}
    row = row_from_json({"inputs": {}, "prediction": {}, "reward": float("nan")}, number=1)
    assert row.reward is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"inputs": {}, "prediction": {}, "reward": "high"}', '"reward" must be a number, not text'),
        ('{"inputs": {}, "prediction": {}, "reward": 1e999}', "must be finite"),
        ('{"inputs": {}, "prediction": {}, "parts": 3}', '"parts" must be an object of numbers'),
        ('{"inputs": {}, "prediction": {}, "group": []}', '"group" must be text or a number, not a list'),
    ],
)
def test_a_row_that_is_wrong_is_named_by_its_line(line, words):
    with pytest.raises(RowsError) as caught:
        read_rows('{"inputs": {}, "prediction": {}}\n' + line, name="r.jsonl")
    assert str(caught.value).startswith("r.jsonl, line 2")
    assert words in str(caught.value)


def test_a_run_gives_a_row_for_each_attempt_that_has_an_output():
    log = Log(stages=("answer",), N=3)
    log.attempt(0.25, outputs={"answer": "Lyon"})
    log.attempt(None)
    log.attempt(1.0, outputs={"answer": "Paris"})
    log.finish()
    made = rows_of_run(log.timeline, {2: "good"})
    assert [(r.id, r.group, r.reward, r.label) for r in made] == [
        ("run-1/1", "run-1", 0.25, None),
        ("run-1/3", "run-1", 1.0, "good"),
    ]
    assert made[1].prediction == {"answer": "Paris"}
    assert (made[1].inputs, made[1].expected) == ({"question": "Which city?"}, {})


def test_an_input_that_only_the_reward_sees_is_what_is_expected():
    from dataclasses import replace

    log = Log(stages=("answer",), N=1)
    log.attempt(0.25, outputs={"answer": "Lyon"})
    timeline = log.timeline
    timeline.spec = replace(timeline.spec, inputs={"question": "?", "gold": "Paris"})
    (row,) = rows_of_run(timeline)
    assert (row.inputs, row.expected) == ({"question": "?"}, {"gold": "Paris"})


def test_rows_load_nothing_heavy_before_a_file_needs_it():
    code = (
        "import refine_core.rows, sys; sys.exit(bool({'pyarrow', 'numpy', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=40)
@given(st.lists(rows, max_size=4))
def test_rows_that_were_dumped_are_loaded_as_they_were(made):
    text = RowSet(made).dump()
    text.encode()
    assert list(RowSet.load(text)) == made


@settings(max_examples=40)
@given(st.lists(st.lists(rows, max_size=3), max_size=4))
def test_joined_rows_are_the_rows_one_behind_the_other(several):
    made = [row for few in several for row in few]
    joined = JoinedRows(*map(RowSet, several))
    assert (len(joined), list(joined), joined[:]) == (len(made), made, made)
    assert [joined[i] for i in range(len(made))] == made
    assert [joined.reward_of(i) for i in range(len(made))] == [row.reward for row in made]
    assert joined.labelled == sum(row.label is not None for row in made)
    assert [JoinedRows(*several).reward_of(i) for i in range(len(made))] == [row.reward for row in made]
