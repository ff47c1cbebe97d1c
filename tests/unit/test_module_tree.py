"""The predictors of a program: named as dspy names them, each once, replaced in place; and copies of programs."""

from __future__ import annotations

import copy
import logging
import threading
from collections import defaultdict
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import ChainOfThought, Module, Parameter, Predict, ScriptedLM
from refine_core.modules.copying import deepcopy, reset_copy


class Pair(NamedTuple):
    first: object
    second: object


class Holder(Module):
    """A module with the attributes it is given."""

    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)


def one():
    return Predict("a -> b")


def names(module):
    return [name for name, _ in module.named_predictors()]


def inner():
    return Holder(p=one(), l=[one()])


# --- names


def test_paths_are_those_of_dspy():
    """This list was printed by dspy 2.6.23 for the same shapes, sub-modules below."""
    shared, nested, frozen = one(), inner(), inner()
    frozen._compiled = True
    program = Holder(
        a=shared,
        c=ChainOfThought("q -> a"),
        l=[one(), ChainOfThought("q -> a"), shared],
        t=(one(),),
        d={"x": one(), 3: one(), "it's": one(), "in": inner(), ("t", 1): one()},
        i=nested,
        i2=[inner()],
        same=nested,
        f=frozen,
        _h=one(),
    )
    assert names(program) == [
        *("a", "c.predict", "l[0]", "l[1].predict", "t[0]"),
        *("d['x']", "d['3']", "d['it's']", "d['in'].p", "d['in'].l[0]", "d['('t', 1)']"),
        *("i.p", "i.l[0]", "i2[0].p", "i2[0].l[0]", "_h"),
    ]
    assert [name for name, _ in program.named_sub_modules(Predict, skip_compiled=True)] == [
        *("self.a", "self._h", "self.c.predict", "self.l[0]", "self.t[0]"),
        *("self.d[x]", "self.d[3]", "self.d[it's]", "self.d[('t', 1)]", "self.i.p"),
        *("self.l[1].predict", "self.d[in].p", "self.i.l[0]", "self.i2[0].p"),
        *("self.d[in].l[0]", "self.i2[0].l[0]"),
    ]


def test_a_bare_predictor_is_named_self():
    bare = one()
    assert bare.named_parameters() == [("self", bare)]
    assert list(bare.named_sub_modules()) == [("self", bare)]


def test_containers_are_searched_at_any_depth():
    """Dspy looks into a list, but not into a list within it."""
    program = Holder(n=[[one()], (one(),), {"k": [one()]}], d={"k": ({"deep": inner()},)})
    assert names(program) == [
        *("n[0][0]", "n[1][0]", "n[2]['k'][0]"),
        *("d['k'][0]['deep'].p", "d['k'][0]['deep'].l[0]"),
    ]


def test_a_predictor_that_holds_others_names_them_too():
    """Dspy finds them only if the holder is the root."""
    holder = one()
    holder.helper = one()
    assert names(holder) == ["self", "helper"]
    assert names(Holder(x=holder)) == ["x", "x.helper"]


def test_keys_that_read_alike_get_names_of_their_own():
    """In dspy both would be d['3'], and one of their states would be lost on saving."""
    assert names(Holder(d={3: one(), "3": one()})) == ["d[3]", "d['3']"]


def test_a_program_that_holds_itself_is_walked_once():
    program = Holder(p=one())
    program.me, program.all = program, [program]
    program.all.append(program.all)
    assert names(program) == ["p"]
    assert [name for name, _ in program.named_sub_modules()] == ["self", "self.p"]


def test_a_compiled_module_is_frozen_but_not_as_the_root():
    frozen = inner()
    frozen._compiled = True
    assert names(frozen) == ["p", "l[0]"]
    assert names(Holder(f=frozen, list=[frozen], g=one())) == ["g"]
    assert [n for n, _ in Holder(f=frozen).named_sub_modules()] == [
        "self",
        "self.f",
        "self.f.p",
        "self.f.l[0]",
    ]
    assert [n for n, _ in Holder(f=frozen).named_sub_modules(skip_compiled=True)] == ["self", "self.f"]


