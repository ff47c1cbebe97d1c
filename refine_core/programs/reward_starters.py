"""Rewards to start from, written for the outputs of the program at hand."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.errors import SignatureError
from refine_core.refine.build import build_stage_signature
from refine_core.spec import ProgramSpec


@dataclass(frozen=True, slots=True)
class RewardStarter:
    """key: its name in widget keys. title, about: what it is, and when to use it. source: Python, ready to be edited."""

    key: str
    title: str
    about: str
    source: str


def list_reward_starters(spec: ProgramSpec) -> tuple[RewardStarter, ...]:
    """All of them, each reading the last output of the program; `answer` where the signature does not parse."""
    try:
        names = tuple(build_stage_signature(spec.stages[-1]).output_fields) if spec.stages else ()
    except SignatureError:
        names = ()
    output = names[-1] if names else "answer"
    return tuple(
        RewardStarter(key, title, about, source.replace("OUTPUT", output))
        for key, title, about, source in _STARTERS
    )


_STARTERS = (
    (
        "exact",
        "Equals a reference value",
        'Compares the output with args["answer"], a reference value that only the reward sees.',
        '''\
def reward(args, pred):
    """1 if the output equals the reference value, whatever the capitals."""
    return float(str(pred.OUTPUT).strip().lower() == str(args["answer"]).strip().lower())
''',
    ),
    (
        "length",
        "A length band with partial credit",
        "Full marks inside the band, less the farther away.",
        '''\
def reward(args, pred):
    """20 to 40 words: full marks inside, less for every word outside."""
    words = len(str(pred.OUTPUT).split())
    outside = max(20 - words, words - 40, 0)
    return Score(max(0.0, 1.0 - outside / 20), feedback=f"{words} words; 20 to 40 are wanted")
''',
    ),
    (
        "parts",
        "Several parts with feedback",
        "Each part earns points; the adviser reads which were lost.",
        '''\
def reward(args, pred):
    """Three things, each worth a part of the score."""
    text = str(pred.OUTPUT)
    parts = {
        "short": 0.4 if len(text.split()) <= 30 else 0.0,
        "one sentence": 0.3 if text.count(".") <= 1 else 0.0,
        "no filler": 0.0 if "very" in text.lower() else 0.3,
    }
    lost = [name for name, points in parts.items() if points == 0]
    return Score(sum(parts.values()), feedback="lost: " + (", ".join(lost) or "none"), parts=parts)
''',
    ),
    (
        "json",
        "JSON that parses",
        "A step for each thing that is right: it parses, it is an object, it has the keys.",
        '''\
import json


def reward(args, pred):
    """0 if it does not parse, then more for each key that is there."""
    try:
        value = json.loads(str(pred.OUTPUT))
    except ValueError as error:
        return Score(0.0, feedback=f"not JSON: {error}")
    if not isinstance(value, dict):
        return Score(0.3, feedback="JSON, but no object")
    missing = [key for key in ("name", "date") if key not in value]
    return Score(1.0 - 0.3 * len(missing), feedback=f"missing keys: {missing}")
''',
    ),
    (
        "judge",
        "A model as the judge",
        "A model grades the output; each score costs a call.",
        '''\
def reward(args, pred):
    """The judge gives 0 to 10 points."""
    graded = judge("text -> points: float", text=str(pred.OUTPUT))
    return max(0.0, min(graded["points"], 10.0)) / 10
''',
    ),
)
