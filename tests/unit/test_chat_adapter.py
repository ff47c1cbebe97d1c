"""The chat format: what a prompt says, and what of a reply is understood."""

from __future__ import annotations

from typing import Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import ChatAdapter, ParseError, Signature

adapter = ChatAdapter()
QA = Signature("question, context: list[str] -> answer, score: float", "Answer.\nBe brief.")


def reply(**sections):
    return (
        "\n\n".join(f"[[ ## {name} ## ]]\n{text}" for name, text in sections.items())
        + "\n\n[[ ## completed ## ]]"
    )


def test_the_system_message_lists_fields_structure_and_objective_in_this_order():
    text = adapter.system(QA)
    order = [
        "1. `question` (str)",
        "2. `context` (list[str])",
        "1. `answer` (str)",
        "2. `score` (float)",
        "[[ ## question ## ]]\n{question}",
        "[[ ## context ## ]]\n{context}",
        "[[ ## answer ## ]]\n{answer}",
        "[[ ## score ## ]]\n{score}",
        "[[ ## completed ## ]]",
        "\n        Answer.\n        Be brief.",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_the_user_message_holds_every_input_and_asks_for_every_output():
    messages = adapter.format(QA, [], {"question": "What?", "context": ["é", "b"]})
    assert [m["role"] for m in messages] == ["system", "user"]
    text = messages[-1]["content"]
    assert text.startswith('[[ ## question ## ]]\nWhat?\n\n[[ ## context ## ]]\n["é","b"]')
    assert "`[[ ## answer ## ]]`, then `[[ ## score ## ]]` (a valid Python float)" in text
    assert text.endswith("`[[ ## completed ## ]]`.")


@pytest.mark.parametrize(
    ("value", "text"),
    [([], "N/A"), (["a", "b"], "[1] «a»\n[2] «b»"), (["a\nb"], "[1] «««\n    a\n    b\n»»»")],
)
def test_a_list_in_a_text_field_is_numbered(value, text):
    assert adapter.format(Signature("x -> y"), [], {"x": value})[-1]["content"].startswith(
        f"[[ ## x ## ]]\n{text}\n"
    )


def test_demos_become_turns_with_the_incomplete_ones_first():
    demos = [
        {"question": "q", "context": [], "answer": "a", "score": 1.0},
        {"question": "half", "answer": "b"},
    ]
    messages = adapter.format(QA, demos, {"question": "real", "context": []})
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "half" in messages[1]["content"]
    assert "some of its fields are not supplied" in messages[1]["content"]
    assert "Not supplied" in messages[2]["content"]
    assert (
        messages[4]["content"] == "[[ ## answer ## ]]\na\n\n[[ ## score ## ]]\n1.0\n\n[[ ## completed ## ]]"
    )


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "3.0", 3),
        ("float", "0.5", 0.5),
        ("bool", "no", False),
        ("bool", "True", True),
        ("list[str]", '```json\n["a", "b"]\n```', ["a", "b"]),
        ("list[str]", "['a', 'b',]", ["a", "b"]),
        ("dict[str, float]", '{"x": 1}', {"x": 1.0}),
        ("Literal['a', 'b']", "'b'", "b"),
        ("Optional[int]", "None", None),
        ("Optional[int]", "4", 4),
        ("str", "  two\nlines ", "two\nlines"),
    ],
)
def test_values_are_read_as_their_types(kind, text, value):
    assert adapter.parse(Signature(f"q -> a: {kind}"), reply(a=text)) == {"a": value}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "many"),
        ("float", ""),
        ("Literal['a', 'b']", "c"),
        ("dict[str, float]", "[1]"),
        ("bool", "perhaps"),
    ],
)
def test_a_value_of_the_wrong_type_names_the_field_and_what_came(kind, text):
    with pytest.raises(ParseError) as caught:
        adapter.parse(Signature(f"q -> a: {kind}"), reply(a=text))
    assert set(caught.value.invalid) == {"a"}


def test_a_missing_output_names_the_field_and_shows_the_reply():
    with pytest.raises(ParseError) as caught:
        adapter.parse(QA, reply(answer="x"))
    assert caught.value.missing == ("score",)
    assert "[[ ## score ## ]]" in str(caught.value)


def test_the_first_section_of_a_name_wins_and_unknown_ones_are_ignored():
    text = "[[ ## a ## ]]\none\n[[ ## zzz ## ]]\nx\n[[ ## a ## ]]\ntwo\n[[ ## completed ## ]]"
    assert adapter.parse(Signature("q -> a"), text) == {"a": "one"}


def test_the_rest_of_a_markers_line_belongs_to_it_and_an_indented_marker_counts():
    assert adapter.parse(Signature("q -> a, b"), "   [[ ## a ## ]] one\nmore\n\t[[ ## b ## ]] two") == {
        "a": "one\nmore",
        "b": "two",
    }


@given(st.text().map(str.strip).filter(lambda t: "[[ ##" not in t and t == "\n".join(t.splitlines())))
def test_what_a_demo_says_is_what_parsing_reads(text):
    signature = Signature("q -> a")
    assert adapter.parse(signature, adapter.reply(signature, {"a": text})) == {"a": text}


def test_types_are_written_as_people_write_them():
    from refine_core.signatures.types import type_text

    assert type_text(Optional[Literal["a"]]) == "Optional[Literal['a']]"
    assert type_text(dict[str, list[int]]) == "dict[str, list[int]]"
