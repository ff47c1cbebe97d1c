"""What a reward is given in its worker: every value as itself, fields before methods, and what `refine_core` is there."""

import datetime as dt
import json
import math
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from refine_core import Example, Predict, Prediction, Refine, Signature
from refine_core.errors import RewardError
from refine_core.lm import ScriptedLM
from refine_core.rewards import RewardRunner, wire
from refine_core.rewards.value_codec import NotTransferable, decode, encode


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True)
class Point:
    x: int


class Doc(BaseModel):
    title: str


class Word(str):
    __slots__ = ()


def body(*lines):
    """A reward whose body is these lines, the first of them on line 2."""
    return "def reward(args, pred):\n" + "".join(f"    {line}\n" for line in lines)


def failure(source, args=None, pred=None, **options):
    """The error that one score of this source raises."""
    with pytest.raises(RewardError) as caught, RewardRunner(source, **options) as runner:
        runner.score(args or {}, pred or {"answer": "zz"})
    return caught.value


def shape(value):
    """The value with the type of every part of it, as text; sets in one order."""
    name = type(value).__name__
    if isinstance(value, dict):
        return f"{name}({', '.join(f'{shape(k)}: {shape(v)}' for k, v in value.items())})"
    if isinstance(value, (list, tuple)):
        return f"{name}({', '.join(map(shape, value))})"
    if isinstance(value, (set, frozenset)):
        return f"{name}({', '.join(sorted(map(shape, value)))})"
    fold = getattr(value, "fold", "")
    return f"{name}({value!r}{fold})"


BERLIN = ZoneInfo("Europe/Berlin")
VALUES = {
    "tuple": (1, "a"), "nested": ({"a": [(1,), {2, 3}]}, frozenset([(1, frozenset(["x"]))])), "empty": ((), set(), {}, []),
    "int keys": {1: "a", -2: "b"}, "mixed keys": {1.5: 0, True: 1, None: 2, (1, "x"): 3, "text": 4},
    "keys of dates": {dt.date(2024, 2, 29): [dt.time(1, 2, 3, 4)]}, "tags as keys": {"~tuple": [1], "~": 1, "~~x": 2},
    "one tag": {"~set": [1]}, "date": dt.date(2024, 2, 29), "time": dt.time(23, 59, 59, 999_999, fold=1),
    "time with zone": dt.time(1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "datetime": dt.datetime.fromisoformat("2024-10-27T02:30").replace(fold=1), "utc": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "named zone": dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3), "BRT")),
    "zoneinfo": dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1), "timedelta": dt.timedelta(-1, 5, 7),
    "decimal": [Decimal("1.10"), Decimal("-0"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")],
    "bytes": [b"", b"\xff\x00", bytearray(b"ab")], "fraction": Fraction(1, 3), "uuid": UUID(int=5),
    "complex": complex(-0.0, math.inf), "floats": [math.nan, math.inf, -math.inf, -0.0, 1e-320], "big": [10**50, -(2**63), 2**63],
    "text": ["\ud800é😀", "", "~x"], "none and bools": [None, True, False],
}  # fmt: skip

PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.sampled_from(["~set", "~dict"])
)  # fmt: skip
ZONES = st.none() | st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3)), BERLIN])
HASHABLE = st.recursive(
    PLAIN | st.binary(max_size=4) | st.dates() | st.times() | st.datetimes(timezones=ZONES, allow_imaginary=False)
    | st.timedeltas() | st.decimals(allow_nan=False) | st.fractions() | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ANY = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(HASHABLE, inner, max_size=3) | st.sets(HASHABLE, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.fault(13)
@given(ANY)
def test_a_value_comes_back_from_its_frame_with_all_its_types(value):
    """The law of the encoding: decode(encode(v)) is v, at every depth, and what is between is strict JSON."""
    frame = wire.unpack(wire.pack({"it": encode(value)})[wire.HEADER_BYTES :])
    assert shape(decode(frame["it"])) == shape(value)


@pytest.mark.fault(13)
def test_every_type_arrives_in_the_worker_as_itself():
    """As an output and as an input; the judge is given it and gives it back with its types, too."""
    seen = {}

    def judge(_signature, /, **inputs):
        seen.update(inputs)
        return inputs

    lines = [
        "for name in pred: assert type(pred[name]) is type(args[name]) and repr(pred[name]) == repr(args[name]), name"
    ]
    lines += [
        "answer = judge('a -> b', **pred)",
        "print({n.replace('_', ' '): v for n, v in answer.items()})",
        "return 1",
    ]
    named = {name.replace(" ", "_"): value for name, value in VALUES.items()}
    with RewardRunner(body(*lines), judge=judge) as runner:
        printed = runner.score(named, named).stdout
    assert {name: shape(value) for name, value in seen.items()} == {
        name: shape(v) for name, v in named.items()
    }
    assert printed.strip() == repr(VALUES)


@pytest.mark.fault(13)
def test_a_pair_is_a_pair_in_the_worker_and_in_the_library():
    """The same reward, the same prediction, the same result in either place."""
    source = body("return float(pred.pair == (1, 'a') and type(pred.pair) is tuple)")
    names = {}
    exec(source, names)
    prediction = {"pair": (1, "a")}
    with RewardRunner(source) as runner:
        assert runner.score({}, prediction).value == names["reward"]({}, Prediction(prediction)) == 1.0


@pytest.mark.fault(13)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Color.RED, "holds a member of the Enum Color, which cannot be handed to another process as itself. Use its .value"),
        (Level.HIGH, "a member of the Enum Level"), (Point(1), "a dataclass of type Point"), (Point(1), "dataclasses.asdict(…) of it"),
        ([{"deep": Doc(title="x")}], "a model of type Doc"), (Doc(title="x"), "its model_dump()"), (Color, "the class Color"),
        (np.float64(0.5), "numpy.float64, which"), (np.array([1]), "its tolist()"), (Word("x"), "a value of type Word"),
        (Word("x"), "str(…) of it"), (OrderedDict(a=1), "dict(…) of it"), (defaultdict(int), "dict(…) of it"), (object(), "object"),
        (Decimal("1E+999999"), "a Decimal of more than 4300 digits"), pytest.param(10**5000, "an integer of more than 4300 digits", id="long"),
    ],
)  # fmt: skip
def test_what_cannot_travel_is_named_and_never_changed(value, said):
    """An Enum that arrived as text would compare unequal for ever; an error says what to hand over."""
    error = failure(body("return 1"), pred={"answer": "x", "kind": value})
    assert error.type_name == "NotTransferable"
    assert error.message.startswith("the output 'kind' ")
    assert said in error.message
    assert failure(body("return 1"), args={"kind": value}).message.startswith("the input 'kind' ")


