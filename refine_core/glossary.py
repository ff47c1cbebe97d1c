"""The twelve words that a reader of the screens needs. The hover texts show these sentences; docs/glossary.md lists them.

.venv/bin/python -m refine_core.glossary > docs/glossary.md
"""

from __future__ import annotations

import sys
from typing import Final, Literal

Term = Literal[
    "signature",
    "predictor",
    "stage",
    "attempt",
    "reward",
    "threshold",
    "adviser",
    "hint",
    "rollout",
    "run",
    "event",
    "recording",
]

GLOSSARY: Final[dict[Term, str]] = {
    "signature": "The inputs and outputs of a model call by name, such as `question -> answer`. "
    "A name may have a type: `context: list[str] -> score: float`.",
    "predictor": "The part of a program that asks a model to fill in one signature.",
    "stage": "One step of a program: a predictor with its signature and instructions. "
    "Its inputs may be the outputs of earlier stages.",
    "attempt": "One execution of the whole program, from its inputs to its outputs and their reward.",
    "reward": "A Python function of the inputs and the prediction that returns a number: higher is better. "
    "It may return `Score(value, feedback, parts)` instead.",
    "threshold": "The reward that is good enough: the run stops at the first attempt that reaches it.",
    "adviser": "The model that is asked after an attempt what each predictor should do better.",
    "hint": "A piece of advice for one predictor. It is added to that predictor's prompt in the next attempt.",
    "rollout": "A number that keeps identical calls of different attempts apart in the cache. It is never sent to the model.",
    "run": "One refinement: all attempts of a program on the same inputs, up to the prediction that is returned.",
    "event": "A recorded fact about a run, such as a request, a reply or a reward. "
    "Each is saved before the run goes on, and every screen is built from them.",
    "recording": "The replies of an earlier run, which can stand in for the model: no network, no key, no cost.",
}
"""Term -> its definition, as Markdown."""


def write_page() -> str:
    """The glossary as a page of the documentation."""
    entries = "\n".join(f"- **{term}**: {definition}" for term, definition in GLOSSARY.items())
    return f"# Glossary\n\nThe screens show these sentences where you point at a word.\n\n{entries}\n"


if __name__ == "__main__":
    sys.stdout.write(write_page())
