"""The kinds of files that other tools write, told apart by what is in them, never by their names.

base         what a kind is             training     TRL, verifiers to 0.3, verl             verifiers_traces  verifiers 0.4
promptfoo    JSON, JSONL, CSV           evaluation   lm-eval, LangSmith, Phoenix     attempts   our own exports
openai_files eval items, batches        inspect_logs .eval, .json            dspy_files   Evaluate; saved programs are refused
"""

from __future__ import annotations

from typing import Final

from refine_core.rows.formats import (
    attempts,
    evaluation,
    inspect_logs,
    openai_files,
    promptfoo,
    training,
    verifiers_traces,
)
from refine_core.rows.formats.base import Format, Values
from refine_core.rows.row import is_own_row, row_from_json

OWN: Final = Format(
    "Refinescope rows",
    lambda _, values: is_own_row(values),
    lambda values, number, place: (row_from_json(values, number=number, source=place),),
    lambda row: "",  # noqa: ARG005
)
FORMATS: Final = (
    OWN,
    attempts.ATTEMPTS,
    promptfoo.RESULT,
    openai_files.ITEM,
    openai_files.BATCH,
    inspect_logs.SAMPLE,
    training.TRL,
    training.VERIFIERS,
    training.VERL,
    verifiers_traces.TRACES,
    evaluation.LM_EVAL,
    evaluation.LANGSMITH,
    evaluation.PHOENIX,
    promptfoo.TABLE,
)
"""In the order in which they are tried."""


def find_format(values: Values) -> Format | None:
    """The kind that a record belongs to; None if it is of no known kind."""
    names = frozenset(values)
    return next((one for one in FORMATS if one.recognizes(names, values)), None)
