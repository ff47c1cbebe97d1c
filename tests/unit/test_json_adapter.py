"""The JSON format: what a prompt says, and what of a reply is understood."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import ChatAdapter, ParseError, PracticeLM, Signature
from refine_core.adapters import JSONAdapter
from tests.rich import RICH, Color, Part, rich_values

adapter = JSONAdapter()
QA = Signature("question, context: list[str] -> answer, score: float", "Answer.\nBe brief.")


def test_the_system_message_lists_fields_structure_and_objective_in_this_order():
    text = adapter.format(QA, [], {})[0]["content"]
    order = [
        "1. `question` (str)",
        "2. `context` (list[str])",
        "1. `answer` (str)",
        "2. `score` (float)",
        "[[ ## question ## ]]\n{question}",
        "[[ ## context ## ]]\n{context}",
        '{\n  "answer": "{answer}",\n  "score": "{score}        # this value is one single float"\n}',
        "\n        Answer.\n        Be brief.",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "completed" not in text


def test_the_user_message_holds_every_input_and_names_every_output():
    text = adapter.format(QA, [], {"question": "What?", "context": ["é"]})[-1]["content"]
    assert text.startswith('[[ ## question ## ]]\nWhat?\n\n[[ ## context ## ]]\n["é"]\n\n')
    assert text.endswith("`answer`, then `score` (a valid Python float).")
    assert "[[ ## answer" not in text


def test_demos_are_answered_in_json_and_the_incomplete_ones_come_first():
    demos = [
        {"question": "q", "context": [], "answer": "é", "score": 1.0},
        {"question": "half", "answer": "b"},
    ]
    messages = adapter.format(QA, demos, {"question": "real", "context": []})
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(messages[2]["content"]) == {"answer": "b", "score": "Not supplied for this example."}
    assert messages[4]["content"] == '{\n  "answer": "é",\n  "score": 1.0\n}'


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "b": 2, "extra": {"a": 1}} {"a": "later", "b": 3}',
        'Sure:\n```json\n{"b": "2", "a": "x",}\n```',
        "{'a': 'x', 'b': 2.0}",
        '{"a": "x", "b": 2',
        'Here {in short} it is: {"a": "x", "b": 2}',
        '{"thoughts": "…"}\n{"a": "x", "b": 2}',
        '[{"a": "x", "b": 2}]',
        '{"a": "x",\r\n // said\r\n "b": 2}',
    ],
)
def test_the_object_is_found_and_repaired_and_extra_keys_are_ignored(text):
    assert adapter.parse(Signature("q -> a, b: int"), text) == {"a": "x", "b": 2}


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("str", "a } b { c\nd", "a } b { c\nd"),
        ("str", 3, "3"),
        ("str", True, "True"),
        ("str", {"k": [1]}, '{\n  "k": [\n    1\n  ]\n}'),
        ("int", "3.0", 3),
        ("bool", "no", False),
        ("list[str]", '["a"]', ["a"]),
        ("Optional[str]", None, None),
        ("Optional[str]", "none", "none"),
        ("Optional[int]", "null", None),
        ("Color", "blue", Color.SKY),
        ("Color", "RED", Color.RED),
        ("Literal[1, 2]", 2, 2),
        ("Part", {"name": "x"}, Part(name="x")),
        ("list[Part]", [{"name": "x", "count": "2"}], [Part(name="x", count=2)]),
    ],
)
def test_values_are_read_as_their_types(kind, data, value):
    assert adapter.parse(Signature(f"q -> a: {kind}"), json.dumps({"a": data})) == {"a": value}


@pytest.mark.parametrize(
    ("kind", "data"), [("str", None), ("int", "many"), ("int", [1]), ("Literal[1]", True), ("Part", {"n": 1})]
)
def test_a_value_of_the_wrong_type_names_the_field(kind, data):
    with pytest.raises(ParseError) as caught:
        adapter.parse(Signature(f"q -> a: {kind}"), json.dumps({"a": data}))
    assert set(caught.value.invalid) == {"a"}


def test_an_unread_reply_says_what_was_missing_what_was_found_and_how_it_began():
    with pytest.raises(ParseError) as caught:
        adapter.parse(Signature("q -> a, b"), '{"a": 1, "z": ' + "9" * 5000 + "}")
    assert caught.value.missing == ("b",)
    words = str(caught.value)
    assert "no field 'b', found 'a', 'z'; expected a JSON object with the key 'b'" in words
    assert len(words) < 500


@pytest.mark.parametrize("text", ["", "no object", "[1, 2]", "{", "}{", "{" * 5000, '{"a":' * 5000, "null"])
def test_what_holds_no_object_is_refused(text):
    with pytest.raises(ParseError) as caught:
        adapter.parse(Signature("q -> a"), text)
    assert caught.value.missing == ("a",)


def test_a_model_is_asked_for_an_object_where_it_knows_the_wish():
    assert adapter.params(QA, lambda name: name == "response_format") == {
        "response_format": {"type": "json_object"}
    }
    assert adapter.params(QA, lambda _: False) == {}
    assert adapter.fallback is None


def test_the_practice_model_understands_the_prompt():
    wish = Signature(
        "text, part: Part -> mood: Literal['good', 'bad'], score: float, tags: list[str], color: Color"
    )
    prompt = adapter.format(wish, [], {"text": "a lovely day", "part": Part(name="x")})
    made = adapter.parse(wish, PracticeLM().complete(prompt, {}).text)
    assert made["mood"] in ("good", "bad")
    assert isinstance(made["color"], Color)


@given(values=rich_values(in_chat=False))
def test_what_a_demo_says_is_what_parsing_reads(values):
    said = adapter.format_assistant_message_content(RICH, values)
    assert list(json.loads(said)) == list(RICH.output_fields)
    assert adapter.parse(RICH, f"Here: {said} That is all {{}}.") == values


@given(text=st.text(alphabet='{}[]"ab:, \n\\1', max_size=60))
def test_any_reply_is_read_or_refused(text):
    for one in (text, '{"a": "x", "b": [1]' + text, '{"a": ' + text + ', "b": [1]}'):
        try:
            made = adapter.parse(Signature("q -> a, b: list[int]"), one)
        except ParseError as error:
            assert error.missing or error.invalid
        else:
            assert list(made) == ["a", "b"]


def test_both_formats_describe_fields_and_inputs_alike():
    inputs = {"question": "q", "context": ["c"]}
    chat, plain = (one.format(QA, [], inputs) for one in (ChatAdapter(), adapter))
    assert chat[0]["content"].split("\nEvery")[0] == plain[0]["content"].split("\nEvery")[0]
    assert chat[1]["content"].split("\n\nReply")[0] == plain[1]["content"].split("\n\nReply")[0]


@pytest.mark.parametrize("reply", ['{"' * 4000, "{" * 100_000, "[" * 100_000, '[{"a": ' * 3000])
def test_a_reply_that_only_opens_brackets_is_refused_at_once(reply):
    start_s = time.process_time()
    for text in (reply, f"[[ ## a ## ]]\n{reply}"):
        for adapter in (JSONAdapter(), ChatAdapter()):
            with pytest.raises(ParseError):
                adapter.parse(Signature("q -> a: list[int]"), text)
    assert time.process_time() - start_s < 10


def test_a_text_on_which_the_repair_itself_fails_is_an_unusable_reply():
    """json-repair has assertions that some texts fail; the fence within a key is one."""
    with pytest.raises(ParseError):
        adapter.parse(QA, "{'```json[```")
