"""The chat format: what a prompt says, and what of a reply is understood."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import ChatAdapter, ParseError, Predict, ScriptedLM, Signature, SignatureError, context
from refine_core.adapters import Adapter, JSONAdapter
from tests.rich import RICH, Color, Part, rich_values

VALUES = rich_values(in_chat=True)
adapter = ChatAdapter()
QA = Signature("question, context: list[str] -> answer, score: float", "Answer.\nBe brief.")


def reply(**sections):
    return (
        "\n\n".join(f"[[ ## {name} ## ]]\n{text}" for name, text in sections.items())
        + "\n\n[[ ## completed ## ]]"
    )


def test_the_system_message_lists_fields_structure_and_objective_in_this_order():
    text = adapter.format(QA, [], {})[0]["content"]
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
    [([], "N/A"), (["a", "b"], "[1] «a»\n[2] «b»"), (["a\nb"], "«««\n    a\n    b\n»»»")],
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


def test_the_rest_of_a_markers_line_belongs_to_it_and_indentation_is_allowed():
    assert adapter.parse(Signature("q -> a, b"), "   [[ ## a ## ]] one\nmore\n\t[[ ## b ## ]] two") == {
        "a": "one\nmore",
        "b": "two",
    }


@pytest.mark.parametrize(
    "text",
    [
        "**[[ ## a ## ]]**\none\n\n**[[ ## b ## ]]** two",
        "`[[ ## a ## ]]`\none\n`[[ ## b ## ]]`\ntwo",
        "### [[ ## a ## ]]\none\n## **[[ ## b ## ]]**\ntwo",
        "Sure.\r\n[[ ## a ## ]]\r\none\r\n\r\n[[ ## b ## ]]\r\ntwo\r\n[[ ## completed ## ]]\r\n",
        "[[ ## b ## ]]\ntwo\n[[ ## zzz ## ]]\n[[ ## a ## ]]\none\n[[ ## b ## ]]\nagain",
        "[[ ## a ## ]] one\n[[ ## b ## ]] two [[ ## completed ## ]]",
        "[[ ## completed ## ]]\n\u00a0 [[ ## a ## ]]\none\n[[ ## b ## ]]\ntwo",
    ],
)
def test_markers_are_found_as_models_write_them(text):
    assert adapter.parse(Signature("q -> a, b"), text) == {"a": "one", "b": "two"}


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_may_end_as_on_any_system(end):
    text = end.join(["[[ ## a ## ]]", "one", "more", "[[ ## b ## ]]", "two", "[[ ## completed ## ]]", ""])
    assert adapter.parse(Signature("q -> a, b"), text) == {"a": "one\nmore", "b": "two"}


@pytest.mark.parametrize(
    "text", ["see [[ ## b ## ]] below", "x" * 300 + " [[ ## b ## ]]", "*[[ ## b ## ]] two"]
)
def test_a_marker_inside_a_line_is_part_of_the_text(text):
    assert adapter.parse(Signature("q -> a"), f"[[ ## a ## ]]\n{text}") == {"a": text}


def test_an_unread_reply_says_what_was_missing_what_was_found_and_how_it_began():
    long = "[[ ## a ## ]]\n" + "x" * 5000
    with pytest.raises(ParseError) as caught:
        adapter.parse(Signature("q -> a, b, c"), long)
    assert (caught.value.missing, caught.value.reply) == (("b", "c"), long)
    words = str(caught.value)
    assert "q -> a, b, c: no fields 'b', 'c', found 'a'; expected a line '[[ ## b ## ]]'" in words
    assert "(5014 characters)" in words
    assert len(words) < 500
    with pytest.raises(ParseError, match=r"found none; .*; the reply was empty"):
        adapter.parse(QA, " \n")


def test_every_wrong_value_is_told_at_once():
    with pytest.raises(
        ParseError, match=r"field 'a': .* not 'x'; field 'b': must be one of 'p', 'q', not 'r'"
    ):
        adapter.parse(Signature("q -> a: int, b: Literal['p', 'q']"), reply(a="x", b="r"))


@pytest.mark.parametrize(
    ("made", "text", "value"),
    [
        ("Color", "blue", Color.SKY),
        ("Color", "SKY", Color.SKY),
        ("Optional[Color]", "'red'", Color.RED),
        ("Optional[Color]", "None", None),
        ("Optional[Literal['a', 'b']]", "`a`", "a"),
        ("Literal['a', 1]", "Literal['a']", "a"),
        ("Literal['a', 1]", "1", 1),
        ("Union[int, str]", "5", 5),
        ("Union[int, str]", "five [5]", "five [5]"),
        ("Union[Part, str]", "```json\n{'name': 'x'}\n```", Part(name="x")),
        ("Part", 'Here it is: {"name": "x", "count": "3",}', Part(name="x", count=3)),
        ("tuple[int, str]", "(1, 'a')", (1, "a")),
        ("Any", "just text", "just text"),
        ("Any", "[1, null]", [1, None]),
        ("Decimal", "1.10", Decimal("1.10")),
        ("datetime.date", "2024-05-06", datetime.date(2024, 5, 6)),
        ("list[Part]", '[{"name": "x"}]', [Part(name="x")]),
    ],
)
def test_richer_types_are_read_too(made, text, value):
    read = adapter.parse(Signature(f"q -> a: {made}"), reply(a=text))["a"]
    assert read == value
    assert type(read) is type(value)


def test_scalars_are_written_as_python_writes_them_and_containers_as_json():
    made = Signature("a, b, c, d: Part, e: dict[str, Color] -> x")
    values = {"a": True, "b": None, "c": Color.SKY, "d": Part(name="é/"), "e": {"k": Color.RED}}
    assert adapter.format_user_message_content(made, values) == (
        "[[ ## a ## ]]\nTrue\n\n[[ ## b ## ]]\nNone\n\n[[ ## c ## ]]\nblue\n\n"
        '[[ ## d ## ]]\n{"name":"é/","count":1}\n\n[[ ## e ## ]]\n{"k":"red"}'
    )


def test_what_json_cannot_say_becomes_text():
    loop: list[object] = []
    loop.append(loop)
    made = Signature("a: list -> x")
    for value in ([object()], [float("nan")], ["\ud800"], loop, [b"\xff"], [10**40]):
        assert adapter.format_user_message_content(made, {"a": value}).startswith("[[ ## a ## ]]\n[")


def test_a_demo_without_a_value_is_incomplete_unless_none_is_a_value():
    messages = adapter.format(Signature("q -> a: Optional[int]"), [{"q": "x", "a": None}], {"q": "y"})
    assert messages[1]["content"] == "[[ ## q ## ]]\nx"
    messages = adapter.format(Signature("q -> a: int"), [{"q": "x", "a": None}], {"q": "y"})
    assert "some of its fields are not supplied" in messages[1]["content"]


def test_an_output_that_no_schema_describes_is_refused_by_name():
    class Odd: ...

    with pytest.raises(SignatureError, match="Odd has no JSON schema"):
        adapter.format(Signature("q -> a: Odd"), [], {"q": "x"})


def test_the_chat_adapter_falls_back_to_json_unless_told_not_to():
    assert isinstance(ChatAdapter().fallback, JSONAdapter)
    assert ChatAdapter(use_json_fallback=False).fallback is None
    assert ChatAdapter().params(QA, lambda _: True) == {}


def test_a_user_writes_an_adapter_of_two_methods():
    class Shout(Adapter):
        def format(self, signature, demos, inputs):
            return [{"role": "user", "content": "! ".join(map(str, inputs.values()))}]

        def parse(self, signature, reply):
            return dict.fromkeys(signature.output_fields, reply.upper())

    mine = Shout()
    assert (mine.fallback, mine.callbacks, mine.params(QA, lambda _: True)) == (None, [], {})
    with context(lm=ScriptedLM(["hello"]), adapter=mine):
        assert Predict("q -> a")(q="x").a == "HELLO"


@given(values=VALUES)
def test_what_a_demo_says_is_what_parsing_reads(values):
    assert adapter.parse(RICH, adapter.format_assistant_message_content(RICH, values)) == values


@given(text=st.text(alphabet='[]# ab*`_\n\r\t\u2028{}"1:,', max_size=60))
def test_any_reply_is_read_or_refused(text):
    signature = Signature("q -> a, b: list[int]")
    for one in (text, f"[[ ## a ## ]]{text}[[ ## b ## ]]\n[1]", f"[[ ## a ## ]]\nx\n[[ ## b ## ]]{text}"):
        try:
            made = adapter.parse(signature, one)
        except ParseError as error:
            assert error.missing or error.invalid
        else:
            assert list(made) == ["a", "b"]


def test_types_are_written_as_people_write_them():
    from refine_core.signatures.types import format_type

    assert format_type(Optional[Literal["a"]]) == "Optional[Literal['a']]"
    assert format_type(dict[str, list[int]]) == "dict[str, list[int]]"