def test_sub_modules_of_any_class_can_be_asked_for():
    lm = ScriptedLM(["x"])
    program = Holder(p=one(), other={"lm": lm})
    assert list(program.named_sub_modules(ScriptedLM)) == [("self.other[lm]", lm)]


def test_a_parameter_that_is_no_predictor_is_a_parameter_only():
    class Knob(Parameter):
        pass

    program = Holder(knob=Knob(), p=one())
    assert [name for name, _ in program.named_parameters()] == ["knob", "p"]
    assert names(program) == ["p"]
    with pytest.raises(NotImplementedError, match="Knob keeps no state; define dump_state"):
        program.knob.dump_state()


shapes = st.recursive(
    st.sampled_from(["predictor", "text", "shared"]),
    lambda part: st.one_of(
        st.tuples(st.just("list"), st.lists(part, max_size=3)),
        st.tuples(st.just("tuple"), st.lists(part, max_size=3)),
        st.tuples(st.just("dict"), st.dictionaries(st.sampled_from(["x", "y z", "3"]), part, max_size=3)),
        st.tuples(st.just("module"), st.dictionaries(st.sampled_from(["p", "q", "r"]), part, max_size=3)),
    ),
    max_leaves=12,
)


def build(shape, made, shared):
    """The shape as values; `made` collects the predictors."""
    if shape == "text":
        return "text"
    if shape in ("predictor", "shared"):
        p = one() if shape == "predictor" else shared
        made.append(p)
        return p
    kind, parts = shape
    if kind in ("list", "tuple"):
        return (list if kind == "list" else tuple)(build(part, made, shared) for part in parts)
    values = {key: build(part, made, shared) for key, part in parts.items()}
    return values if kind == "dict" else Holder(**values)


def at(program, path):
    """What lies at a path. The paths of these shapes are Python, so Python may say."""
    return eval(f"program.{path}", {"program": program})


@settings(max_examples=150, deadline=None)
@given(st.lists(shapes, max_size=4))
def test_every_predictor_is_found_once_at_its_path_whatever_the_shape(parts):
    made, shared = [], one()
    program = Holder(**{f"a{i}": build(shape, made, shared) for i, shape in enumerate(parts)})
    found = program.named_predictors()
    assert list(dict.fromkeys(map(id, made))) == [id(p) for _, p in found]
    assert len({name for name, _ in found}) == len(found)
    assert all(at(program, name) is p for name, p in found)
    copied = program.deepcopy().named_predictors()
    assert [name for name, _ in copied] == [name for name, _ in found]
    assert not {id(p) for _, p in copied} & {id(p) for _, p in found}


@settings(max_examples=100, deadline=None)
@given(st.lists(shapes, max_size=4))
def test_mapping_puts_each_new_predictor_where_the_old_one_was(parts):
    shared = one()
    program = Holder(**{f"a{i}": build(shape, [], shared) for i, shape in enumerate(parts)})
    before, new = program.named_predictors(), {}
    assert program.map_named_predictors(lambda p: new.setdefault(id(p), one())) is program
    assert program.named_predictors() == [(name, new[id(p)]) for name, p in before]


# --- replacing, models


def test_mapping_replaces_a_shared_predictor_everywhere_and_asks_once():
    shared, asked = one(), []
    program = Holder(a=shared, l=[shared, (shared, "x")], d={"k": Pair(shared, 1)}, m=Holder(p=shared))
    new = one()
    program.map_named_predictors(lambda p: asked.append(p) or new)
    assert asked == [shared]
    assert program.a is program.l[0] is program.l[1][0] is program.d["k"].first is program.m.p is new
    assert type(program.d["k"]) is Pair


def test_mapping_leaves_compiled_modules_alone():
    frozen = inner()
    frozen._compiled, old = True, frozen.p
    Holder(f=frozen).map_named_predictors(lambda p: one())
    assert frozen.p is old


