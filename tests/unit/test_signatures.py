"""Signatures: the string form, the class form, and what a form is told when one does not parse."""

from __future__ import annotations

from typing import Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import InputField, OutputField, Signature, SignatureError
from refine_core.signatures import Field
from refine_core.signatures.types import type_text, validate


def fields(text):
    return {name: field.type for name, field in Signature(text).fields.items()}


def test_the_string_form_reads_names_types_and_order():
    assert fields("question, context: list[str] -> answer: float, ok: bool") == {
        "question": str,
        "context": list[str],
        "answer": float,
        "ok": bool,
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dict[str, float]", dict[str, float]),
        ("Literal['a, b', '->']", Literal["a, b", "->"]),
        ("Literal[1, -2, True]", Literal[1, -2, True]),
        ("Optional[int]", Optional[int]),
        ("int | None", Optional[int]),
        ("List[Dict[str, int]]", list[dict[str, int]]),
        ("tuple[int, ...]", tuple[int, ...]),
        ("typing.Optional[str]", Optional[str]),
    ],
)
def test_types_of_the_string_form(text, kind):
    assert fields(f"a -> b: {text}")["b"] == kind


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("question answer", 16, "no '->'"),
        ("a -> b -> c", 8, "more than one"),
        ("a, a -> b", 4, "stands twice"),
        ("a -> a", 6, "stands twice"),
        ("a -> ", 5, "no output field"),
        ("a: foo -> b", 4, "unknown type 'foo'"),
        ("a -> b: list[foo]", 14, "unknown type 'foo'"),
        ("a -> b: list[", 9, "not a type"),
        ("a -> b: os.system('x')", 9, "not a type"),
        ("a -> b: __import__('os')", 9, "not a type"),
        ("a, -> b", 4, "missing here"),
        ("hint_ -> b", 1, "reserved"),
        ("a -> completed", 6, "reserved"),
        ("self -> b", 1, "reserved"),
        ("1a -> b", 1, "cannot name a field"),
        ("class -> b", 1, "cannot name a field"),
        ("a -> b: Optional", 9, "needs something in brackets"),
        ("a -> b: list[Literal]", 14, "needs something in brackets"),
        ("a -> b: dict[str]", 9, "2 must stand in the brackets"),
        ("a -> b: list[...]", 14, "is not a type"),
        ("a -> b: Literal[[1]]", 17, "cannot be a choice"),
        ("a -> b: \x00", 9, "is not a type"),
        ("a: -> b", 3, "no type after it"),
        ("", 1, "no '->'"),
    ],
)
def test_a_signature_that_does_not_parse_says_what_and_where(text, column, words):
    with pytest.raises(SignatureError) as caught:
        Signature(text)
    assert words in caught.value.message
    assert caught.value.column == column


def test_the_text_form_comes_back_as_the_same_signature():
    made = Signature("q, c: list[str] -> a: dict[str, float], k: Literal['x', 'y'], o: Optional[int]")
    assert Signature(made.text).equals(made)


def test_the_class_form_takes_types_descriptions_and_the_docstring():
    class Judge(Signature):
        """Say whether the claim holds.

        Be strict.
        """

        claim: str = InputField(desc="what is claimed")
        sure: float = OutputField(desc="0 to 1", ge=0, le=1)

    assert Judge.instructions == "Say whether the claim holds.\n\nBe strict."
    assert Judge.fields["sure"] == Field("sure", "output", float, "0 to 1", {"ge": 0, "le": 1})
    with pytest.raises(ValueError, match="less than or equal to 1"):
        validate(Judge.fields["sure"], 3)


def test_a_signature_never_changes():
    first = Signature("q -> a", "Be brief.")
    more = first.append("hint_", InputField(desc="h")).with_updated_fields("a", desc="short")
    assert list(first.fields) == ["q", "a"]
    assert list(more.fields) == ["q", "hint_", "a"]
    assert first.fields["a"].description == ""
    assert more.instructions == "Be brief."
    assert more.delete("hint_").with_updated_fields("a", desc="").equals(first)


def test_a_local_type_resolves_in_the_class_form():
    Mood = Literal["good", "bad"]

    class Feel(Signature):
        text: str = InputField()
        mood: Mood = OutputField()

    assert type_text(Feel.fields["mood"].type) == "Literal['good', 'bad']"


def test_default_instructions_name_the_fields():
    assert Signature("q -> a").instructions == "Given the fields `q`, produce the fields `a`."


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab_:,->[]()'\" |.\n1*é\x00", max_size=40))
def test_any_text_is_a_signature_or_a_clear_error(text):
    try:
        made = Signature(text)
    except SignatureError as error:
        assert error.message
    else:
        assert Signature(made.text).equals(made)


@pytest.mark.parametrize("text", ["a -> b: " + "list[" * 3000 + "int" + "]" * 3000, "a -> b: " + "(" * 900])
def test_nesting_without_end_is_refused_in_few_words(text):
    with pytest.raises(SignatureError) as caught:
        Signature(text)
    assert len(caught.value.message) < 200


def test_threads_that_parse_at_once_do_not_disturb_each_other():
    """CPython 3.11's ast.parse may raise SystemError when two threads are in it."""
    from concurrent.futures import ThreadPoolExecutor

    deep = "a -> b: " + "list[" * 40 + "int" + "]" * 40
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: Signature(f"x{i}, {deep}").text, range(400)))
    assert len(set(made)) == 400


def test_the_arrow_may_be_written_as_one_sign():
    assert Signature("question → answer").equals(Signature("question -> answer"))
