"""Inputs have a widget for their type; reference values and validators are tables. What is missing is not red before Run."""

import datetime
from dataclasses import replace

import pytest

from refine_core import runs
from refine_core.programs import EXAMPLES, ValidatorSpec
from refine_core.runs import Credentials
from tests.pages.test_drafts import named
from tests.pages.test_pages import (
    button,
    ended,
    errors,
    field,
    marks,
    open_app,
    press_run,
    said,
    type_in,
    typed,
)

TYPES = (
    "q, tags: list[str], n: int, x: float, p: Decimal, when: date, at: datetime, t: time, ok: bool, "
    "kind: Literal['a', 'b'], data: dict[str, int], maybe: Optional[bool] -> answer"
)
VALUES = {
    "q": "what?",
    "tags": ["red", "green"],
    "n": 3,
    "x": 0.5,
    "p": "39.90",
    "when": "2026-03-14",
    "at": "2026-03-14T09:30:00",
    "t": "09:30:00",
    "ok": True,
    "kind": "b",
    "data": {"a": 1},
    "maybe": False,
}
ONE_WORD = EXAMPLES["one_word"].spec


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def fill(app):
    """Every input, by its own widget."""
    type_in(app, "stage.0.signature", TYPES)
    for name, kind, text in (
        ("q", "text", "what?"),
        ("tags", "lines", "red\ngreen"),
        ("p", "decimal", "39.90"),
        ("data", "json", '{"a": 1}'),
    ):
        type_in(app, f"in.{name}.{kind}", text)
    app.number_input(key=field(app, "in.n.int")).set_value(3)
    app.number_input(key=field(app, "in.x.float")).set_value(0.5)
    app.checkbox(key=field(app, "in.ok.bool")).set_value(True)
    app.selectbox(key=field(app, "in.kind.choice")).set_value("b")
    app.selectbox(key=field(app, "in.maybe.choice")).set_value(False)
    app.date_input(key=field(app, "in.when.date:picked")).set_value(datetime.date(2026, 3, 14))
    app.time_input(key=field(app, "in.t.time:picked")).set_value(datetime.time(9, 30))
    app.datetime_input(key=field(app, "in.at.datetime:picked")).set_value(
        datetime.datetime.fromisoformat("2026-03-14T09:30")
    )
    app.run()
    assert not app.exception


def test_every_type_has_a_widget_and_reaches_the_run():
    app = open_app()
    fill(app)
    assert errors(app) == []
    assert ended(press_run(app)).timeline.spec.inputs == VALUES


def test_what_was_given_by_any_widget_comes_back_after_a_reload():
    app = open_app()
    fill(app)
    again = open_app(draft=named(app, "draft"))
    assert ended(press_run(again)).timeline.spec.inputs == VALUES


def test_an_old_runs_inputs_load_into_their_widgets():
    stage = replace(ONE_WORD.stages[0], signature=TYPES)
    odd = VALUES | {"tags": ["two\nlines", "b"], "at": "2026-03-14T09:30:17+01:00", "t": "09:30:17"}
    for values in (VALUES, odd):
        spec = replace(ONE_WORD, example=None, stages=(stage,), inputs=values)
        run_id = runs.start(spec, Credentials())
        runs.join(run_id, 30)
        app = open_app(run=run_id)
        assert errors(app) == []
        app.number_input(key=field(app, "N")).set_value(1).run()
        assert ended(press_run(app)).timeline.spec.inputs == values


@pytest.mark.fault(37)
def test_an_input_that_was_not_touched_is_not_red_before_run():
    app = open_app()
    type_in(app, "stage.0.signature", TYPES.replace("q,", "new,"))
    assert errors(app) == []
    button(app, "Run").click().run()
    app.run()
    assert "run" not in app.query_params
    assert any("Enter a whole number such as 3" in one for one in errors(app))
    assert sum(mark["message"].startswith("Enter dict[str, int] as JSON") for mark in marks(app)) == 1


def test_json_that_cannot_be_read_is_marked_at_its_line_and_column():
    app = open_app()
    type_in(app, "stage.0.signature", "data: dict[str, int] -> answer")
    type_in(app, "in.data.json", '{"a": 1,\n b}')
    (mark,) = [
        one for one in marks(app) if "not valid JSON" in one["message"] or "Not valid JSON" in one["message"]
    ]
    assert (mark["line"], mark["column"]) == (2, 2)


@pytest.mark.parametrize("kind", ["dspy.Image", "Image", "list[Image]", "Audio"])
def test_what_is_no_text_is_refused_in_words(kind):
    app = open_app()
    type_in(app, "stage.0.signature", f"x: {kind} -> answer")
    assert any("cannot be sent yet; use str" in one for one in errors(app))


def add_reference(app, row, name, kind, value):
    app.button(key="lab.extra.add").click().run()
    app.text_input(key=field(app, f"extra.{row}.name")).set_value(name)
    app.selectbox(key=field(app, f"extra.{row}.kind")).set_value(kind).run()
    type_in(app, f"extra.{row}.value", value)


