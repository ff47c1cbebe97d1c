"""What the framework that a reward was written for would have made of a row without a score, in words.

Facts: the frameworks' own code or documentation, in the releases that docs/rewards.md names.
"""

from __future__ import annotations

from typing import Literal

from refine_core.rewards.shapes.types import Shape

Happening = Literal["exception", "unscored", "length"]
"""The function raised; it gave None or NaN; it gave a list that is not as long as the rows."""

_OUTCOMES: dict[Shape, dict[Happening, str]] = {
    "refine": {
        "exception": "dspy.Refine counts the attempt as failed and goes on, up to fail_count.",
        "unscored": "dspy.Refine compares None with the threshold, which fails the attempt.",
    },
    "dspy": {
        "exception": "dspy.Evaluate logs the error and scores the example 0.0.",
        "unscored": "dspy.Evaluate cannot add up None: the evaluation stops with a TypeError.",
    },
    "gepa": {
        "exception": "dspy logs the error and scores the example 0.0.",
        "unscored": "GEPA cannot compare None: the optimisation stops.",
    },
    "trl": {
        "exception": "TRL stops the training run with this error.",
        "unscored": "TRL leaves this function out of the row's reward; if every function does, it warns.",
        "length": "TRL stops the training run with a ValueError.",
    },
    "verifiers": {
        "exception": "verifiers logs the error and scores the row 0.0.",
        "unscored": "verifiers 0.4 leaves the reward out; up to 0.3 it scores the row 0.0.",
        "length": "verifiers logs the error and scores the rows 0.0.",
    },
    "verl": {
        "exception": "verl stops the training run with this error.",
        "unscored": "verl cannot put None into its reward tensor, and stops.",
    },
    "openrlhf": {
        "exception": "OpenRLHF stops the training run with this error.",
        "unscored": "OpenRLHF cannot put None into its reward tensor, and stops.",
        "length": "OpenRLHF stops the training run.",
    },
    "openai": {
        "exception": "OpenAI marks the grader as failed for this item, with an error flag.",
        "unscored": "OpenAI marks the grader as failed: it must return a number.",
    },
    "promptfoo": {
        "exception": "promptfoo fails the assertion with score 0 and gives the error as the reason.",
        "unscored": "promptfoo fails the assertion: it must return a bool, a number or a result.",
    },
    "langsmith": {
        "exception": "LangSmith logs the error and records no score for this run.",
        "unscored": "LangSmith raises a ValueError for None and records no score.",
    },
    "langfuse": {
        "exception": "Langfuse logs the error and records no score for this item.",
        "unscored": "Langfuse records no score for this item.",
    },
    "mlflow": {
        "exception": "MLflow records the assessment with this error and no value.",
        "unscored": "MLflow records no assessment for this row.",
    },
    "braintrust": {
        "exception": "Braintrust records the error and no score for this row.",
        "unscored": "Braintrust skips the row: None is no score.",
    },
    "inspect": {
        "exception": "Inspect records the sample as failed, which ends the evaluation unless fail_on_error allows it.",
        "unscored": "Inspect leaves an unscored sample out of its metrics.",
    },
    "deepeval": {
        "exception": "DeepEval stops the evaluation, or keeps the error if ignore_errors is set.",
        "unscored": "DeepEval treats a metric without a score as failed.",
    },
    "by_name": {},
}


def describe_outcome(shape: Shape, happening: Happening) -> str:
    """One sentence; "" where the framework is not known, or would not have noticed."""
    outcomes = _OUTCOMES[shape]
    return outcomes.get(happening, outcomes.get("exception", "") if happening == "length" else "")
