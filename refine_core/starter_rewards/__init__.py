"""Rewards to start from: a few lines of plain Python each, with cases that show what they pay and what they do not.

    library/NAME.py           the reward, as it is put into the editor; it reads `pred.answer`, and `args["answer"]` if it compares
    library/NAME.cases.json   its cases, as people keep them beside a reward

list_starters(output) gives all of them for a program whose output has another name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["STARTERS", "StarterReward", "list_starters"]

STARTERS: Final = (
    ("exact_match", "Exact match", "The expected answer, letter by letter."),
    ("normalized_match", "Normalised match", "Ignores capitals, punctuation and articles."),
    ("contains", "Contains the answer", "Somewhere in the text, as whole words."),
    ("regex", "A form, as a regex", "Such as AB-1234; half the points with text around it."),
    ("number", "A number, with a tolerance", "Reads 1,250, 42., $42 and 42 km."),
    ("json_object", "JSON with keys", "A share for each key that has a value."),
    ("json_schema", "JSON that fits a schema", "Types and keys; feedback names each fault."),
    ("word_range", "A number of words", "All points in the range, fewer outside."),
    ("token_f1", "Word overlap (F1)", "For answers of a few words or a sentence."),
    ("edit_similarity", "Edit similarity", "Fewer points for every letter that differs."),
    ("code_parses", "Code that parses", "Python, alone or in a code block; it is not run."),
    ("list_overlap", "List overlap", "Items in any order; feedback counts those missing."),
    ("judge_rubric", "A judge with a rubric", "A model grades and says why; each score is a call."),
    ("weighted_parts", "Weighted parts with reasons", "Several checks; feedback names what was lost."),
)
"""(key, title, what it is for) of each, in the order in which they are shown."""
_OUTPUT: Final = "answer"  # as the files call it


@dataclass(frozen=True, slots=True)
class StarterReward:
    """A reward to start from.

    key: its name in widget keys and of its files. title, about: what it is, and what it is for. source: Python, ready to be
    edited. cases: its cases as a document, for refine_core.cases.read_cases.
    """

    key: str
    title: str
    about: str
    source: str
    cases: str

    def for_output(self, name: str) -> StarterReward:
        """The same for an output of another name. The expected value keeps its own."""
        if name == _OUTPUT:
            return self
        document = json.loads(self.cases)
        for case in document["cases"]:
            case["prediction"] = {name: case["prediction"][_OUTPUT]}
        source = self.source.replace(f"pred.{_OUTPUT}", f"pred.{name}")
        cases = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return StarterReward(self.key, self.title, self.about, source, cases)


def list_starters(output: str = _OUTPUT) -> tuple[StarterReward, ...]:
    """All of them, each reading this output."""
    return tuple(one.for_output(output) for one in _load())


@cache
def _load() -> tuple[StarterReward, ...]:
    folder = files(__name__) / "library"
    return tuple(
        StarterReward(
            key,
            title,
            about,
            (folder / f"{key}.py").read_text(encoding="utf-8"),
            (folder / f"{key}.cases.json").read_text(encoding="utf-8"),
        )
        for key, title, about in STARTERS
    )
