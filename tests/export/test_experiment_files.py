"""An experiment as a file: safe to open whatever models and people wrote, small, and without what was left out."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from refine_core.datasets import Column, DatasetRow
from refine_core.errors import SpecError
from refine_core.experiments import Arm
from refine_core.experiments.json_document import read_experiment
from refine_core.export import LEFT_OUT, Redaction
from refine_core.export.experiment import EXPERIMENT_FORMATS, experiment_file
from refine_core.spec import ModelSpec, StageSpec
from refine_core.spec.program import ValidatorSpec
from tests.experiments.made import make_snapshot
from tests.unit.test_report import ATTRIBUTES, TAGS, TEXTS, UNSEEN, Page

OWN_TAGS = {"figure", "figcaption", "h3"}
OWN_ATTRIBUTES = {"stroke-width", "transform"}
SECRET = "KT-4471 Zanzibar"
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def read(snapshot, to="html", **options):
    return experiment_file(snapshot, to, **options).data.decode("utf-8-sig", "surrogatepass")


def hostile_snapshot(text, *, rows=20, state="finished"):
    """Everything that somebody else may write is this text."""
    made = make_snapshot(rows=rows, failed=0.2, state=state, done=1.0 if state == "finished" else 0.5)
    arms = tuple(
        Arm(
            arm.key,
            f"{text} {arm.key}",
            replace(
                arm.spec,
                stages=(StageSpec("answer", "headline -> answer", text, descriptions={"answer": text}),),
                reward=f"{arm.spec.reward}  # {text}",
                title=text,
                model=ModelSpec("litellm", f"openai/{text}", "http://127.0.0.1:9/v1"),
                validators=(ValidatorSpec(text, text, text),),
            ),
        )
        for arm in made.experiment.arms
    )
    columns = (Column(text, "input", text), Column("e", "reward only", f"e{text}"), Column("x", "left out"))
    values = [DatasetRow(n, {text: text, f"e{text}": [text, {text: None}]}, text) for n in range(1, rows + 1)]
    outcomes = {
        cell: replace(
            one,
            parts={text: one.reward or 0.0},
            error=text if one.error_type else "",
            error_type=one.error_type and text[:20],
        )
        for cell, one in made.outcomes.items()
    }
    return replace(
        made,
        experiment=replace(made.experiment, name=text, arms=arms, rate_limits={}),
        dataset=replace(made.dataset, name=text, columns=columns, rows=tuple(values)),
        outcomes=outcomes,
        stopped_arms={"b": text},
        error=text,
    )


@settings(max_examples=20, deadline=None)
@given(TEXTS, st.sampled_from(["finished", "stopped", "running"]))
def test_no_text_becomes_markup_and_nothing_runs(text, state):
    html = read(hostile_snapshot(text, state=state))
    page = Page(html)
    assert page.tags <= TAGS | OWN_TAGS
    assert set(page.attributes) <= ATTRIBUTES | OWN_ATTRIBUTES
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(link.startswith("#") for link in page.attributes.get("href", ()))
    assert any(one.startswith("default-src 'none'; style-src") for one in page.attributes["content"])
    assert not UNSEEN.search(html)


@settings(max_examples=8, deadline=None)
@given(TEXTS)
def test_every_format_takes_every_text(text):
    snapshot = hostile_snapshot(text)
    for to in EXPERIMENT_FORMATS:
        assert experiment_file(snapshot, to).data
        assert experiment_file(snapshot, to, redaction=Redaction(inputs=True)).data


def test_text_of_others_is_no_markdown():
    shown = read(hostile_snapshot("@everyone <img src=x> [a](http://b.example) #1 **bold** | cell"), "md")
    outside = re.sub(r"(`+).+?\1", "", shown)
    assert not re.search(r"@everyone|<img|\]\(http|b\.example|bold", outside), outside


def test_the_file_has_the_answer_first_and_all_that_it_rests_on():
    page = Page(read(make_snapshot(rows=60, repeats=2, failed=0.05)))
    words = " ".join(" ".join(page.texts).split())
    assert "Refine, N 5 " in words
    for part in ("by input", "by attempt", "for the same calls", "How it was done", "seed 1", "Failures"):
        assert part in words or part == "seed 1", part
    assert {"arms", "inputs", "method"} <= set(page.ids)


def test_few_inputs_get_no_curve():
    words = read(make_snapshot(rows=8))
    assert "8 inputs are too few for a curve" in words
    assert "Best reward for the same calls" not in words


def test_while_it_is_at_work_no_mean_is_shown():
    words = read(make_snapshot(state="running", done=0.5))
    assert "mean reward" in words  # the column, empty
    assert not re.search(r"<b>0\.\d\d</b>", words)
    assert "by input</h2>" not in words


def test_a_thousand_cells_are_a_small_file_in_good_time():
    snapshot = make_snapshot(rows=167, repeats=2)
    assert len(snapshot.cells) == 1002
    began = time.process_time()
    assert len(experiment_file(snapshot, "html").data) < 2_000_000
    assert time.process_time() - began < 10


def test_the_tables_have_a_row_a_run():
    snapshot = make_snapshot(rows=10, repeats=2, failed=0.2)
    rows = list(csv.DictReader(io.StringIO(read(snapshot, "csv"))))
    table = parquet.read_table(io.BytesIO(experiment_file(snapshot, "parquet").data)).to_pylist()
    assert len(rows) == len(table) == 60
    for text, typed, cell in zip(rows, table, snapshot.cells, strict=True):
        outcome = snapshot.outcomes[cell]
        assert text["run_id"] == typed["run_id"] == cell.run_id(snapshot.experiment.id)
        assert typed["reward"] == outcome.reward
        assert typed["calls"] == outcome.calls
        assert typed["tokens"] == outcome.tokens
        assert text["state"] == outcome.state
    assert any(name.startswith("part.") for name in rows[0])
    assert any(name.startswith("input.") for name in rows[0])


def test_the_json_runs_again_and_has_the_result(tmp_path):
    snapshot = make_snapshot(rows=10)
    text = read(snapshot, "json")
    found = read_experiment(text, tmp_path)
    assert [arm.name for arm in found.arms] == [arm.name for arm in snapshot.experiment.arms]
    assert len(found.dataset.rows) == 10
    assert set(json.loads(text)["result"]) == {"verdict", "arms", "comparisons"}


@pytest.mark.parametrize("to", ["html", "md", "csv", "json"])
def test_what_is_left_out_is_nowhere_in_the_file(to):
    made = make_snapshot(rows=30, failed=0.2)
    rows = tuple(replace(row, values={**row.values, "expected": SECRET}) for row in made.dataset.rows)
    columns = (*made.dataset.columns, Column("expected", "reward only", "expected"))
    outcomes = {
        c: replace(o, error=f"no {SECRET} in it" if o.error else "") for c, o in made.outcomes.items()
    }
    snapshot = replace(made, dataset=replace(made.dataset, rows=rows, columns=columns), outcomes=outcomes)
    assert "Zanzibar" in read(snapshot, to) or to == "md"
    shown = read(snapshot, to, redaction=Redaction(fields=("expected",)))
    assert "Zanzibar" not in shown
    assert "4471" not in shown
    first = str(next(iter(made.dataset.rows[0].values.values())))
    assert first in shown or to in ("md", "html")
    assert first not in read(snapshot, to, redaction=Redaction(inputs=True))
    if to in ("csv", "json"):
        assert LEFT_OUT in shown


@pytest.mark.parametrize("to", ["html", "csv", "json"])
def test_a_number_that_is_left_out_is_nowhere_either(to):
    made = make_snapshot(rows=5)
    rows = tuple(replace(row, values={**row.values, "price": 44717.25}) for row in made.dataset.rows)
    columns = (*made.dataset.columns, Column("price", "reward only", "price"))
    snapshot = replace(made, dataset=replace(made.dataset, rows=rows, columns=columns))
    assert "44717.25" in read(snapshot, to)
    assert "44717.25" not in read(snapshot, to, redaction=Redaction(fields=("price",)))


def test_leaving_out_inputs_changes_no_figure():
    snapshot = make_snapshot(arms=2, rows=40, equal_inputs=2)
    whole, left = (read(snapshot, "md", **o) for o in ({}, {"redaction": Redaction(inputs=True)}))
    assert whole.splitlines()[2] == left.splitlines()[2]


@pytest.mark.parametrize("to", ["html", "md", "csv", "parquet", "json"])
def test_no_key_leaves_in_a_file(to):
    snapshot = hostile_snapshot(f"the key is {KEY}")
    data = experiment_file(snapshot, to).data
    assert KEY.encode() not in data


def test_an_unknown_format_is_refused():
    with pytest.raises(SpecError, match="choose one of html"):
        experiment_file(make_snapshot(rows=2), "docx")
