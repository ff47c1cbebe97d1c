"""A stage's fields as a table in step with its line, its name and place, its demos and its prompt."""

import pytest

from refine_core import runs
from refine_core.programs import StageSpec, list_field_rows, read_demos, write_demo
from refine_core.refine.build import build_stage_signature
from tests.pages.test_drafts import named
from tests.pages.test_pages import (
    button,
    choose_example,
    ended,
    errors,
    field,
    open_app,
    press_run,
    said,
    type_in,
    typed,
)


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def table(app, uid=0):
    """The field table, row by row, as the widgets show it."""
    return [
        (
            app.text_input(key=field(app, f"stage.{uid}.field.{row}.name")).value,
            app.selectbox(key=field(app, f"stage.{uid}.field.{row}.type")).value,
            app.selectbox(key=field(app, f"stage.{uid}.field.{row}.role")).value,
        )
        for row in app.session_state[field(app, f"stage.{uid}.field.rows")]
    ]


def set_cell(app, row, column, value):
    kind = app.selectbox if column in ("type", "role") else app.text_input
    kind(key=field(app, f"stage.0.field.{row}.{column}")).set_value(value).run()
    assert not app.exception


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception


def test_the_table_shows_the_fields_of_the_signature():
    app = open_app()
    type_in(app, "stage.0.signature", "question, n: int -> kind: Literal['a', 'b'], notes: list[str]")
    assert table(app) == [
        ("question", "str", "input"),
        ("n", "int", "input"),
        ("kind", "Literal['a', 'b']", "output"),
        ("notes", "list[str]", "output"),
    ]


def test_an_edit_of_the_table_is_an_edit_of_the_signature():
    app = open_app()
    set_cell(app, 1, "name", "reply")
    set_cell(app, 1, "type", "list[str]")
    assert typed(app, "stage.0.signature") == "question -> reply: list[str]"
    press(app, "lab.stage.0.field.add.input")
    assert typed(app, "stage.0.signature") == "question -> reply: list[str]", (
        "a row without a name is no field yet"
    )
    set_cell(app, 2, "name", "tone")
    assert typed(app, "stage.0.signature") == "question, tone -> reply: list[str]"
    press(app, "lab.stage.0.field.2.arrow_upward")
    assert typed(app, "stage.0.signature") == "tone, question -> reply: list[str]"
    set_cell(app, 2, "role", "output")
    assert typed(app, "stage.0.signature") == "question -> tone, reply: list[str]"
    press(app, "lab.stage.0.field.2.close")
    assert typed(app, "stage.0.signature") == "question -> reply: list[str]"


def test_a_signature_that_cannot_be_read_keeps_the_last_good_table_and_says_so():
    app = open_app()
    before = table(app)
    type_in(app, "stage.0.signature", "question -> ")
    assert table(app) == before
    assert "This is the table of the last signature that could be read" in said(app)
    type_in(app, "stage.0.signature", "question -> score: float")
    assert table(app)[1] == ("score", "float", "output")
    assert "This is the table of the last signature" not in said(app)


def test_two_names_typed_into_one_row_are_two_fields():
    app = open_app()
    set_cell(app, 1, "name", "answer, why")
    assert [name for name, _, _ in table(app)] == ["question", "answer", "why"]


def test_a_description_reaches_the_run_and_its_prompt():
    app = open_app()
    set_cell(app, 1, "description", "one word, no full stop")
    assert "one word, no full stop" in said(app)
    run = ended(press_run(app))
    assert run.timeline.spec.stages[0].descriptions == {"answer": "one word, no full stop"}
    assert "one word, no full stop" in str(run.timeline.attempts[0].predictors[0].calls[0].messages)


def test_a_renamed_field_keeps_its_input_its_description_and_its_demos():
    app = open_app()
    set_cell(app, 0, "description", "of a capital")
    press(app, "lab.stage.0.demo.add")
    app.text_input(key=field(app, "stage.0.demo.0.question")).set_value("Capital of Peru?").run()
    set_cell(app, 0, "name", "query")
    assert typed(app, "in.query.text") == "What is the capital of Belgium?"
    assert app.text_input(key=field(app, "stage.0.demo.0.query")).value == "Capital of Peru?"
    assert app.session_state[field(app, "stage.0.descriptions")] == {"query": "of a capital"}


