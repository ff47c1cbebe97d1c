"""The reward tried on an output that a person typed."""

from __future__ import annotations

from refine_core import runs
from refine_core.programs import ProgramSpec, StageSpec

SPEC = ProgramSpec(
    (StageSpec("write", "topic -> headline, keywords: list[str], price: float"),),
    "def reward(args, pred):\n"
    "    print(type(pred.price).__name__)\n"
    "    parts = {'words': float(len(pred.keywords)), 'price': pred.price}\n"
    "    return Score(sum(parts.values()), feedback=args['topic'], parts=parts)\n",
    {"topic": "kettles"},
)


def test_typed_text_is_read_by_the_types_of_the_outputs():
    assert runs.list_trial_fields(SPEC) == {"headline": "str", "keywords": "list[str]", "price": "float"}
    trial = runs.try_reward(SPEC, {"headline": "A kettle", "keywords": '["a", "b"]', "price": "39.9"})
    assert (trial.value, dict(trial.parts)) == (41.9, {"words": 2.0, "price": 39.9})
    assert (trial.feedback, trial.stdout.strip(), trial.error) == ("kettles", "float", "")


def test_text_of_the_wrong_type_is_said_to_be_so():
    trial = runs.try_reward(SPEC, {"headline": "A kettle", "keywords": "a, b", "price": "39.9"})
    assert trial.error == "keywords must be list[str]"
    assert trial.value is None


def test_a_reward_that_fails_names_its_line():
    broken = ProgramSpec(SPEC.stages, "def reward(args, pred):\n    return 1 / 0\n", SPEC.inputs)
    trial = runs.try_reward(broken, {"headline": "", "keywords": "[]", "price": "1"})
    assert trial.line == 2
    assert "ZeroDivisionError" in trial.error
