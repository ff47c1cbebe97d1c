"""Events survive being written and read, whatever they hold."""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.log import codec

# How fast the machine is at the moment is not what is tested.
in_its_own_time = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = st.text(alphabet=st.characters(exclude_categories=()))  # lone surrogates and all
KEYS = TEXT | st.sampled_from(["$float", "$int", "$dict", "$text", "$", ""])
FLOATS = st.floats()  # NaN, infinities, subnormals, -0.0
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers().map(lambda n: n * 2**70) | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def values(hint: object) -> st.SearchStrategy[object]:
    """Anything that a field of this type may hold."""
    if dataclasses.is_dataclass(hint):
        return made(typing.cast("type", hint))
    if get_origin(hint) in (typing.Union, types.UnionType):
        return st.one_of([values(choice) for choice in get_args(hint)])
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(KEYS, values(get_args(hint)[1]), max_size=3)
    simple = {
        str: TEXT,
        int: st.integers(),
        float: FLOATS,
        bool: st.booleans(),
        object: PLAIN,
        types.NoneType: st.none(),
    }
    return simple[hint]


def made(cls: type) -> st.SearchStrategy[object]:
    """Any instance of a dataclass, from the types of its fields."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{f.name: values(hints[f.name]) for f in dataclasses.fields(cls)})


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def check_round_trip(event: ev.Event) -> None:
    kind, version, text = codec.encode(event)
    json.loads(text, parse_constant=refuse)
    text.encode()  # no lone surrogates: a file and a database can hold it
    again = codec.decode(kind, version, text)
    assert type(again) is type(event)
    assert repr(again) == repr(event)  # repr: NaN equals itself, 1 is not 1.0 or True, -0.0 is not 0.0
    assert codec.encode(again) == (kind, version, text)


@pytest.mark.parametrize("cls", ev.ALL, ids=lambda cls: cls.kind)
def test_every_event_comes_back_as_it_was(cls: type[ev.Event]):
    @in_its_own_time
    @given(made(cls))
    def holds(event: ev.Event) -> None:
        check_round_trip(event)

    holds()


@in_its_own_time
@given(
    st.sampled_from(["dreamt", *(cls.kind for cls in ev.ALL)]),
    st.integers(min_value=2, max_value=99),
    st.dictionaries(KEYS, PLAIN, max_size=4),
)
def test_an_event_of_a_newer_version_is_kept_as_it_came(kind: str, version: int, data: dict[str, object]):
    unknown = codec.decode(kind, version, codec.dumps(data))
    assert repr(unknown) == repr(ev.Unknown(kind, version, data))
    check_round_trip(unknown)


@in_its_own_time
@given(PLAIN)
def test_plain_data_comes_back_as_it_was(value: object):
    text = codec.dumps(value)
    json.loads(text, parse_constant=refuse)
    assert repr(codec.loads(text)) == repr(value)


def test_every_kind_is_used_once():
    assert len({cls.kind for cls in ev.ALL}) == len(ev.ALL)
    there = {one for one in vars(ev).values() if isinstance(one, type) and issubclass(one, ev.Event)}
    assert there - {ev.Event, ev.Unknown} == set(ev.ALL)


def test_a_field_that_came_later_takes_its_default():
    """What an older version wrote can be read, so long as new fields have defaults."""
    assert codec.decode("lm_replied", 1, '{"text": "hi", "took_s": 1}') == ev.LMReplied("hi", 1.0)


def test_a_field_that_is_no_more_is_left_out():
    assert codec.decode("run_resumed", 1, '{"from_index": 2, "mood": "good"}') == ev.RunResumed(2)


def test_numbers_keep_their_last_digit():
    for number in (0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 2**53 + 1, 2**63 - 1, -(2**63)):
        assert codec.loads(codec.dumps(number)) == number
    assert math.copysign(1, typing.cast("float", codec.loads(codec.dumps(-0.0)))) == -1


def test_a_field_that_was_renamed_keeps_its_name_on_disk():
    """Logs written before the name changed are read, and an older version reads what is written now."""
    event = ev.AttemptStarted(1, 0.5, {}, None, fixed_temperature=("self",))
    kind, version, text = codec.encode(event)
    assert json.loads(text)["untempered"] == ["self"]
    assert "fixed_temperature" not in json.loads(text)
    assert codec.decode(kind, version, text) == event


def test_stored_names_are_of_fields_that_exist_and_take_no_other_fields_place():
    for cls, names in codec.STORED_NAMES.items():
        fields = {f.name for f in dataclasses.fields(cls)}
        assert set(names) <= fields
        assert not set(names.values()) & fields