def test_mapping_that_fails_changes_nothing():
    program = Holder(a=one(), b=one())
    a, b = program.a, program.b

    def second_fails(p):
        if p is b:
            raise RuntimeError("no")
        return one()

    with pytest.raises(RuntimeError):
        program.map_named_predictors(second_fails)
    assert (program.a, program.b) == (a, b)


def test_mapping_a_bare_predictor_gives_what_took_its_place():
    new = ChainOfThought("a -> b")
    assert one().map_named_predictors(lambda p: new) is new


def test_set_lm_reaches_all_and_get_lm_tells_the_one():
    program, lm = Holder(p=one(), l=[one(), inner()]), ScriptedLM(["x"])
    assert program.get_lm() is None
    program.set_lm(lm)
    assert program.get_lm() is lm
    program.p.lm = ScriptedLM(["y"])
    with pytest.raises(ValueError, match="several models"):
        program.get_lm()


def test_repr_has_a_line_for_each_predictor():
    program = Holder(p=one(), l=[one()])
    assert repr(program) == f"p = {program.p!r}\nl[0] = {program.l[0]!r}"
    assert repr(Holder()) == "Holder()"


# --- copies


def test_a_copy_shares_nothing_that_can_change():
    program = Holder(p=one(), notes=["x", {"k": [1]}], t=([],), s={1}, text="t", f=len, cls=Predict)
    program.p.demos = [{"a": 1, "b": 2}]
    twin = program.deepcopy()
    assert twin.p is not program.p
    assert twin.p.demos is not program.p.demos
    assert twin.notes == program.notes
    assert twin.notes[1]["k"] is not program.notes[1]["k"]
    assert twin.t[0] is not program.t[0]
    assert twin.s is not program.s
    assert (twin.text, twin.f, twin.cls) == ("t", len, Predict)
    assert type(twin) is Holder


def test_what_was_shared_stays_shared_in_the_copy():
    shared, notes = one(), []
    program = Holder(a=shared, l=[shared, notes], d={"k": shared}, notes=notes, t=(shared,))
    program.me = program
    program.bound = program.named_predictors
    twin = program.deepcopy()
    assert twin.a is twin.l[0] is twin.d["k"] is twin.t[0]
    assert twin.a is not shared
    assert twin.notes is twin.l[1]
    assert twin.me is twin
    assert twin.bound.__self__ is twin


def test_a_class_may_say_itself_how_it_is_copied():
    class Counted(Module):
        def __init__(self):
            super().__init__()
            self.p, self.made = one(), "by hand"

        def __deepcopy__(self, memo):
            twin = Counted()
            twin.made = "by its own __deepcopy__"
            return twin

    class Lockless(Module):
        def __init__(self):
            super().__init__()
            self.p, self.lock = one(), threading.Lock()

        def __getstate__(self):
            return {name: value for name, value in vars(self).items() if name != "lock"}

        def __setstate__(self, state):
            vars(self).update(state)
            self.lock = threading.Lock()

    twin = Holder(l=[Counted()], x=Lockless()).deepcopy()
    assert twin.l[0].made == "by its own __deepcopy__"
    assert hasattr(twin.x.lock, "acquire")
    assert names(twin) == ["l[0].p", "x.p"]


def test_what_copies_itself_is_copied_once_where_it_is_shared():
    class Tool:
        def __deepcopy__(self, memo):
            return Tool()

    tool = Tool()
    twin = Holder(a=tool, b=[tool]).deepcopy()
    assert twin.a is twin.b[0]
    assert twin.a is not tool


def test_a_class_with_slots_keeps_them():
    class Slotted(Module):
        __slots__ = ("note",)

        def __init__(self):
            super().__init__()
            self.p, self.note = one(), ["n"]

    program = Slotted()
    twin = program.deepcopy()
    assert twin.note == ["n"]
    assert twin.note is not program.note
    assert names(twin) == ["p"]


class Stubborn:
    """Copied neither deeply nor shallowly."""

    def __reduce_ex__(self, protocol):
        raise TypeError("not me")


