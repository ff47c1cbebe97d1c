"""Values as a form asks for them: text of every type is read and written back, and what does not fit is said in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.programs import (
    FieldRow,
    StageSpec,
    list_field_rows,
    list_form_inputs,
    read_reference_values,
    read_value,
    write_reference_values,
    write_signature,
    write_value,
)
from refine_core.programs.value_inputs import read_text, write_text

NAMES = st.sampled_from(["a", "b", "question", "short_answer", "x1"])
TYPES = ["str", "int", "list[str]", "Literal['a, b', '->']", "dict[str, list[int]]", "str | None", "date"]
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)
OF_TYPE = {
    "str": st.text(st.characters(exclude_categories=["Cs"])),
    "list[str]": st.lists(
        st.text(st.characters(exclude_categories=["Cs"]))
        | st.sampled_from(["[]", '["a"]', "[sic]", "a\nb", " "]),
        max_size=4,
    ),
    "int": st.integers(),
    "bool": st.booleans(),
    "date": st.dates().map(lambda one: one.isoformat()),
    "time": st.times().map(lambda one: one.isoformat()),
    "datetime": st.datetimes().map(lambda one: one.isoformat()),
    "Literal['a', 'b', 3]": st.sampled_from(["a", "b", 3]),
    "dict[str, int]": st.dictionaries(st.text("abc"), st.integers(-(2**53), 2**53), max_size=3),
    "Optional[list[str]]": st.none() | st.lists(st.text("ab ", min_size=1), min_size=1, max_size=3),
}


def asked(kind):
    (one,) = list_form_inputs([StageSpec("stage", f"x: {kind} -> y")])
    return one


@pytest.mark.parametrize("kind", OF_TYPE)
@given(data=st.data())
def test_a_recorded_value_comes_back_from_its_widget_and_from_text(kind, data):
    value = data.draw(OF_TYPE[kind])
    one = asked(kind)
    assert read_value(one, write_value(one, value)) == (value, None)
    if kind == "str" and not value.strip():
        return  # a cell that is empty says nothing
    assert read_text(one, write_text(one, value), "here") == (value, None)


@given(
    rows=st.lists(st.builds(FieldRow, NAMES, st.sampled_from(TYPES), st.sampled_from(["input", "output"])))
)
def test_a_table_of_fields_and_its_signature_are_one(rows):
    rows = list({one.name: one for one in rows}.values())
    rows = [FieldRow("first", "str", "input"), *rows, FieldRow("last", "str", "output")]
    sides = [one for role in ("input", "output") for one in rows if one.role == role]
    assert list_field_rows(write_signature(rows), {}) == tuple(sides)


@given(values=st.dictionaries(st.text("abcd", min_size=1), PLAIN))
def test_reference_values_come_back_from_their_table(values):
    assert read_reference_values(write_reference_values(values), ()) == (values, [])


def test_json_that_cannot_be_read_is_placed():
    _, problem = read_value(asked("dict[str, int]"), '{"a": 1,\n  "b" 2}')
    assert (problem.field, problem.line, problem.column) == ("inputs.x", 2, 7)
    assert problem.message.startswith("not valid JSON: expecting ':' delimiter")


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("date", "14 March", "write a date such as 2026-03-14, not '14 March'"),
        ("time", "late", "write a time such as 09:30, not 'late'"),
        ("datetime", "soon", "write a date and time such as 2026-03-14 09:30, not 'soon'"),
        ("Decimal", "39,90", "write a decimal number such as 39.90, not '39,90'"),
        ("list[str]", " ", "enter at least one item, one a line"),
    ],
)
def test_text_that_does_not_fit_its_type_is_told_what_would(kind, text, words):
    _, problem = read_value(asked(kind), text)
    assert problem.message == words


def test_a_list_may_be_typed_one_item_a_line_or_as_json():
    one = asked("list[str]")
    assert read_value(one, "red\ngreen\n") == (["red", "green"], None)
    assert read_value(one, '["red", "two\\nlines"]') == (["red", "two\nlines"], None)
    assert read_value(one, "[sic] as written") == (["[sic] as written"], None)
    assert read_value(one, "[]") == ([], None)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": -Infinity}', "[" * 100_000, f'{{"a": 1{"0" * 5000}}}'])
def test_json_that_no_log_can_hold_is_refused_in_words(text):
    _, problem = read_value(asked("dict[str, float]"), text)
    assert "JSON" in problem.message
    assert "looks like" in problem.message
