"""What is typed in the Lab comes back: after a reload, after a restart, and after an example took its place."""

import pytest

from refine_core import runs
from tests.pages.test_pages import button, choose_example, field, open_app, type_in, typed


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def named(app, name):
    """What the address says."""
    value = app.query_params[name]
    return value[0] if isinstance(value, list) else value


def type_everything(app):
    """Values of every kind, one of them no number, and a reward."""
    type_in(app, "stage.0.signature", "question, n: int -> answer")
    app.text_input(key=field(app, "threshold")).set_value("0.9x")
    app.number_input(key=field(app, "N")).set_value(7)
    app.session_state["lab.reward"] = {
        "draft": {"code": "def reward(args, pred):\n    return 0.5\n", "rev": 1}
    }
    app.run()
    app.number_input(key=field(app, "in.n.int")).set_value(3).run()
    assert not app.exception
    return named(app, "draft")


def assert_typed(app):
    assert typed(app, "stage.0.signature") == "question, n: int -> answer"
    assert app.text_input(key=field(app, "threshold")).value == "0.9x"
    assert app.number_input(key=field(app, "N")).value == 7
    assert app.number_input(key=field(app, "in.n.int")).value == 3
    assert app.session_state["lab.reward:draft"]["code"] == "def reward(args, pred):\n    return 0.5\n"


@pytest.mark.fault(32)
def test_what_was_typed_comes_back_after_a_reload():
    draft = type_everything(open_app())
    assert_typed(open_app(draft=draft))


@pytest.mark.fault(32)
def test_what_was_typed_comes_back_after_a_restart():
    draft = type_everything(open_app())
    runs.close()
    again = open_app()
    assert_typed(again)
    again.number_input(key=field(again, "N")).set_value(9).run()
    assert named(again, "draft") != draft  # the first window goes on with its own
    assert_typed(open_app(draft=draft))


@pytest.mark.fault(32)
def test_two_windows_at_one_address_do_not_write_over_each_other():
    draft = type_everything(open_app())
    first, second = open_app(draft=draft), open_app(draft=draft)
    first.number_input(key=field(first, "N")).set_value(9).run()
    second.number_input(key=field(second, "N")).set_value(11).run()
    first.number_input(key=field(first, "N")).set_value(10).run()
    assert named(first, "draft") == draft
    assert named(second, "draft") != draft
    assert open_app(draft=draft).number_input(key=field(first, "N")).value == 10
    assert open_app(draft=named(second, "draft")).number_input(key=field(second, "N")).value == 11


def test_loading_an_example_can_be_undone():
    app = open_app()
    type_everything(app)
    choose_example(app, "two_stages")
    assert app.text_input(key=field(app, "threshold")).value == "1"
    button(app, "Undo").click().run()
    assert_typed(app)
    button(app, "Undo").click().run()
    assert app.text_input(key=field(app, "stage.0.name")).value == "extract"
    button(app, "Undo").click().run()
    assert_typed(open_app(draft=named(app, "draft")))


def test_an_address_with_a_run_opens_its_program_not_the_newest_draft():
    app = open_app()
    button(app, "Run").click().run()
    run_id = named(app, "run")
    runs.join(run_id, 30)
    type_everything(app)
    other = open_app(run=run_id)
    assert typed(other, "stage.0.signature") == "question -> answer"


def test_an_untouched_example_is_no_draft():
    app = open_app()
    app.run()
    assert "draft" not in app.query_params
    assert runs.default().store.documents("draft") == {}


def test_an_address_names_an_example():
    app = open_app(example="two_stages")
    assert app.text_input(key=field(app, "stage.0.name")).value == "extract"


def test_a_draft_that_cannot_be_saved_is_said_to_be_so(tmp_path):
    app = open_app()
    runs.default().store.close()
    app.number_input(key=field(app, "N")).set_value(9).run()
    assert not app.exception
    assert any("draft not saved" in caption.value for caption in app.caption)
