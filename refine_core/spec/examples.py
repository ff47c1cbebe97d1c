"""The worked examples: programs that run at once, on the practice model, each to teach one thing.

They are ordinary descriptions. The practice model treats them as it treats any other prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from refine_core.spec.program import ProgramSpec, StageSpec


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A worked example. key: its name in addresses. title: in plain words. teaches: one sentence. spec: what is run."""

    key: str
    title: str
    teaches: str
    spec: ProgramSpec


_ONE_WORD = '''\
def reward(args, pred):
    """One bare word: no sentence, no full stop."""
    words = pred.answer.split()
    if len(words) != 1:
        return 0.2  # a sentence, or nothing at all
    if not pred.answer.isalpha():
        return 0.6  # one word, but with a full stop or quotes around it
    # Only the form is judged here: whether the word is right, this reward cannot know.
    return 1.0
'''

_TWO_STAGES = '''\
import re


def reward(args, pred):
    """A reply to act on: it names the order and the day, in few words."""
    orders = re.findall(r"[A-Z]{2}-\\d{4}", args["message"])
    days = re.findall(r"\\d{1,2} (?:March|April|May)", args["message"])
    parts = {
        # Copied from the customer's own message, so that an invented number earns nothing.
        "order number": 0.4 if any(order in pred.reply for order in orders) else 0.0,
        "date": 0.4 if any(day in pred.reply for day in days) else 0.0,
        "few words": 0.2 if len(pred.reply.split()) <= 40 else 0.0,
    }
    lost = [name for name, points in parts.items() if points == 0]
    feedback = f"points lost for: {', '.join(lost)}" if lost else "everything is there"
    return Score(round(sum(parts.values()), 2), feedback=feedback, parts=parts)
'''

_FLAKY = '''\
def reward(args, pred):
    """A review that praises and complains is neutral, and nobody can be very sure of that."""
    right = pred.sentiment == "neutral"
    modest = 0.4 <= pred.confidence <= 0.7
    return 0.6 * right + 0.4 * modest
'''

_MESSAGE = (
    "Hello, my kettle arrived with a cracked lid. It was order KT-4471. I would like a new one before 14 March, "
    "when my parents come to visit. Kind regards, Ines"
)

# UTF-8 that was read as Latin-1 on its way: the text that the practice model stumbles over.
_REVIEW = (
    "Itâ€™s a great machine and the cafÃ© crÃ¨me is excellent â€“ but itâ€™s slow, and after two weeks it leaks. "
    "I love the look, I donâ€™t love the puddle."
)

_ALL = (
    WorkedExample(
        "one_word",
        "One-word answer",
        "The reward accepts only a single bare word. Two hints lead there.",
        ProgramSpec(
            stages=(StageSpec("answer", "question -> answer"),),
            reward=_ONE_WORD,
            inputs={"question": "What is the capital of Belgium?"},
            title="One-word answer",
            N=5,
            threshold=1.0,
            example="one_word",
        ),
    ),
    WorkedExample(
        "two_stages",
        "Two stages, one to blame",
        "Two stages. The advice first blames the wrong one.",
        ProgramSpec(
            stages=(
                StageSpec(
                    "extract", "message -> facts: list[str]", "List what the writer of the message says."
                ),
                StageSpec(
                    "write",
                    "facts: list[str] -> reply",
                    "Write a reply to the customer, from these facts alone.",
                ),
            ),
            reward=_TWO_STAGES,
            inputs={"message": _MESSAGE},
            title="Two stages, one to blame",
            N=6,
            threshold=1.0,
            example="two_stages",
        ),
    ),
    WorkedExample(
        "flaky",
        "A flaky model",
        "The review is garbled on purpose: some replies are late or cannot be read, some attempts fail, "
        "and the run continues anyway.",
        ProgramSpec(
            stages=(
                StageSpec(
                    "judge",
                    "review -> sentiment: Literal['positive', 'negative', 'neutral'], confidence: float",
                    "Say how the reviewer feels, and how sure one can be, from 0 to 1.",
                ),
            ),
            reward=_FLAKY,
            inputs={"review": _REVIEW},
            title="A flaky model",
            N=8,
            threshold=1.0,
            fail_count=6,
            seed=129,  # of the few whose runs show everything that can go wrong, and end well
            example="flaky",
        ),
    ),
)

NEW_PROGRAM = ProgramSpec(
    stages=(StageSpec("answer", "question -> answer"),),
    reward='''\
def reward(args, pred):
    """Higher is better: 1 for a good answer, 0 for a bad one."""
    return 1.0 if pred.answer else 0.0
''',
    inputs={"question": ""},
)
"""What an empty form holds: the least that can be run."""

EXAMPLES: Mapping[str, WorkedExample] = MappingProxyType({example.key: example for example in _ALL})
"""Key -> example, in the order in which they are shown."""