@pytest.mark.fault(13)
def test_what_cannot_travel_to_the_judge_is_an_error_in_the_reward():
    """The judge's inputs go the other way, by the same rule."""
    source = "import enum\nclass C(enum.Enum):\n    A = 1\n" + body("return judge('a -> b', a=C.A)['b']")
    error = failure(source, judge=lambda _signature, /, **_: {"b": 1.0})
    assert error.type_name == "JudgeError"
    assert "'a' holds a member of the Enum C" in error.message


@pytest.mark.fault(13)
def test_a_value_that_holds_itself_is_refused():
    """It is too deep, whatever it is."""
    ring = []
    ring.append((ring,))
    with pytest.raises(NotTransferable, match="nested more than 100 deep"):
        encode(ring)


@pytest.mark.parametrize(
    "forged",
    [
        '{"~nothing": 1}', '{"~set": [[1]]}', '{"~date": [1]}', '{"~datetime": 5}', '{"~ZoneInfo": "../etc/passwd"}',
        '{"~ZoneInfo": "Europe"}', '{"~Fraction": [1, 0]}', '{"~Decimal": "1E+999999999"}', '{"~int": "zz"}', '{"~tuple": 3}',
        '{"~dict": [[1]]}', '{"~UUID": null}',
    ],
)  # fmt: skip
def test_what_no_encoder_made_is_a_value_error(forged):
    """The worker's user may write what he likes into the judge's inputs."""
    with pytest.raises(ValueError):
        decode(json.loads(forged))


def test_members_made_to_collide_do_not_hold_up_the_app():
    """Numbers with one hash are looked up in quadratic time, so few of them may come back."""
    source = body("return judge('a -> b', a={n * (2**61 - 1) for n in range(2000)})['b']")
    error = failure(source, judge=lambda _signature, /, **_: {"b": 1.0})
    assert "a set or dict of more than 500 members is too large for the judge" in error.message


@pytest.mark.fault(13)
def test_the_library_gives_its_reward_enums_dataclasses_and_models_as_they_are():
    """It calls the reward in its own process, where nothing has to travel."""
    seen = []

    def judge(args, pred):
        seen.append((args, pred.color, pred.doc))
        return 1

    typed = Signature("point, level -> color, doc", custom_types={}).with_updated_fields("color", type_=Color)
    typed = typed.with_updated_fields("doc", type_=Doc).with_updated_fields("point", type_=Point)
    typed = typed.with_updated_fields("level", type_=Level)
    lm = ScriptedLM(['[[ ## color ## ]]\nred\n\n[[ ## doc ## ]]\n{"title": "x"}\n\n[[ ## completed ## ]]'])
    program = Predict(typed)
    program.set_lm(lm)
    Refine(program, N=1, reward_fn=judge, threshold=1)(point=Point(1), level=Level.HIGH)
    [(args, color, doc)] = seen
    assert (args, color, doc) == ({"point": Point(1), "level": Level.HIGH}, Color.RED, Doc(title="x"))
    assert [type(v) for v in (*args.values(), color, doc)] == [Point, Level, Color, Doc]


# --- fields and methods

METHODS = sorted({n for kind in (dict, Prediction, Example) for n in dir(kind) if not n.startswith("_")})