def test_reference_values_are_text_or_json_and_come_back():
    app = open_app()
    add_reference(app, 0, "gold", "Text", "42")
    add_reference(app, 1, "limits", "JSON", '{"most": 3}')
    expected = {"question": "What is the capital of Belgium?", "gold": "42", "limits": {"most": 3}}
    run = ended(press_run(app))
    assert run.timeline.spec.inputs == expected
    assert "reference values" in said(app)
    again = open_app(run=run.run_id)
    assert typed(again, "extra.1.value") == '{"most":3}'
    again.number_input(key=field(again, "N")).set_value(1).run()
    assert ended(press_run(again)).timeline.spec.inputs == expected


@pytest.mark.parametrize(
    ("name", "kind", "value", "words"),
    [
        ("question", "Text", "x", "the program has an input question already"),
        ("", "Text", "x", "row 1 has a value but no name"),
        ("gold", "JSON", "{", "or choose Text"),
    ],
)
def test_a_reference_value_that_cannot_be_used_is_refused_in_words(name, kind, value, words):
    app = open_app()
    add_reference(app, 0, name, kind, value)
    assert any(words in one.lower() or words in one for one in errors(app))


def add_validator(app, row, name, check, message):
    app.button(key="lab.validators.add").click().run()
    app.text_input(key=field(app, f"validators.{row}.name")).set_value(name)
    app.text_input(key=field(app, f"validators.{row}.message")).set_value(message).run()
    type_in(app, f"validators.{row}.check", check)


def test_a_validator_is_typed_run_and_loaded_again():
    app = open_app()
    app.button(key="lab.validators.add").click().run()
    assert errors(app) == [], "a row in which nothing was typed is no validator yet"
    add_validator(app, 1, "never", "False", "There is nothing to be done.")
    run = ended(press_run(app))
    assert run.timeline.spec.validators == (ValidatorSpec("never", "False", "There is nothing to be done."),)
    assert "rule not met" in said(app)
    assert "1 validator" in said(app)
    assert typed(open_app(run=run.run_id), "validators.0.check") == "False"


def test_a_check_that_names_no_field_is_marked_and_not_run_unasked():
    app = open_app()
    add_validator(app, 0, "short", "len(pred.anser) < 3", "Be brief.")
    assert any("pred has no field 'anser'" in one for one in errors(app))
    button(app, "Run").click().run()
    assert "run" not in app.query_params
    assert any("the check of validator 1 would fail" in one for one in errors(app))


def test_the_head_of_the_page_names_each_field_with_problems_once():
    app = open_app()
    type_in(app, "stage.0.signature", "a: int, b: int, c: date, d: date, data: dict[str, int] -> answer")
    assert "Fill in first: inputs a, b, c, 2 more" in said(app)
    type_in(app, "in.data.json", "{")
    add_validator(app, 0, "", "len(", "")
    words = said(app)
    assert "Fix 2 problems in the form: input data, validators" in words
    assert words.count("Validators: ") == 1
    assert "SyntaxError: '(' was never closed" in words
    assert "a: enter a whole number such as 3 · b: enter" in words


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("noise, taste", True),
        ("noise\ntaste", False),
        ("noise", False),
        ("The pump, which is loud, was sent back", False),
        ("noise,", False),
    ],
)
def test_a_list_on_one_line_is_said_to_be_one_item(text, is_told):
    app = open_app()
    type_in(app, "stage.0.signature", "tags: list[str] -> answer")
    type_in(app, "in.tags.lines", text)
    assert ("This is one item." in said(app)) == is_told


@pytest.mark.parametrize(
    ("signature", "text", "is_told"),
    [
        ("q -> answer", "", True),
        ("q -> answer", "  ", True),
        ("q -> answer", "what?", False),
        ("q: Optional[str] -> answer", "", False),
    ],
)
def test_the_form_notes_that_a_text_is_empty_and_calls_it_no_error(signature, text, is_told):
    app = open_app()
    type_in(app, "stage.0.signature", signature)
    type_in(app, "in.q.text", text)
    assert ("Empty: the model will get no text here." in said(app)) == is_told
    assert errors(app) == []
    assert marks(app) == []


@pytest.mark.parametrize("table", ["extra", "validators"])
def test_ctrl_enter_runs_from_a_text_behind_more(table):
    app = open_app()
    column, text = ("value", "Paris") if table == "extra" else ("check", "True")
    app.button(key=f"lab.{table}.add").click().run()
    key = field(app, f"{table}.0.{column}")
    app.session_state[f"{key}:text"] = {"draft": {"code": text, "rev": 0}, "run": {"at": 1}}
    app.run()
    assert not app.exception
    assert "Not started" in said(app) or "run" in app.query_params, "a row without its name is refused, aloud"
