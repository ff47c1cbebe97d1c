"""Predictions as numbers, examples as inputs and labels, completions as lists."""

from __future__ import annotations

import copy
import pickle

import pytest

from refine_core import (
    Collector,
    Completions,
    Example,
    Predict,
    Prediction,
    Refine,
    Scope,
    ScriptedLM,
    Signature,
    SignatureError,
    context,
    use_scope,
)
from refine_core import events as ev


def test_a_prediction_with_a_score_divides_as_that_number_does():
    assert (Prediction(score=4) / 2, 2 / Prediction(score=4)) == (2.0, 0.5)


def test_an_examples_inputs_know_that_they_are_inputs():
    example = Example(question="?", answer="!").with_inputs("question")
    assert example.inputs().inputs().toDict() == {"question": "?"}
    assert example.labels().toDict() == {"answer": "!"}


def test_the_first_of_several_completions_is_the_prediction():
    made = Prediction.from_completions([{"a": 1}, {"a": 2}])
    assert (made.a, made.completions.a, len(made.completions), made.completions[1].a) == (1, [1, 2], 2, 2)


def test_completions_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="as many values"):
        Completions({"a": [1], "b": [1, 2]})


# Every public name that an example or a prediction has, dspy's own and a dict's.
TAKEN = sorted({name for name in dir(Prediction) if not name.startswith("_")} - {"refinement", "completions"})


@pytest.mark.fault(5)
@pytest.mark.parametrize("name", [*TAKEN, "base", "completions"])
def test_a_field_may_be_called_as_any_attribute_is(name):
    """Whatever a prediction has under that name itself, the field wins, and the prediction works on as a whole."""
    value = ["a", "b"]
    for made in (Prediction({name: value, "answer": "x"}), Example(**{name: value}, answer="x")):
        assert getattr(made, name) == value
        assert made[name] == value
        assert {**made} == dict(made) == {name: value, "answer": "x"}
        assert list(made) == [name, "answer"]
        for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert copied == made
            assert type(copied) is type(made)
            assert getattr(copied, name) == value
        setattr(made, name, "new")
        assert made[name] == getattr(made, name) == "new"
        assert (f"{name}='new'" in repr(made), hash(made) != 0, name in made, len(made)) == (
            True,
            True,
            True,
            2,
        )


@pytest.mark.fault(5)
@pytest.mark.parametrize("name", TAKEN)
def test_a_program_whose_output_has_such_a_name_is_refined(name):
    """The output reaches the reward, the adviser and the caller as it is."""
    seen = []

    def reward(args, pred):
        seen.append(len(getattr(pred, name)))
        return float(seen[-1])

    replies = [f'[[ ## {name} ## ]]\n["x"]', f'[[ ## {name} ## ]]\n["x", "y"]']
    advice = '[[ ## discussion ## ]]\nd\n[[ ## advice ## ]]\n{"self": "more"}'
    sink = Collector()
    with context(lm=ScriptedLM([replies[0], advice, replies[1]])), use_scope(Scope((sink,))):
        best = Refine(Predict(f"question -> {name}: list[str]"), N=2, reward_fn=reward, threshold=2)(
            question="?"
        )
    assert getattr(best, name) == ["x", "y"]
    assert seen == [1, 2]
    assert [e.outputs for e in sink.events if isinstance(e, ev.PredictorTraced)] == [
        {name: ["x"]},
        {name: ["x", "y"]},
    ]
    assert best.refinement.rewards == (1.0, 2.0)


@pytest.mark.fault(5)
def test_an_examples_methods_work_by_its_class_where_fields_hide_them():
    """`Example.copy(example)` is what our own code says, so a field called copy is no hindrance."""
    example = Example.with_inputs(Example(copy=1, inputs=2, labels=3, get=4), "inputs", "get")
    assert dict(Example.inputs(example)) == {"inputs": 2, "get": 4}
    assert dict(Example.labels(example)) == {"copy": 1, "labels": 3}
    assert dict(Example.without(example, "get", "copy")) == {"inputs": 2, "labels": 3}
    assert Example.toDict(example) == {"copy": 1, "inputs": 2, "labels": 3, "get": 4}


@pytest.mark.fault(5)
def test_a_demo_whose_fields_have_such_names_is_saved_and_shown(tmp_path):
    """Demos are a user's own examples, which saving, copying and prompts must not call methods of."""
    program = Predict("items, copy -> keys")
    program.demos = [Example(items="i", copy="c", keys="k")]
    program.deepcopy().save(tmp_path / "state.json")
    again = Predict("items, copy -> keys")
    again.load(tmp_path / "state.json")
    assert [dict(demo) for demo in again.demos] == [{"items": "i", "copy": "c", "keys": "k"}]
    lm = ScriptedLM(["[[ ## keys ## ]]\nyes"])
    with context(lm=lm):
        assert again(items="x", copy="y").keys == "yes"
    assert "[[ ## keys ## ]]\nk" in lm.calls[0].messages[2]["content"]


@pytest.mark.fault(5)
def test_completions_have_such_fields_too():
    """The columns win over the methods, as fields do."""
    made = Prediction.from_completions({"items": [[1], [2]], "keys": ["a", "b"]})
    assert (made.items, made.completions.items, made.completions[1].keys) == ([1], [[1], [2]], "b")


@pytest.mark.fault(5)
@pytest.mark.parametrize("name", ["_store", "__class__", "_private", "completions", "refinement"])
def test_a_name_that_cannot_be_a_field_is_refused_with_a_reason(name):
    """What begins with an underscore is Python's and ours, and two names are where a prediction tells about itself."""
    with pytest.raises(SignatureError, match=name):
        Signature(f"question -> {name}: list[str]")


def test_a_pickle_of_an_older_version_is_read():
    """It kept the fields in an attribute called _store."""
    old = Example.__new__(Example)
    old.__setstate__({"_store": {"a": 1}, "_input_keys": frozenset({"a"})})
    assert (old.a, dict(old.inputs())) == (1, {"a": 1})