@pytest.mark.fault(5)
def test_a_field_wins_over_any_method_of_its_name():
    """Whatever the signature calls its output, `pred.name` is that output, and the mapping still works."""
    lines = [
        "import copy, pickle",
        "name, value = args['name'], ['a', 'b']",
        "assert getattr(pred, name) == pred[name] == value and len(getattr(pred, name)) == 2",
        "assert dict(pred) == {**pred} == {name: value, 'answer': 'zz'}",
        "assert list(pred) == [name, 'answer'] and len(pred) == 2 and name in pred",
        "assert copy.copy(pred) == copy.deepcopy(pred) == pickle.loads(pickle.dumps(pred)) == pred",
        "return 1",
    ]
    with RewardRunner(body(*lines)) as runner:
        for name in METHODS:
            assert runner.score({"name": name}, {name: ["a", "b"], "answer": "zz"}).value == 1
    with RewardRunner(
        body("return len(pred.items) + len(pred.values) + len(pred.keys) + len(pred.get)")
    ) as runner:
        assert runner.score({}, {n: ["a", "b"] for n in ("items", "values", "keys", "get")}).value == 8


def test_a_prediction_in_the_worker_does_what_the_librarys_does():
    """What dspy's users write in rewards."""
    lines = [
        "assert pred.get('nope', 3) == 3 and pred.toDict() == {'answer': 'zz'} and list(pred.items())[0][1] == 'zz'",
        "assert pred.copy(answer='y').answer == 'y' and pred.answer == 'zz' and dict(pred.without('answer')) == {}",
        "assert type(pred.copy()) is type(pred) and not hasattr(pred, 'nope') and getattr(pred, 'nope', 5) == 5",
        "pred.more = 1",
        "return pred['more']",
    ]
    with RewardRunner(body(*lines)) as runner:
        assert runner.score({}, {"answer": "zz"}).value == 1


# --- what is missing

ARGS = {"product": "a", "city": "b"}


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("line", "args", "said"),
    [
        ("return args['prodct']", ARGS, "KeyError: args has no 'prodct'; it has: product, city; did you mean 'product'?"),
        ("return args['Product']", ARGS, "KeyError: args has no 'Product'; it has: product, city; did you mean 'product'?"),
        ("return args['zzz']", ARGS, "KeyError: args has no 'zzz'; it has: product, city"),
        ("return args['x']", {}, "KeyError: args has no 'x'; it has: nothing"),
        ("return args[0]", {"a": 1}, "KeyError: args has no 0; it has: a"),
        ("return pred['anser']", {}, "KeyError: no field 'anser' in the prediction; it has: answer; did you mean 'answer'?"),
        ("return pred.Answer", {}, "AttributeError: no field 'Answer' in the prediction; it has: answer; did you mean 'answer'?"),
    ],
)  # fmt: skip
def test_a_missing_key_names_those_that_there_are(line, args, said):
    """The nearest comes last, where a glance ends."""
    error = failure(body(line), args=args)
    assert (error.message, error.line) == (said, 2)


def test_of_many_inputs_twenty_are_named():
    error = failure(body("return args['x']"), args={f"name_{n:02}": n for n in range(25)})
    assert error.message.endswith("name_18, name_19 and 5 more")


# --- what refine_core is there


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    "lines",
    [
        ("from refine_core import Prediction, Score", "return Score(1.0 if isinstance(pred, Prediction) else 0.0)"),
        ("from refine_core import Example, Prediction", "return issubclass(Prediction, Example) and Prediction(a=1).a"),
        ("import refine_core", "return refine_core.Score(1, 'why', {'a': 1})"),
        ("import refine_core.rewards", "return refine_core.rewards.Score(1)"),
        ("import refine_core as r", "return isinstance(pred, r.Prediction)"),
        ("from refine_core.rewards import Score", "return Score(value=1)"),
        ("from refine_core.rewards.score import Score", "return Score(value=1)"),
    ],
)  # fmt: skip
def test_a_reward_may_import_what_it_needs_of_refine_core(lines):
    """A stub answers: the library itself is not in the worker."""
    with RewardRunner(body(*lines)) as runner:
        assert runner.score({}, {"answer": "zz"}).value == 1


@pytest.mark.fault(15)
def test_an_annotated_reward_with_every_import_at_the_top_runs():
    head = "from refine_core import *\nfrom refine_core import Example, Prediction, Score\n"
    source = head + "def reward(args: Example, pred: Prediction) -> Score:\n    return Score(1)\n"
    with RewardRunner(source) as runner:
        assert runner.score({}, {"answer": "zz"}).value == 1


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from refine_core import Predict", "ImportError: cannot import 'Predict' from 'refine_core'."),
        ("from refine_core.rewards import RewardRunner", "ImportError: cannot import 'RewardRunner' from 'refine_core.rewards'."),
        ("import refine_core.lm", "ModuleNotFoundError: No module named 'refine_core.lm'."),
        ("from refine_core.lm import LM", "ModuleNotFoundError: No module named 'refine_core.lm'."),
        ("import refine_core; refine_core.LM", "ImportError: cannot import 'LM' from 'refine_core'."),
    ],
)  # fmt: skip
def test_what_a_reward_cannot_import_of_refine_core_is_told_with_what_it_can(line, said):
    """Never "(unknown location)"."""
    error = failure(body(line))
    assert error.message == f"{said} Inside a reward, refine_core has only Example, Prediction and Score."
    assert error.line == 2
