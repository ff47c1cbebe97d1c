"""Predictions as numbers, examples as inputs and labels, completions as lists."""

from __future__ import annotations

import pytest

from refine_core import Completions, Example, Prediction


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