class OnlyShallow:
    """Copied shallowly, and no deeper."""

    def __init__(self):
        self.inside = []

    def __deepcopy__(self, memo):
        raise TypeError("too deep")


def warnings_of(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


@pytest.mark.parametrize("copier", [deepcopy, Module.deepcopy])
def test_what_cannot_be_copied_is_copied_shallowly_else_shared_and_told(copier, caplog):
    class Local(Holder):
        pass

    stubborn, shallow = Stubborn(), OnlyShallow()
    program = Local(p=one(), stubborn=stubborn, shallow=shallow)
    twin = copier(program)
    assert twin.stubborn is stubborn
    assert twin.shallow is not shallow
    assert twin.shallow.inside is shallow.inside
    assert twin.p is not program.p
    told = warnings_of(caplog)
    assert len(told) == 2
    assert "'stubborn' of" in told[0]
    assert "Local" in told[0]
    assert "TypeError: not me" in told[0]
    assert "shared" in told[0]
    assert "'shallow' of" in told[1]
    assert "copied shallowly" in told[1]


def test_one_bad_part_does_not_make_its_neighbours_shared(caplog):
    """Dspy copies the whole list shallowly then, so that all attempts write their hints on the same predictors."""

    class Local(Holder):
        pass

    locks = [threading.Lock() for _ in range(6)]
    program = Local(
        l=[one(), locks[0]],
        d={"p": one(), "lock": locks[1]},
        t=(one(), locks[2]),
        pair=Pair(one(), locks[3]),
        dd=defaultdict(list, p=one(), lock=locks[4]),
        m=[Local(p=one(), lock=locks[5])],
    )
    twin = program.deepcopy()
    assert len(names(program)) == 6
    assert names(twin) == names(program)
    assert not set(map(id, twin.predictors())) & set(map(id, program.predictors()))
    kept = [twin.l[1], twin.d["lock"], twin.t[1], twin.pair.second, twin.dd["lock"], twin.m[0].lock]
    assert kept == locks
    assert type(twin.pair) is Pair
    assert twin.dd.default_factory is list
    told = " ".join(warnings_of(caplog))
    places = ("l[1]", "d['lock']", "t[1]", "pair[1]", "dd['lock']", "lock")
    assert [place for place in places if f"attribute {place!r} of" not in told] == []


def test_a_copy_that_failed_midway_leaves_nothing_half_made_behind():
    """`whole` is copied as part of `broken`, which fails; its half must not be taken for the copy of `whole`."""

    class Whole:
        def __init__(self, broken):
            self.before, self.broken, self.after = 1, broken, 2

    stubborn = Stubborn()
    whole = Whole(stubborn)
    program = Holder(
        broken=SimpleNamespace(whole=whole, bad=stubborn), whole=SimpleNamespace(x=whole.after), w=whole
    )
    assert program.deepcopy().w.after == 2


def test_a_warning_is_said_once_for_a_class_and_attribute(caplog):
    """Every attempt makes a copy; the log should not fill with one sentence."""

    class Local(Holder):
        pass

    program = Local(lock=threading.Lock())
    for _ in range(3):
        program.deepcopy()
    assert len(warnings_of(caplog)) == 1


def test_a_reset_copy_has_forgotten_and_the_original_has_not():
    program = Holder(p=one(), l=[one()])
    program.set_lm(ScriptedLM(["x"]))
    program.p.demos = [{"a": 1, "b": 2}]
    twin = reset_copy(program)
    assert twin.get_lm() is None
    assert twin.p.demos == []
    assert len(program.p.demos) == 1
    assert program.get_lm() is not None


def test_a_signature_is_shared_between_copies():
    program = Holder(p=one())
    assert program.deepcopy().p.signature is program.p.signature


def test_the_standard_deepcopy_works_too():
    program = Holder(p=one(), l=[one()])
    twin = copy.deepcopy(program)
    assert names(twin) == names(program)
    assert twin.p is not program.p
