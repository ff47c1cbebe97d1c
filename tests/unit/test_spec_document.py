"""The description of a run as JSON: read back equal, refused where it is broken, told by its schema."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import jsonschema
import pytest
from hypothesis import given

from refine_core.errors import SpecError
from refine_core.programs import EXAMPLES
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.spec import document as module
from refine_core.spec.document import list_schema, read_document, write_document
from refine_core.spec.program import ValidatorSpec
from refine_core.spec.schedule import Schedule

SCHEMA = Path(__file__).parents[2] / "docs" / "spec.schema.json"
# A description that has nothing at its default; what ties it to another run is left out of a document.
WHOLE = ProgramSpec(
    (StageSpec("a", "q -> b", "Do.", "chain_of_thought", {"q": "asked"}, ({"q": "1", "b": "2"},)),),
    "def r(args, pred): return 1",
    inputs={"q": "x", "day": [1, None], "cassette": 1, "temperatures": [], "kind": "recording_id"},
    title="T",
    strategy="best_of_n",
    reward_name="r",
    N=7,
    threshold=None,
    fail_count=2,
    seed=3,
    reward_timeout_s=1.5,
    model=ModelSpec("replay", "m", recording_id="r1", stop=("x",), extra={"top_p": 0.9}, delay_s=None),
    adviser=ModelSpec("litellm", "openai/x", key_env="KEY", temperature=None),
    judge=ModelSpec("practice", temperature=0.5),
    budget_usd=1.0,
    budget_tokens=10,
    example="e",
    hints="feedback",
    schedule=Schedule("list", (0.1, 0.2)),
    advice_instructions="Be kind.",
    advice_form="compact",
    stop_on_repeating_error=True,
    validators=(ValidatorSpec("short", "len(pred.b) < 3", "Shorter."),),
    reward_shape="trl",
    reward_arguments={"x": "output"},
    starting_hints={"a": "now"},
    first_rollout=4,
    program_file="mine.py",
)
texts = st.text(st.characters(exclude_categories=()), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_a_description_without_defaults_is_read_back_equal():
    spec, text = WHOLE, write_document(WHOLE)
    assert read_document(text) == spec
    names = {field.name for field in dataclasses.fields(ProgramSpec)}
    assert set(json.loads(text)) == names - module._OF_ANOTHER_RUN
    assert "cassette" not in json.loads(text)["model"]


@given(
    st.dictionaries(texts, values, max_size=3), texts, st.integers(), st.none() | st.floats(allow_nan=False)
)
def test_whatever_a_description_holds_is_read_back(inputs, text, number, threshold):
    spec = replace(
        EXAMPLES["json"].spec, inputs=inputs, title=text, reward=text, seed=number, threshold=threshold
    )
    assert read_document(write_document(spec)) == spec


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_schema_accepts_every_example(name):
    document = json.loads(write_document(EXAMPLES[name].spec))
    jsonschema.validate(document, list_schema())
    jsonschema.validate({"$schema": "x"} | document, list_schema())
    assert set(document) <= {"title", "stages", "reward", "inputs", "strategy", "N", "threshold", "model", "example",
                             "seed", "fail_count"}  # fmt: skip


BROKEN = [
    ("no stages", {"stages": ...}, "stages: this field is missing"),
    ("no reward", {"reward": ...}, "reward: this field is missing"),
    ("a misspelt name", {"treshold": 1}, "treshold: unknown field; did you mean threshold?"),
    ("a name of nothing", {"zzz": 1}, "zzz: unknown field; the fields are stages, reward"),
    ("text for a number", {"N": "5"}, "N: "),
    ("a fraction for a count", {"N": 1.5}, "N: "),
    ("true for a number", {"seed": True}, "seed: "),
    ("an unknown choice", {"strategy": "refined"}, "strategy: "),
    ("stages that are none", {"stages": "question -> answer"}, "stages: "),
    ("a stage without a name", {"stages": [{"signature": "a -> b"}]}, "stages.0.name: this field is missing"),
    (
        "a misspelt part of a stage",
        {"stages": [{"name": "a", "signature": "a -> b", "demo": []}]},
        "stages.0.demo: ",
    ),
    ("a key in a model", {"model": {"api_key": "sk-x"}}, "model.api_key: unknown field"),
    ("an unknown schedule", {"schedule": {"kind": "dspy"}}, "schedule.kind: "),
    ("a list for inputs", {"inputs": []}, "inputs: "),
]


@pytest.mark.parametrize(
    ("changes", "words"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_broken_description_is_refused_by_the_schema_and_by_us(changes, words):
    document = json.loads(write_document(EXAMPLES["one_word"].spec)) | changes
    document = {name: value for name, value in document.items() if value is not ...}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, list_schema())
    with pytest.raises(SpecError) as refused:
        read_document(json.dumps(document))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "value", ['{"$text": "zz"}', '{"$float": "x"}', '{"$int": 1}', '{"$dict": 3}', "[" * 900 + "]" * 900]
)
def test_a_broken_tag_or_a_deep_value_is_refused_and_no_fault_of_ours(value):
    text = f'{{"stages": [{{"name": "a", "signature": "q -> b"}}], "reward": "", "inputs": {{"q": {value}}}}}'
    try:
        read_document(text)
    except SpecError as refused:
        assert "document: " in str(refused)


def test_a_model_that_is_named_is_asked():
    document = {
        "stages": [{"name": "a", "signature": "q -> b"}],
        "reward": "",
        "model": {"model": "openai/x"},
    }
    assert read_document(json.dumps(document)).model == ModelSpec("litellm", "openai/x")


def test_every_field_is_described_and_the_docs_hold_the_schema():
    schema = list_schema()
    for one in (schema, *schema["$defs"].values()):
        undescribed = [
            name for name, field in one["properties"].items() if len(field.get("description", "")) < 8
        ]
        assert undescribed == []
        assert one["additionalProperties"] is False
    assert SCHEMA.read_text(encoding="utf-8") == json.dumps(schema, indent=2, ensure_ascii=False) + "\n", (
        "write it anew: refinescope spec --schema > docs/spec.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(schema)
