"""Programs are saved under a name in the Lab, come back, and are replaced or removed only when asked."""

import pytest

from refine_core import programs, runs
from tests.pages.test_pages import button, errors, field, open_app, said, type_in, typed


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def save_as(app, name):
    app.text_input(key="lab.saved.name").set_value(name).run()
    app.button(key="lab.saved.save").click().run()
    assert not app.exception


def test_a_program_is_saved_and_opened_again():
    app = open_app()
    type_in(app, "stage.0.signature", "question -> reply")
    app.session_state["lab.reward"] = {
        "draft": {"code": "def reward(args, pred):\n    return 0.5\n", "rev": 1}
    }
    app.run()
    save_as(app, "my replies")
    button(app, "**Two stages, one to blame**").click().run()
    button(app, "**my replies**").click().run()
    assert typed(app, "stage.0.signature") == "question -> reply"
    assert list(programs.list_programs()) == ["my replies"]


def test_saving_under_the_same_name_replaces_the_program():
    app = open_app()
    save_as(app, "one")
    app.number_input(key=field(app, "N")).set_value(9).run()
    app.text_input(key="lab.saved.name").set_value("one").run()
    assert app.button(key="lab.saved.save").label == "Replace"
    app.button(key="lab.saved.save").click().run()
    assert programs.list_programs()["one"].N == 9


def test_a_name_that_cannot_be_used_is_said_to_be_so():
    app = open_app()
    save_as(app, " ")
    assert any("give the program a name" in error for error in errors(app))
    assert programs.list_programs() == {}


def test_a_saved_program_can_be_removed():
    app = open_app()
    save_as(app, "one")
    app.button(key="lab.saved.remove.one").click().run()
    assert programs.list_programs() == {}


def test_an_example_says_what_to_look_for_before_its_run():
    app = open_app(example="gamed")
    assert programs.EXAMPLES["gamed"].look_for in said(app)
