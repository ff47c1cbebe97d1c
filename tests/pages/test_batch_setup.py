"""The page Batch: its list, an experiment that is set up, and what Run starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pages.batch.example import draft_example
from pages.shared import keys
from refine_core import connections, experiments, runs
from refine_core.connections import Connection
from refine_core.experiments.drafts import (
    ArmDraft,
    ProgramChoice,
    add_arm_draft,
    build_experiment,
    draft_of,
    list_drafts,
    name_arm_draft,
    new_draft,
    read_draft,
    save_draft,
)
from refine_core.programs import EXAMPLES, ModelSpec
from tests.pages.test_pages import open_app

PAGE = "../batch/page.py"


@pytest.fixture(autouse=True)
def _runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def open_batch(**query):
    app = open_app(**query)
    app.switch_page(PAGE)
    app.query_params.update(query)
    app.run()
    assert not app.exception, app.exception
    return app


def words(app):
    elements = (*app.markdown, *app.caption, *app.info, *app.error, *app.title)
    return " ".join(element.value for element in elements).replace("\\", "")


def button(app, label):
    (found,) = [one for one in app.button if one.label in (label, f":blue[{label}]")]
    return found


def number(app, label):
    (found,) = [one for one in app.number_input if one.label == label]
    return found


def example(**fields):
    return save_draft(replace(draft_example(), **fields))


def press(app, label):
    button(app, label).click().run()
    assert not app.exception, app.exception
    return app


def test_the_empty_list_says_what_batch_answers_and_offers_an_example():
    app = open_batch()
    assert "which program is really better, and at what price?" in words(app)
    assert [one.label for one in app.button] == ["Start with an example", "New experiment"]
    press(app, "Start with an example")
    (draft,) = list_drafts()
    assert [arm.strategy for arm in draft.arms] == ["refine", "best_of_n", "single"]
    assert draft.dataset_id


def test_starting_twice_with_the_example_makes_one_draft_and_one_table():
    for _ in range(2):
        press(open_batch(), "Start with an example")
    assert len(list_drafts()) == 1
    one, other = draft_example(), draft_example()
    assert one.dataset_id == other.dataset_id


def test_run_starts_what_is_set_up_and_the_draft_goes():
    draft = example(repeats=2, at_once=4)
    app = open_batch(experiment=draft.id)
    number(app, "Seed").set_value(7).run()
    number(app, "Calls at once").set_value(3).run()
    press(app, "Run 360")
    snapshot = experiments.get(draft.id)
    experiments.cancel(draft.id)
    experiments.join(draft.id, 30)
    built = snapshot.experiment
    assert (built.seed, built.repeats, built.rows, len(snapshot.cells)) == (7, 2, None, 360)
    assert {limit.at_once for limit in built.rate_limits.values()} == {3}
    assert [arm.name for arm in built.arms] == ["Refine, N 5", "Best of 5", "Single attempt"]
    assert list_drafts() == []


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"at_once": 1000}, ("Calls at once", 512)),
        ({"seed": 2**80}, ("Seed", 2**53 - 1)),
        ({"seed": 2**40}, ("Seed", 2**40)),
        ({"repeats": 500}, ("Repeats of each input", 100)),
        ({"usd": 1e308}, ("Stop at, dollars", 1e15)),
        ({"usd": float("nan")}, ("Stop at, dollars", None)),
        ({"calls": 10**30}, ("Calls", 2**53 - 1)),
        ({"tokens": 10**15}, ("Tokens", 10**15)),
    ],
)
def test_numbers_that_a_document_has_and_no_field_takes_do_not_end_the_page(fields, shown):
    """As "Use as a new draft" has them of an experiment that was written by hand."""
    app = open_batch(experiment=example(**fields).id)
    assert number(app, shown[0]).value == shown[1]


def test_an_empty_field_of_calls_at_once_is_what_its_placeholder_says():
    draft = example(at_once=None)
    field = number(open_batch(experiment=draft.id), "Calls at once")
    assert (field.value, field.placeholder) == (None, "8")
    assert {limit.at_once for limit in build_experiment(draft).rate_limits.values()} == {8}


def test_trying_three_inputs_runs_the_first_three_rows_of_every_arm():
    draft = example()
    press(open_batch(experiment=draft.id), "Try 3 inputs first")
    experiments.join(draft.id, 30)
    snapshot = experiments.get(draft.id)
    assert snapshot.experiment.rows == 3
    assert {(cell.arm, cell.row) for cell in snapshot.outcomes} == {
        (arm, row) for arm in "abc" for row in (1, 2, 3)
    }
    tried = set(snapshot.outcomes)
    app = open_batch(experiment=draft.id)
    told = " ".join(str(one.proto) for one in app.get("bidi_component"))
    assert "Run the other 57 inputs" in told
    assert "The other 57 inputs: 171 runs" in told
    assert "by the 9 runs so far" in told
    app.session_state["result"] = {"asked": {"act": "rest", "at": 1}}
    app.run()
    assert experiments.get(draft.id).experiment.rows is None
    experiments.cancel(draft.id)
    experiments.join(draft.id, 30)
    assert tried <= set(experiments.get(draft.id).outcomes), "none of them was begun anew"


def test_what_is_typed_survives_a_reload():
    draft = example()
    app = open_batch(experiment=draft.id)
    number(app, "Repeats of each input").set_value(4).run()
    number(app, "Stop at, dollars").set_value(2.5).run()
    again = open_batch(experiment=draft.id)
    assert number(again, "Repeats of each input").value == 4
    assert number(again, "Stop at, dollars").value == 2.5
    assert button(again, "Run 720")


def test_an_empty_draft_says_what_is_missing_and_cannot_be_run():
    draft = save_draft(new_draft())
    app = open_batch(experiment=draft.id)
    assert button(app, "Run").disabled
    assert button(app, "Try 3 inputs first").disabled
    assert "Choose a program" in words(app)


def test_a_second_window_goes_on_with_a_copy():
    draft = example()
    first, second = open_batch(experiment=draft.id), open_batch(experiment=draft.id)
    number(first, "Seed").set_value(1).run()
    number(second, "Seed").set_value(2).run()
    assert read_draft(draft.id).seed == 1
    (copy,) = [one for one in list_drafts() if one.id != draft.id]
    assert copy.seed == 2
    assert second.query_params["experiment"] == copy.id
    assert "saved as a copy" in words(second)


def test_a_draft_that_another_window_started_goes_on_as_a_copy():
    draft = example()
    first = open_batch(experiment=draft.id)
    press(first, "Try 3 inputs first")
    experiments.join(draft.id, 30)
    copy = save_draft(replace(draft, seed=2))
    assert copy.id != draft.id
    assert [one.id for one in list_drafts()] == [copy.id]


def test_a_deleted_experiment_says_so_and_is_brought_back():
    draft = example(name="Mine <b>")
    press(open_batch(experiment=draft.id), "Try 3 inputs first")
    experiments.join(draft.id, 30)
    experiments.delete(draft.id)
    app = open_batch(experiment=draft.id)
    assert "Mine <b> was deleted." in words(app)
    press(app, "Bring it back")
    assert "was deleted" not in words(app)
    assert [one.experiment.id for one in experiments.list_experiments()] == [draft.id]


def test_an_arm_is_changed_and_removed_in_its_dialog():
    draft = example()
    app = open_batch(experiment=draft.id)
    app.session_state["batch.arms"] = {"asked": {"edit": "b", "at": 1}}
    app.run()
    number(app, "Max attempts (N)").set_value(3).run()
    press(app, "Save")
    assert name_arm_draft(read_draft(draft.id).arms[1]) == "Best of 3"
    app.session_state["batch.arms"] = {"asked": {"edit": "c", "at": 2}}
    app.run()
    press(app, "Remove this arm")
    assert [arm.key for arm in read_draft(draft.id).arms] == ["a", "b"]


def test_one_press_sets_the_model_of_all_arms():
    local = ModelSpec("litellm", "openai/tiny", "http://127.0.0.1:9/v1")
    connections.save_connection(Connection("Mine", "compatible", local))
    app = open_batch(experiment=(draft := example()).id)
    app.session_state["batch.model.0"] = True
    app.run()
    press(app, "**Mine**")
    models = {arm.spec.model.label for arm in build_experiment(read_draft(draft.id)).arms}
    assert models == {"openai/tiny"}


def test_a_model_whose_key_is_missing_is_a_problem_until_it_is_typed():
    model = ModelSpec("litellm", "openai/gpt-4o-mini", key_env="NO_SUCH_KEY_HERE")
    connections.save_connection(Connection("work", "openai", model))
    model = connections.list_connections()[0].model
    draft = example()
    draft = save_draft(add_arm_draft(draft, ArmDraft("", model=model)))
    app = open_batch(experiment=draft.id)
    assert button(app, "Run").disabled
    assert "the environment variable NO_SUCH_KEY_HERE is not set" in words(app)
    app.session_state[keys.role_slot("model", model)] = {"typed": "not-a-real-key"}
    app.run()
    assert not button(app, "Run 240").disabled
    stored = runs.default().store.documents("experiment-draft")
    assert "not-a-real-key" not in "".join(stored.values())


def test_an_experiment_is_used_as_a_new_draft():
    draft = example(repeats=2, seed=5, usd=9.0)
    draft = save_draft(add_arm_draft(draft, ArmDraft("", "refine", 3, "none", name="Without")))
    copied = draft_of(build_experiment(draft))
    assert copied.id != draft.id
    before, after = build_experiment(draft), build_experiment(copied)
    assert [(a.key, a.name, a.spec) for a in after.arms] == [(a.key, a.name, a.spec) for a in before.arms]
    assert (after.repeats, after.seed, after.budget, after.dataset_id) == (
        before.repeats,
        before.seed,
        before.budget,
        before.dataset_id,
    )
    assert all(arm.program is None and arm.reward is None for arm in copied.arms)


def test_a_deleted_draft_comes_back():
    draft = example(name="Mine")
    app = open_batch()
    app.session_state["batch.list"] = {"asked": {"do": "delete", "id": draft.id, "at": 1}}
    app.run()
    assert list_drafts() == []
    assert "“Mine” is deleted." in words(app)
    press(app, "Undo")
    assert [one.id for one in list_drafts()] == [draft.id]


def test_an_unknown_experiment_gets_a_plain_sentence_and_a_way_on():
    app = open_batch(experiment="gone")
    assert "There is no experiment 'gone' here." in words(app)
    assert app.get("page_link")


def test_a_program_from_elsewhere_opens_as_a_draft_with_three_arms():
    run_id = runs.start(EXAMPLES["one_word"].spec)
    runs.join(run_id, 30)
    app = open_app(run=run_id)
    app.switch_page("../run/page.py")
    app.query_params.update({"run": run_id})
    app.run()
    app.menu_button(key="compare-run").click("Compare over a table …").run()
    (draft,) = list_drafts()
    assert draft.program == ProgramChoice("One-word answer", runs.timeline(run_id).spec)
    assert len(draft.arms) == 3
