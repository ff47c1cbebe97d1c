"""The alias table: what columns and parameters are called where the same thing has many names.

Inside the worker too: standard library only.
"""

from __future__ import annotations

# In the order in which they are looked for, where a row has several columns.
MAIN_OUTPUT = (
    "completion", "response", "output", "prediction", "answer", "text", "result", "generation", "generated_text",
    "model_output", "output_text",
)  # fmt: skip
REASONING = frozenset(("reasoning", "rationale", "thinking", "thoughts", "explanation"))
"""Outputs that are never the main one where there is another."""

EXPECTED = (
    "expected", "reference", "target", "ground_truth", "gold", "label", "solution", "answer", "expected_output",
    "expected_answer", "reference_answer", "correct_answer", "golden", "truth", "gold_answer", "correct",
    "expected_response",
)  # fmt: skip
PROMPT = ("prompt", "question", "input", "query", "instruction", "messages")

OUTPUT_WORDS = frozenset(
    ("output", "response", "prediction", "pred", "completion", "solution_str", "model_output", "output_text",
     "actual_output", "generated", "generation", "generated_text", "hypothesis", "candidate")
)  # fmt: skip
"""Parameters that take the main output."""
EXPECTED_WORDS = frozenset(EXPECTED) - {"answer", "solution"}
PROMPT_WORDS = frozenset(PROMPT)
