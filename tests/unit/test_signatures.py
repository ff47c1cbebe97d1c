"""Signatures: the string form, the class form, and what a form is told when one does not parse."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import subprocess
import sys
import textwrap
from typing import Annotated, ClassVar, Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic import Field as Field_

from refine_core import ChatAdapter, InputError, InputField, OutputField, Predict, Signature, SignatureError
from refine_core.errors import ProgramError
from refine_core.refine.build import build_stage_signature
from refine_core.signatures import Field, check_inputs, infer_prefix, make_signature
from refine_core.signatures.types import format_type, validate
from refine_core.spec import StageSpec


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Part(BaseModel):
    name: str
    count: int = 1


class Doc(BaseModel):
    title: str
    parts: list[Part] = []

    class Page(BaseModel):
        number: int


@dataclasses.dataclass
class Point:
    x: int
    y: float


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
        ("a -> keep bool", 6, "a colon is missing: write keep: bool"),
        ("a -> b, tags list[str]", 9, "a colon is missing: write tags: list[str]"),
        ("a -> keep it", 6, "cannot name a field"),
        ("a: lst[str] -> b", 4, "unknown type 'lst'; did you mean list?"),
        ("a: String -> b", 4, "unknown type 'String'; did you mean str?"),
        ("a: Boolean -> b", 4, "unknown type 'Boolean'; did you mean bool?"),
        ("a: literal['x'] -> b", 4, "unknown type 'literal'; did you mean Literal?"),
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
    Tone = Literal["good", "bad"]

    class Feel(Signature):
        text: str = InputField()
        mood: Tone = OutputField()

    assert format_type(Feel.fields["mood"].type) == "Literal['good', 'bad']"


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


# Custom types


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Doc", Doc),
        ("list[Doc]", list[Doc]),
        ("Optional[dict[str, Mood]]", Optional[dict[str, Mood]]),
        ("Doc.Page | None", Optional[Doc.Page]),
        ("datetime.date", datetime.date),
        ("typing.List[Point]", list[Point]),
        ("'Doc'", Doc),
        ("bytes", bytes),
    ],
)
def test_a_type_may_be_any_class_that_the_calling_code_can_see(text, kind):
    assert Signature(f"a: {text} -> b").fields["a"].type == kind
    assert Predict(f"a: {text} -> b").signature.fields["a"].type == kind


def test_only_the_direct_callers_names_are_seen():
    class Local(BaseModel):
        a: int

    def helper(text, **custom):
        return make_signature(text, custom_types=custom)

    with pytest.raises(SignatureError, match="unknown type 'Local'"):
        helper("x -> y: list[Local]")
    assert helper("x -> y: list[Local]", Local=Local).fields["y"].type == list[Local]
    assert make_signature("x -> y: list[Local]").fields["y"].type == list[Local]


def test_custom_types_win_over_the_callers_names_and_these_over_the_built_in():
    class Doc(BaseModel):
        a: int

    class date(BaseModel):  # noqa: N801 - it shadows the built-in one
        b: int

    fields = make_signature("x: Doc, y: date -> z", custom_types={"Doc": Part}).fields
    assert (fields["x"].type, fields["y"].type) == (Part, date)


def test_a_caller_that_has_a_module_of_the_name_means_the_type():
    import datetime  # noqa: F401
    import time  # noqa: F401

    fields = make_signature("a: datetime, b: time, c: datetime.date -> d").fields
    assert [fields[n].type.__name__ for n in "abc"] == ["datetime", "time", "date"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("date", "2026-11-29"),
        ("datetime", "2026-11-29T10:00:00"),
        ("time", "10:00"),
        ("Decimal", "1.50"),
        ("list[date]", '["2026-11-29"]'),
        ("datetime.date", "2026-11-29"),
        ("Optional[decimal.Decimal]", "1.50"),
    ],
)
def test_a_typed_signature_knows_dates_times_and_decimals(text, value):
    """Typed: read from a description, as the app's form gives it, and not in anybody's code."""
    made = build_stage_signature(StageSpec("one", f"q -> a: {text}"))
    assert format_type(made.fields["a"].type) == text.replace("datetime.date", "date").replace("decimal.", "")
    adapter = ChatAdapter()
    read = adapter.parse(made, f"[[ ## a ## ]]\n{value}")["a"]
    assert adapter.parse(made, adapter.format_assistant_message_content(made, {"a": read}))["a"] == read
    assert not isinstance(read, str)


def test_custom_types_are_given_by_name_and_come_first():
    made = Signature("a: Thing -> b: list[Doc]", custom_types={"Thing": Point, "Doc": Part})
    assert (made.fields["a"].type, made.fields["b"].type) == (Point, list[Part])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sys", "not a type, but a module"),
        ("sys.path", "not a type, but a list"),
        ("Dox", "unknown type 'Dox'"),
    ],
)
def test_what_is_visible_but_no_type_is_refused(text, words):
    with pytest.raises(SignatureError, match=words):
        Signature(f"a: {text} -> b")


def test_a_text_typed_into_a_form_cannot_name_classes_of_this_process():
    with pytest.raises(SignatureError, match="unknown type 'Doc'"):
        build_stage_signature(StageSpec(name="s", signature="a: Doc -> b"))


# The class form


def test_a_type_may_be_named_before_it_exists():
    class Early(Signature):
        late: Late = InputField(desc="l")
        answer: str = OutputField()

    with pytest.raises(SignatureError, match="Early: the type of field 'late' is unknown: name 'Late'"):
        _ = Early.fields
    assert Early.signature == "late -> answer"

    class Late(BaseModel):
        a: int

    assert Early.fields["late"].type is Late
    assert check_inputs(Early, {"late": {"a": "3"}}) == {"late": Late(a=3)}


def test_a_class_takes_over_its_base_and_may_hold_what_is_no_field():
    class Base(Signature):
        """Say it."""

        q = InputField()
        a: int = OutputField()

    class More(Base):
        LIMIT: ClassVar[int] = 3
        _note: str = "x"
        b: float = OutputField()

    assert More.text == "q -> a: int, b: float"
    assert (More.instructions, More.LIMIT) == ("Say it.", 3)


def test_an_annotated_name_that_is_no_field_is_refused():
    with pytest.raises(SignatureError, match="'a' must be declared with InputField"):

        class Stray(Signature):
            q: str = InputField()
            a: str


def test_a_signature_class_is_never_called():
    with pytest.raises(TypeError, match="never called"):
        Signature("q -> a").with_instructions("x")(q="?")


# Changing, which makes another


def test_fields_are_put_where_they_are_wanted_and_the_objective_stays():
    made = Signature("a, b -> y")
    assert made.prepend("z", InputField()).signature == "z, a, b -> y"
    assert made.append("z", OutputField(), int).text == "a, b -> y, z: int"
    assert made.insert(1, "z", InputField()).signature == "a, z, b -> y"
    assert made.insert(-2, "z", InputField()).signature == "a, z, b -> y"
    assert made.append("z", InputField()).instructions == made.instructions
    assert made.insert(0, "y2", made.fields["y"]).fields["y2"].type is str


@pytest.mark.parametrize("index", [3, -4, 99])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(ValueError, match="has 2 input fields"):
        Signature("a, b -> y").insert(index, "z", InputField())


def test_what_is_not_there_cannot_be_deleted_or_updated():
    with pytest.raises(ValueError, match="no field 'z'"):
        Signature("a -> y").delete("z")
    with pytest.raises(KeyError, match="no field 'z'"):
        Signature("a -> y").with_updated_fields("z", desc="d")


def test_a_field_is_updated_in_type_description_prefix_and_bounds():
    made = Signature("a -> y: int").with_updated_fields("y", float, desc="d", prefix="P:", ge=0)
    assert made.fields["y"] == Field("y", "output", float, "d", {"ge": 0}, "P:")
    assert made.with_updated_fields("y", le=1).fields["y"].constraints == {"ge": 0, "le": 1}


def test_a_signature_is_equal_to_what_says_the_same_and_itself_a_key():
    one, two = Signature("q -> a: int", "Do."), Signature("q -> a: int", "Do.")
    assert one.equals(two)
    assert one != two  # a cache by signature never compares contents
    assert {one: 1}[one] == 1
    others = [
        "Do it.",
        one.append("b", OutputField()),
        Signature("q -> a", "Do."),
        one.prepend("p", InputField()),
    ]
    assert not any(one.equals(other) for other in others)
    assert not one.equals(one.with_updated_fields("a", desc="d"))
    assert not Signature("p, q -> a").equals(Signature("q, p -> a", Signature("p, q -> a").instructions))


def test_the_fields_that_are_handed_out_are_a_copy():
    made = Signature("q -> a")
    made.fields.clear()
    made.input_fields.clear()
    assert made.signature == "q -> a"


def test_a_signature_is_made_of_a_mapping():
    first = Signature("q -> a: int", "Do.")
    made = Signature({"a": (float, OutputField(desc="d")), "q": InputField(), "p": first.fields["q"]}, "Do.")
    assert made.text == "q, p -> a: float"
    assert Signature(first.fields, first.instructions).equals(first)
    assert (
        make_signature({"q": (list[Doc], InputField()), "a": OutputField()}, signature_name="Mine").__name__
        == "Mine"
    )
    for wrong in ({"q": str}, {"q": ("x", InputField())}, {1: InputField()}, {"1q": InputField()}, 7):
        with pytest.raises(SignatureError):
            Signature(wrong)


# Keywords of fields


def test_what_dspy_takes_is_taken():
    field = OutputField(
        description="what",
        prefix="Ans:",
        format=str,
        parser=int,
        default=3,
        examples=[1],
        strict=True,
        title="t",
    ).with_name("a", int)
    assert (field.description, field.prefix, field.annotation) == ("what", "Ans:", int)
    assert field.json_schema_extra == {
        "desc": "what",
        "prefix": "Ans:",
        "format": str,
        "parser": int,
        "__dspy_field_type": "output",
    }
    plain = Signature("long_question -> a").fields["long_question"].json_schema_extra
    assert (plain["desc"], plain["prefix"]) == ("${long_question}", "Long Question:")
    assert "greater than or equal to: 0" in OutputField(ge=0).json_schema_extra["constraints"]


def test_an_unknown_keyword_is_kept_with_a_warning():
    with pytest.warns(UserWarning, match="no 'dsec'"):
        assert InputField(dsec="x").extra == {"dsec": "x"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("question", "Question"),
        ("short_answer", "Short Answer"),
        ("camelCaseText", "Camel Case Text"),
        ("text2number", "Text 2 Number"),
        ("HTMLParser", "HTML Parser"),
    ],
)
def test_a_prefix_is_the_name_in_words(name, words):
    assert infer_prefix(name) == words


# State


def test_a_state_has_the_shape_of_dspys_and_comes_back_as_the_same_signature():
    made = Signature("q -> long_answer", "Do.").with_updated_fields("q", desc="asked", prefix="Q =")
    assert made.dump_state() == {
        "instructions": "Do.",
        "fields": [
            {"prefix": "Q =", "description": "asked"},
            {"prefix": "Long Answer:", "description": "${long_answer}"},
        ],
    }
    bare = Signature("q -> long_answer")
    loaded = bare.load_state(made.dump_state())
    assert loaded.equals(made)
    assert (bare.instructions, bare.fields["q"].description) != ("Do.", "asked")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "must be a mapping"),
        ({}, "'instructions' must be text, not missing"),
        ({"instructions": 3, "fields": []}, "'instructions' must be text, not int"),
        ({"instructions": "x"}, "'fields' must be a list, not missing"),
        ({"instructions": "x", "fields": "ab"}, "'fields' must be a list, not str"),
        ({"instructions": "x", "fields": []}, "0 fields, but signature 'q -> a' has 2"),
        ({"instructions": "x", "fields": [1, 2]}, "field 'q' must be a mapping"),
        ({"instructions": "x", "fields": [{"prefix": "Q:"}] * 2}, "field 'q': 'description' must be text"),
    ],
)
def test_a_state_of_the_wrong_shape_says_what_does_not_fit(state, words):
    with pytest.raises(ProgramError, match=words):
        Signature("q -> a").load_state(state)


def test_a_signature_made_in_one_process_is_read_in_another(tmp_path):
    """What is made from text has no name to import it by, so cloudpickle writes its content."""
    cloudpickle = pytest.importorskip("cloudpickle")
    path = tmp_path / "signature.pkl"
    path.write_bytes(cloudpickle.dumps(Signature("q, c: list[str] -> a: float", "Do.")))
    code = f"""
    import pickle
    made = pickle.load(open({str(path)!r}, "rb"))
    print(made, made.instructions, made.append("b", made.fields["q"]).signature)
    """
    said = subprocess.check_output([sys.executable, "-c", textwrap.dedent(code)], text=True)
    assert said.strip() == "StringSignature(q, c: list[str] -> a: float) Do. q, c, b -> a"


# Inputs


def test_inputs_are_made_of_their_types_and_others_are_left_out():
    made = Signature("q, n: int, doc: Doc, parts: list[Part], p: Point, mood: Mood, day: datetime.date -> a")
    given = {
        "q": ["any", "value"],
        "n": "3",
        "doc": {"title": "t", "parts": [{"name": "x"}]},
        "parts": [Part(name="y")],
        "p": {"x": 1, "y": 2},
        "mood": "good",
        "day": "2024-05-06",
        "zzz": 1,
    }
    assert check_inputs(made, given) == {
        "q": ["any", "value"],
        "n": 3,
        "doc": Doc(title="t", parts=[Part(name="x")]),
        "parts": [Part(name="y")],
        "p": Point(1, 2.0),
        "mood": Mood.GOOD,
        "day": datetime.date(2024, 5, 6),
    }


def test_a_wrong_input_names_the_field_the_signature_and_what_came():
    made = Signature("doc: Doc, n: int -> a")
    with pytest.raises(InputError) as caught:
        check_inputs(made, {"doc": {"title": "t", "parts": [{"name": 3}]}, "n": 1})
    assert (caught.value.field, caught.value.signature) == ("doc", "doc, n -> a")
    for words in ("'doc'", "'doc, n -> a'", "Doc", "['parts'][0]['name']", "(dict)"):
        assert words in str(caught.value)
    with pytest.raises(InputError, match="input 'n' of 'doc, n -> a' is missing; call with n=…"):
        check_inputs(made, {"doc": {"title": "t"}})


def test_an_input_that_is_left_out_takes_its_default():
    class Ask(Signature):
        q: str = InputField(default="why?")
        tags: list[str] = InputField(default_factory=list)
        a: str = OutputField()

    assert check_inputs(Ask, {}) == {"q": "why?", "tags": []}


def test_a_class_that_pydantic_does_not_know_takes_its_own_instances():
    class Odd: ...

    made = Signature("o: Odd -> a")
    odd = Odd()
    assert check_inputs(made, {"o": odd}) == {"o": odd}
    with pytest.raises(InputError, match="must be Odd"):
        check_inputs(made, {"o": 3})


def test_bounds_may_stand_in_the_type():
    made = Signature({"n": (Annotated[int, Field_(gt=0)], InputField()), "a": OutputField()})
    assert format_type(made.fields["n"].type) == "int"
    with pytest.raises(InputError, match="greater than 0"):
        check_inputs(made, {"n": 0})
