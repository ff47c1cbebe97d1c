"""The page of a result: the sentence of each state, what is drawn, what is left undrawn and why, and nonsense sent to it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.batch.result import export
from pages.batch.result.pictures import (
    explain_withheld,
    show_curves,
    show_differences,
    show_known,
    show_survival,
)
from pages.batch.result.tables import list_arms, list_worst, show_failures
from refine_core.experiments import build_progress
from refine_core.experiments.result import build_result
from refine_core.export.experiment import experiment_file
from tests.experiments.made import make_snapshot
from tests.pages.test_batch_live import _runs, open_batch, stopped_by_its_budget  # noqa: F401  # a fixture


def shown(app) -> str:
    """What the component of the result was given, as text."""
    return " ".join(str(one.proto) for one in app.get("bidi_component"))


def test_a_result_says_why_too_few_inputs_make_no_curves():
    app = open_batch(stopped_by_its_budget(500))
    assert "need at least 20 inputs, and are not drawn from 4." in shown(app)


@pytest.mark.parametrize(
    "asked",
    [{"act": "?"}, {"pair": 7}, {"pair": "a.z"}, {"open": "x"}, {"page": -3}, {"page": "2"}, {"by": []}],
)
def test_nonsense_from_a_browser_changes_nothing(asked):
    app = open_batch(stopped_by_its_budget(500))
    app.session_state["result"] = {"asked": {**asked, "at": 1}}
    app.run()
    assert not app.exception
    assert "pair" not in app.query_params


def test_every_picture_says_its_numbers_in_words():
    snapshot = make_snapshot(rows=40)
    result = build_result(snapshot)
    one = result.main
    assert (
        f"{one.worse} worse, {one.equal} equal, {one.better} better"
        in show_differences(one, snapshot.dataset)["alt"]
    )
    kinds = show_curves(result, one, ())["kinds"]
    assert all(arm.name in kinds["calls"]["alt"] for arm in result.arms)
    assert (
        "first k attempts of N: a longer run cut short is not a run with a smaller N"
        in kinds["calls"]["note"]
    )


def test_of_equal_arms_it_says_how_far_the_difference_is_known():
    result = build_result(make_snapshot(arms=2, rows=15, rewards=lambda rng, _arm, _row: rng.random()))
    known = show_known(result.main)
    assert "15 inputs" in known["alt"]
    assert known["then"]["low"] * known["then"]["high"] > 0, "so many inputs would leave out 0"
    assert "15." in explain_withheld(result)


def test_a_difference_of_nothing_is_not_promised_to_show_on_more_inputs():
    """Ten arms alike: what is left of the mean is the noise of fractions, which would take more inputs than there are atoms."""
    main = build_result(make_snapshot(arms=10, rows=40)).main
    assert show_known(main) is None
    unclear = build_result(make_snapshot(arms=2, rows=15, rewards=lambda rng, _arm, _row: rng.random())).main
    tiny = replace(unclear, difference=replace(unclear.difference, difference=1e-17, needed=10**30))
    assert show_known(tiny)["then"] is None


def test_runs_that_never_reached_the_threshold_are_counted_by_arm():
    result = build_result(make_snapshot(rows=40))
    single = result.arms[-1]
    note = show_survival(result, ())["note"]
    assert f"{single.name}: {single.runs - single.reached} of {single.runs}" in note


def test_before_the_end_no_arm_has_a_mean():
    result = build_result(make_snapshot(state="running", done=0.5))
    assert "reward" not in [key for key, _ in list_arms(result, ())["columns"]]


def test_failed_runs_are_counted_and_can_be_run_again():
    snapshot = make_snapshot(rows=30, failed=1.0)
    table = show_failures(build_result(snapshot), snapshot)
    assert table["title"] == "90 runs failed"
    assert table["act"] == {"name": "retry", "label": "Retry 90"}
    assert {row["what"].partition(":")[0] for row in table["rows"]} == {
        kind.what for kind in build_progress(snapshot).failures if kind.how == "failed"
    }, "the same words as while it ran"


def test_rows_that_failed_say_whether_another_repeat_counts():
    snapshot = make_snapshot(arms=2, rows=3, repeats=2)
    failed = {("a", 1, 1), ("a", 1, 2), ("a", 2, 1)}
    outcomes = {
        cell: replace(one, state="failed", reward=None)
        if (cell.arm, cell.row, cell.repeat) in failed
        else one
        for cell, one in snapshot.outcomes.items()
    }
    some = replace(snapshot, outcomes=outcomes)
    assert show_failures(build_result(some), some)["note"] == (
        "Left out of every comparison with that arm: row 1. Counted by the other repeat: row 2."
    )


def test_a_page_beyond_the_last_shows_the_last():
    snapshot = make_snapshot(rows=60, rewards=lambda rng, _arm, _row: rng.random())
    one = build_result(snapshot).main
    table = list_worst(one, snapshot.dataset, 10**9, {})
    assert table["page"] == table["pages"]
    assert table["rows"]


@pytest.mark.parametrize("to", ["html", "md", "csv", "parquet", "json"])
def test_an_experiment_is_downloaded_in_each_format(to):
    body = {
        "runs": [stopped_by_its_budget(500)],
        "to": to,
        "leave_out": {"prompts": False, "inputs": False, "fields": []},
    }
    answer = TestClient(Starlette(routes=export.ROUTES)).post(f"/{export.URL}", json=body)
    _, line, data = answer.content.split(b"\n", 2)
    assert json.loads(line)["size"] == len(data) > 0


def test_an_experiment_that_is_not_there_makes_no_file():
    body = {"runs": ["gone"], "to": "md", "leave_out": {"prompts": False, "inputs": False, "fields": []}}
    answer = TestClient(Starlette(routes=export.ROUTES)).post(f"/{export.URL}", json=body)
    assert "there is no such experiment" in json.loads(answer.content.splitlines()[-1])["error"]


@pytest.mark.parametrize("size", [5e-324, 1e-300, 8e307, 1.7e308])
def test_the_largest_and_the_smallest_rewards_are_drawn_or_left_out(size):
    """Beyond 1e308 their differences are no numbers any more: the file has no picture of them then."""
    snapshot = make_snapshot(arms=2, rows=25, rewards=lambda rng, *_: rng.choice([-size, size]))
    result = build_result(snapshot)
    (one,) = result.comparisons
    show_known(one)
    assert ("axis" in show_differences(one, snapshot.dataset)) == (size < 1e308)
    assert "title" in show_curves(result, one, ["a", "b"])
    text = experiment_file(snapshot, "html").data.decode()
    assert re.findall(r'="[^"]*\b(?:nan|inf)\b[^"]*"', text) == []