def test_what_was_typed_into_the_tables_comes_back_after_a_reload():
    app = open_app()
    set_cell(app, 1, "description", "one word")
    press(app, "lab.stage.0.demo.add")
    app.text_input(key=field(app, "stage.0.demo.0.answer")).set_value("Lima").run()
    press(app, "lab.stage.0.field.add.output")
    set_cell(app, 2, "name", "2x")
    again = open_app(draft=named(app, "draft"))
    assert table(again) == [
        ("question", "str", "input"),
        ("answer", "str", "output"),
        ("2x", "str", "output"),
    ]
    assert again.text_input(key=field(again, "stage.0.field.1.description")).value == "one word"
    assert typed(again, "stage.0.demo.0.answer") == "Lima"


@pytest.mark.fault(38)
def test_the_only_stage_can_be_renamed():
    app = open_app()
    app.text_input(key=field(app, "stage.0.name")).set_value("reply").run()
    assert errors(app) == []
    assert ended(press_run(app)).timeline.predictors == ("reply",)


@pytest.mark.fault(38)
def test_stages_can_be_put_in_another_order():
    app = open_app()
    choose_example(app, "two_stages")
    before = [typed(app, f"stage.{i}.name") for i in app.session_state["lab.stages"]]
    app.button(key="lab.stage.0.Later").click().run()
    assert [typed(app, f"stage.{i}.name") for i in app.session_state["lab.stages"]] == before[::-1]


def test_removing_a_stage_can_be_undone():
    app = open_app()
    choose_example(app, "two_stages")
    press(app, "lab.stage.0.remove")
    assert app.session_state["lab.stages"] == [1]
    button(app, "Undo").click().run()
    assert app.session_state["lab.stages"] == [0, 1]
    assert typed(app, "stage.0.name") == "extract"


def test_demos_are_read_by_type_and_shown_in_the_prompt():
    app = open_app()
    type_in(app, "stage.0.signature", "question -> answer, score: float, tags: list[str]")
    press(app, "lab.stage.0.demo.add")
    for column, value in {
        "question": "Peru?",
        "answer": "Lima",
        "score": "0.5",
        "tags": '["a", "b"]',
    }.items():
        app.text_input(key=field(app, f"stage.0.demo.0.{column}")).set_value(value).run()
    assert "Lima" in said(app)
    assert ended(press_run(app)).timeline.spec.stages[0].demos == (
        {"question": "Peru?", "answer": "Lima", "score": 0.5, "tags": ["a", "b"]},
    )


def test_a_cell_of_a_demo_that_does_not_fit_is_named_by_row_and_column():
    app = open_app()
    type_in(app, "stage.0.signature", "question -> score: float")
    for row, value in enumerate(("1.5", "high")):
        press(app, "lab.stage.0.demo.add")
        app.text_input(key=field(app, f"stage.0.demo.{row}.score")).set_value(value).run()
    assert any("Demo 2, score: write a number such as 0.5, not 'high'" in one for one in errors(app))


def test_a_demo_that_the_prompt_leaves_out_says_why():
    app = open_app()
    press(app, "lab.stage.0.demo.add")
    words = "Demo 1 is left out of the prompt until it has an input and an output"
    assert words not in said(app)
    app.text_input(key=field(app, "stage.0.demo.0.question")).set_value("Capital of Peru?").run()
    assert words in said(app)
    app.text_input(key=field(app, "stage.0.demo.0.answer")).set_value("Lima").run()
    assert words not in said(app)


DEMO = {"q": "x", "n": 3, "tags": ["a", "b"], "when": "2026-03-14", "data": {"a": 1}, "ok": True, "p": "1.50"}


def test_a_demo_comes_back_from_its_cells():
    stage = StageSpec(
        "a", "q, n: int, tags: list[str], when: date -> data: dict[str, int], ok: bool, p: Decimal"
    )
    fields = tuple(build_stage_signature(stage).fields.values())
    assert read_demos(fields, [write_demo(fields, DEMO)], "here") == ((DEMO,), [])


@pytest.mark.parametrize("text", ["", "question", "-> ", "a -> b -> c", "a, a -> b", "a: lst -> b"])
def test_text_that_is_no_signature_has_no_table(text):
    assert list_field_rows(text, {}) is None
