"""An experiment as JSON: written by hand, read with every problem named by its place, written and read back equal."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.errors import SpecError
from refine_core.experiments import Arm, Budget, Experiment, RateLimit
from refine_core.experiments.json_document import (
    is_experiment,
    list_schema,
    read_experiment,
    write_experiment,
)
from refine_core.experiments.shorthand import WORDS, derive, name_arm, name_key
from refine_core.programs import EXAMPLES
from refine_core.spec.document import write_document

SCHEMA = Path(__file__).parents[2] / "docs" / "experiment.schema.json"
BASE = EXAMPLES["one_word"].spec
PROGRAM = json.loads(write_document(BASE))
BY_HAND = {
    "$schema": "experiment.schema.json",
    "name": "One word",
    "dataset": {"file": "capitals.csv", "columns": {"capital": "reward only", "note": "left-out"}},
    "base": "program.json",
    "arms": [
        "refine",
        "best_of_5",
        {"name": "Cold", "change": {"schedule": {"kind": "none"}, "N": 2}},
        {"arm": "single", "change": {"threshold": 0.5}},
        {"name": "Other", "spec": {**PROGRAM, "N": 7}},
        {"name": "From a file", "program": "program.json"},
    ],
    "repeats": 2,
    "rows": 20,
    "seed": 3,
    "budget": {"usd": 2, "calls": 1000},
    "rate_limits": {"practice model": {"at_once": 2, "requests_per_minute": 60}},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "program.json").write_text(json.dumps(PROGRAM), encoding="utf-8")
    (tmp_path / "capitals.csv").write_text("question,capital\nBelgium?,Brussels\n", encoding="utf-8")
    return tmp_path


def problems(data, folder):
    with pytest.raises(SpecError) as refused:
        read_experiment(data if isinstance(data, str) else json.dumps(data), folder)
    return {one.field: one.message for one in refused.value.problems}


def test_a_document_written_by_hand_is_read(folder):
    found = read_experiment(json.dumps(BY_HAND), folder)
    assert [(arm.key, arm.name) for arm in found.arms] == [
        ("a", "Refine, N 5"),
        ("b", "Best of 5"),
        ("c", "Cold"),
        ("d", "Single attempt"),
        ("e", "Other"),
        ("f", "From a file"),
    ]
    assert [arm.spec.N for arm in found.arms] == [5, 5, 2, 5, 7, 5]
    assert (found.arms[3].spec.strategy, found.arms[3].spec.threshold) == ("single", 0.5)
    assert found.dataset.file == folder / "capitals.csv"
    assert found.dataset.columns == (
        Column("capital", "reward only", "capital"),
        Column("note", "left out", "note"),
    )
    assert (found.repeats, found.rows, found.seed) == (2, 20, 3)
    assert found.budget == Budget(calls=1000, usd=2.0)
    assert found.rate_limits == {"practice model": RateLimit(2, 60)}


def test_what_was_exported_reads_back_the_same(folder):
    columns = (
        Column("Q", "input", "question"),
        Column("E", "reward only", "expected"),
        Column("x", "left out"),
    )
    values = [
        {"question": "?", "expected": float("inf")},
        {"question": "\ud800", "expected": [1, {"a": None}]},
    ]
    rows = tuple(DatasetRow(i, value) for i, value in enumerate(values, 1))
    arms = tuple(
        Arm(name_key(i), f"{word} again", derive(word, BASE))
        for i, word in enumerate(("refine", "best_of_2"))
    )
    limits = {"practice model": RateLimit(3, None, 900)}
    made = Experiment("id", "Whole", 1.0, "d", 1, arms, None, 3, 9, Budget(5, 6, 0.5), limits)
    text = write_experiment(made, Dataset("d", "Table", 1, columns, rows), {"verdict": "Yes"})
    jsonschema.validate(json.loads(text), list_schema())
    found = read_experiment(text, folder)
    assert [arm.name for arm in found.arms] == [arm.name for arm in arms]
    assert [(a.spec.stages, a.spec.strategy, a.spec.N) for a in found.arms] == [
        (a.spec.stages, a.spec.strategy, a.spec.N) for a in arms
    ]
    assert list(found.dataset.rows) == values
    assert found.dataset.columns == (
        Column("question", "input", "question"),
        Column("expected", "reward only", "expected"),
    )
    assert (found.repeats, found.seed, found.budget, dict(found.rate_limits)) == (3, 9, made.budget, limits)


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"arms": []}, "arms", "as a list"),
        ({"arms": ["best_of"]}, "arms[0]", "needs a number"),
        ({"arms": ["refine", "bestof_5"]}, "arms[1]", "is no arm; write one of refine"),
        ({"arms": ["refine_0"]}, "arms[0]", "at least 1"),
        ({"arms": [{"spec": {**PROGRAM, "N": "five"}}]}, "arms[0].spec.N", "valid integer"),
        ({"arms": ["refine", {"change": {"tresholdd": 1}}]}, "arms[1].change.tresholdd", "did you mean"),
        ({"arms": [{"change": {"N": None}}]}, "arms[0].change.N", "valid integer"),
        ({"arms": [{"spec": PROGRAM, "program": "program.json"}]}, "arms[0]", "keep one of them"),
        ({"arms": [{"name": "Empty"}], "base": None}, "base", "not null"),
        ({"arms": [{"program": "gone.json"}]}, "arms[0].program", "gone.json cannot be read"),
        ({"arms": ["refine", "refine_5"]}, "arms[1].name", "arms[0] has this name, too"),
        ({"arms": [7]}, "arms[0]", "not a number"),
        ({"budgets": {}}, "budgets", "did you mean budget?"),
        ({"budget": {"usd": -1}}, "budget.usd", "above 0"),
        ({"budget": {"calls": 1.5}}, "budget.calls", "whole number"),
        ({"repeats": 0}, "repeats", "1 or more"),
        ({"repeats": True}, "repeats", "not true"),
        ({"dataset": {"file": "gone.csv"}}, "dataset.file", "there is no file gone.csv"),
        ({"dataset": {"file": "capitals.csv", "rows": [{}]}}, "dataset", "give one of file"),
        ({"dataset": {"rows": [1]}}, "dataset.rows[0]", "a row is an object"),
        ({"dataset": {"rows": [{"a": {"$int": "x"}}]}}, "dataset.rows[0]", "as Refinescope writes it"),
        ({"dataset": {"file": "capitals.csv", "columns": {"q": "inptu"}}}, "dataset.columns.q", "is no role"),
        ({"rate_limits": {"m": {"rpm": 5}}}, "rate_limits.m.rpm", "unknown field"),
        ({"rate_limits": {"m": {"at_once": 0}}}, "rate_limits.m.at_once", "1 or more"),
    ],
)  # fmt: skip
def test_each_problem_is_named_with_its_place(change, where, words, folder):
    found = problems({**BY_HAND, **change}, folder)
    assert where in found, found
    assert words in found[where]


def test_arms_in_a_word_without_a_base_ask_for_one(folder):
    without = {name: value for name, value in BY_HAND.items() if name != "base"}
    assert "add base" in problems({**without, "arms": ["refine"]}, folder)["base"]
    assert "add base" in problems({**without, "arms": [{"change": {"N": 3}}]}, folder)["arms[0]"]


def test_a_problem_of_a_base_in_a_file_names_the_file(folder):
    (folder / "program.json").write_text(json.dumps({**PROGRAM, "N": "x"}), encoding="utf-8")
    assert "base.N (program.json)" in problems(BY_HAND, folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "a JSON object"),
        ('{"name": "x"', "line 1"),
    ],
)
def test_text_that_is_no_experiment_is_refused(text, words, folder):
    assert words in problems(text, folder)["document"]
    assert not is_experiment(text)


def test_a_program_is_told_from_an_experiment():
    assert is_experiment(json.dumps(BY_HAND))
    assert not is_experiment(json.dumps(PROGRAM))


@pytest.mark.parametrize("word", WORDS)
def test_each_arm_in_a_word_differs_in_how_it_tries_again_alone(word):
    spec = derive(word, BASE)
    assert (spec.stages, spec.reward, spec.threshold, spec.model) == (
        BASE.stages, BASE.reward, BASE.threshold, BASE.model,
    )  # fmt: skip
    assert name_arm(spec)
    assert spec.attempt_count == {"refine_3": 3, "single": 1}.get(word, 5)
    assert spec.hint_source == ("adviser" if word.startswith("refine") else "none")


def test_the_keys_of_arms_are_letters_and_unique():
    assert [name_key(place) for place in (0, 25, 26, 27, 701, 702)] == ["a", "z", "aa", "ab", "zz", "aaa"]


def test_the_docs_hold_the_schema_and_it_accepts_what_we_read():
    schema = list_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(BY_HAND, schema)
    assert SCHEMA.read_text(encoding="utf-8") == json.dumps(schema, indent=2, ensure_ascii=False) + "\n", (
        "write it anew: refinescope batch --schema > docs/experiment.schema.json"
    )
