"""The texts of what an exported file needs beside the reward and its cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refine_core.rewards.shapes.types import Shape

IMPORTS: Final[Mapping[str, str]] = {
    "asyncio": "import asyncio",
    "datetime": "import datetime",
    "functools": "import functools",
    "json": "import json",
    "math": "import math",
    "pytest": "import pytest",
    "zoneinfo": "import zoneinfo",
    "Decimal": "from decimal import Decimal",
    "Fraction": "from fractions import Fraction",
    "SimpleNamespace": "from types import SimpleNamespace",
    "UUID": "from uuid import UUID",
}
"""What is imported, by the name that the code uses."""

HELPERS: Final[Mapping[str, str]] = {
    "Fields": '''
class Fields(dict):
    """Named values, by attribute or by key, as a dspy Example or Prediction has them."""

    def __getattribute__(self, name):
        return self[name] if not name.startswith("_") and dict.__contains__(self, name) else dict.__getattribute__(self, name)

    def __setattr__(self, name, value):
        self[name] = value

    def toDict(self):
        return dict(self)

    def copy(self, **fields):
        return Fields({**self, **fields})

    def without(self, *names):
        return Fields({name: self[name] for name in self if name not in names})
''',
    "Target": '''
class Target(list):
    """The expected texts, as Inspect passes them."""

    @property
    def text(self):
        return "".join(self)
''',
    "Parser": '''
class Parser:
    """In place of a verifiers parser: the answer is the last reply as it is."""

    def parse(self, text):
        return text

    def get_assistant_messages(self, completion):
        return [one for one in completion if one.get("role") == "assistant"]

    def parse_answer(self, completion):
        if isinstance(completion, str):
            return completion
        replies = [one["content"] for one in self.get_assistant_messages(completion)]
        return replies[-1] if replies else ""
''',
    "ignore": '''
def ignore(*values):
    """In place of what keeps columns and metrics while a model is trained."""
''',
    "judge": '''
def judge(signature, **inputs):
    """The reward asks a model here. Put one in this function's place; without it, its cases are skipped."""
    pytest.skip("the reward asks a judge, and this file has none")
''',
    "finish": '''
def finish(result):
    """What an async reward returns, awaited."""

    async def wait():
        return await result

    return asyncio.run(wait()) if hasattr(type(result), "__await__") else result
''',
    "only": '''
def only(results):
    """The one score in a list for one row."""
    if isinstance(results, dict):
        results = results["rewards"]
    if not isinstance(results, (list, tuple)):
        results = results.tolist()
    assert len(results) == 1, f"the reward returned {len(results)} scores for 1 row"
    return results[0]
''',
    "measured": '''
def measured(metric, result):
    """What a DeepEval metric returned, or else keeps as its score."""
    assert not getattr(metric, "error", None), metric.error
    return getattr(metric, "score", None) if result is None else result
''',
    "weighted": '''
def weighted(*parts):
    """The sum of (weight, score), without parts that have no score; None where no part has one."""
    scores = [weight * score for weight, score in parts if score is not None]
    return sum(scores) if scores else None
''',
    "number": '''
def number(value):
    """A score as a float; None for None and NaN, which are no score."""
    if value is None:
        return None
    if isinstance(value, (str, bytes, list, tuple, dict)):
        raise TypeError(f"the reward returned {value!r}, which is no score")
    value = float(value)
    if math.isinf(value):
        raise ValueError(f"the reward returned {value}, which is no score")
    return None if math.isnan(value) else value
''',
    "holds": '''
def holds(score, low=-math.inf, high=math.inf):
    """Whether a score lies from low to high, but for the noise of binary fractions."""
    if score is None:
        return False
    close = [math.isclose(score, end, rel_tol=1e-6, abs_tol=1e-9) for end in (low, high)]
    return low <= score <= high or any(close)
''',
    "got": '''
def got(score, wanted):
    """What a failing case says."""
    return f"wanted {wanted}, got {'no score' if score is None else score}"
''',
    "scores_of": '''
def scores_of(cases):
    """The scores of cases, without those that have none."""
    scores = []
    for case in cases:
        try:
            scores.append(case())
        except Exception:  # its own test says so
            continue
    return [score for score in scores if score is not None]
''',
}  # fmt: skip
"""Name -> its definition. Words in it that are names of helpers or imports are replaced where they are taken."""

_WORDS: Final = {"true": 1.0, "false": 0.0, "C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_YES: Final = {"yes": 1.0, "no": 0.0}
_REFINE: Final = '''
def score_of(result):
    """The score in what the reward returned; None where it gave none."""
    for name in ("value", "score"):  # of a Score, of a prediction
        if hasattr(result, name):
            return number(getattr(result, name))
    return number(result)
'''
_HEAD: Final = '''
def score_of(result):
    """The score in what the reward returned; None where it gave none."""
    if isinstance(result, str):
'''
_JSON_TEXT: Final = """        if result.strip()[:1] in ("{", "["):
            return score_of(json.loads(result))
"""
_MAPPING: Final = """    if hasattr(result, "keys"):
"""
_SCORE_KEYS: Final = """        for name in ("score", "value"):
            if name in result:
                return score_of(result[name])
"""
_NAMED_NUMBERS: Final = """        parts = {}
        for name in ("namedScores", "named_scores", "metrics", "parts", "scores"):
            parts.update(result.get(name) or {})
        parts.update(result)
        numbers = [float(one) for one in parts.values() if isinstance(one, (int, float)) and math.isfinite(one)]
        if numbers:
            return sum(numbers)MEAN
"""
_TUPLE: Final = """    if isinstance(result, tuple) and any(isinstance(one, str) for one in result):  # (score, reason)
        return score_of(next(one for one in result if one is not None and not isinstance(one, str)))
"""
_SEVERAL: Final = """    if isinstance(result, (list, tuple)):  # several scores of one output: their mean
        scores = [score for score in map(score_of, result) if score is not None]
        return sum(scores) / len(scores) if scores else None
"""
_TAIL: Final = """    for name in ("score", "value"):
        if hasattr(result, name):
            return score_of(getattr(result, name))
    return number(result)
"""


def write_score_of(shape: Shape) -> str:
    """The function that reads what a reward of this shape returned."""
    if shape == "refine":
        return _REFINE
    words = _WORDS | (_YES if shape in ("inspect", "mlflow") else {})
    text = _HEAD + (_JSON_TEXT if shape == "promptfoo" else "")
    table = ", ".join(f'"{word}": {value}' for word, value in words.items())
    text += f"        words = {{{table}}}\n        word = result.strip()\n"
    text += "        if word.lower() in words or word in words:\n            return words.get(word.lower(), words.get(word))\n"
    if shape in ("inspect", "promptfoo"):
        text += "        return number(float(word))\n"
    text += _MAPPING
    if shape == "langsmith":
        text += '        if "results" in result:\n            return score_of(list(result["results"]))\n'
    text += _SCORE_KEYS
    if shape == "promptfoo":
        text += '        if isinstance(result.get("pass", result.get("pass_")), bool):\n'
        text += '            return float(result.get("pass", result.get("pass_")))\n'
    if shape in ("verifiers", "by_name", "mlflow", "inspect"):
        text += _NAMED_NUMBERS.replace("MEAN", "" if shape == "verifiers" else " / len(numbers)")
    text += '        raise TypeError(f"the reward returned a dict without a score: {dict(result)!r}")\n'
    text += _TUPLE
    if shape in ("langsmith", "langfuse", "mlflow", "braintrust", "by_name", "inspect"):
        text += _SEVERAL
    return text + _TAIL
