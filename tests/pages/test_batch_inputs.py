"""The section Inputs of an experiment that is set up: what is brought is kept, and bad rows wait for a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import datasets, runs
from refine_core.experiments.drafts import ProgramChoice, new_draft, propose_arms, read_draft, save_draft
from refine_core.spec import ProgramSpec, StageSpec
from tests.pages.test_batch_setup import button, open_batch, press, words

SPEC = ProgramSpec(
    (StageSpec("write", "product, audience -> headline"),),
    'def reward(args, pred):\n    return float(args["price"] in pred.headline)\n',
    title="Headlines",
)
HEAD = b"product,audience,price\n"
GOOD = HEAD + b"Kettle,Students,39.90\nLamp,Readers,24\n"
BAD = GOOD + b",Walkers,3\n"


@pytest.fixture(autouse=True)
def _runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


@pytest.fixture
def draft():
    made = replace(new_draft(), program=ProgramChoice("Headlines", SPEC))
    return save_draft(propose_arms(made))


def bring(app, data, name="headlines.csv"):
    app.file_uploader[0].set_value((name, data, "text/csv")).run()
    assert not app.exception, app.exception
    return app


def chosen(draft):
    saved = read_draft(draft.id)
    return datasets.get(runs.default().store, saved.dataset_id, saved.dataset_version)


def run_others(app, count):
    (box,) = [one for one in app.checkbox if one.label == f"Run the other {count} rows"]
    box.check().run()
    assert not app.exception, app.exception
    return app


def test_a_bad_row_is_named_and_the_rest_runs_once_a_person_says_so(draft):
    app = bring(open_batch(experiment=draft.id), BAD)
    assert "Row 3 (line 4): product is empty" in words(app)
    assert button(app, "Fix 1 problem").disabled
    assert chosen(draft).pending
    run_others(app, 2)
    assert not button(app, "Run 6").disabled
    assert not chosen(draft).pending
    again = open_batch(experiment=draft.id)
    assert not button(again, "Run 6").disabled


def test_before_a_program_is_chosen_no_column_is_said_to_be_the_rewards():
    draft = save_draft(new_draft())
    app = bring(open_batch(experiment=draft.id), GOOD)
    told = " ".join(str(one.proto) for one in app.get("bidi_component"))
    assert "Kettle" in told
    assert "reward only" not in told
    assert "Choose a program below" in words(app)


def test_added_bad_rows_are_named_and_asked_for_like_the_first(draft):
    app = bring(open_batch(experiment=draft.id), GOOD)
    first = chosen(draft)
    press(app, "Add rows")
    bring(app, HEAD + b"Bell,Commuters,30\nJacket,,12\n", "more.csv")
    assert "Row 4 (line 3): audience is empty" in words(app)
    assert chosen(draft).pending
    run_others(app, 3)
    assert list(chosen(draft).rows)[:2] == list(first.rows)
    assert not button(app, "Run 9").disabled


def test_typed_rows_have_a_column_for_each_input_and_what_the_reward_reads(draft):
    app = open_batch(experiment=draft.id)
    fields = {one.label: one for one in app.text_input}
    for name, value in (("product", "Kettle"), ("audience", "Students"), ("price", "39.90")):
        fields[f"{name}, row 2"].set_value(value)
    (take,) = [one for one in app.button if (one.key or "").endswith("take-typed")]
    take.click().run()
    assert not app.exception, app.exception
    (row,) = chosen(draft).rows
    assert {name: str(value) for name, value in row.values.items()} == {
        "product": "Kettle",
        "audience": "Students",
        "price": "39.9",
    }


def test_a_file_that_is_no_table_is_refused_and_nothing_is_lost(draft):
    app = bring(open_batch(experiment=draft.id), GOOD)
    press(app, "Replace")
    bring(app, b"", "empty.csv")
    assert "empty.csv is empty" in words(app)
    press(app, "Cancel")
    assert chosen(draft).name == "headlines.csv"
    assert not button(app, "Run 6").disabled
