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
    """A worked example.

    key: its name in addresses. title: in plain words. teaches: one sentence. look_for: two sentences, on what to look for
    in the run. spec: what is run.
    """

    key: str
    title: str
    teaches: str
    look_for: str
    spec: ProgramSpec


_ONE_WORD = '''\
def reward(args, pred):
    """One bare word: no sentence, no full stop."""
    words = pred.answer.split()
    if len(words) != 1:
        return 0.2  # a sentence, or nothing at all
    if not pred.answer.isalpha():
        return 0.6  # a full stop or quotes around it
    # Only the form is judged: whether the word is
    # right, this reward cannot know.
    return 1.0
'''

_TWO_STAGES = '''\
import re


def reward(args, pred):
    """A short reply: names the order and the day."""
    message = args["message"]
    orders = re.findall(r"[A-Z]{2}-\\d{4}", message)
    days = re.findall(r"\\d{1,2} March", message)
    has_order = any(o in pred.reply for o in orders)
    has_day = any(day in pred.reply for day in days)
    words = len(pred.reply.split())
    parts = {
        # Copied from the customer's own message: an
        # invented number earns nothing.
        "order number": 0.4 if has_order else 0.0,
        "date": 0.4 if has_day else 0.0,
        "few words": 0.2 if words <= 40 else 0.0,
    }
    lost = [name for name in parts if not parts[name]]
    feedback = "lost: " + (", ".join(lost) or "none")
    total = round(sum(parts.values()), 2)
    return Score(total, feedback=feedback, parts=parts)
'''

_FLAKY = '''\
def reward(args, pred):
    """A review that praises and complains is neutral, and nobody can be very sure of that."""
    right = pred.sentiment == "neutral"
    modest = 0.4 <= pred.confidence <= 0.7
    return 0.6 * right + 0.4 * modest
'''

_JSON = '''\
import json


def reward(args, pred):
    """An order as JSON with three keys."""
    try:
        order = json.loads(pred.order)
    except ValueError:
        return Score(0.0, feedback="Not JSON.")
    parts = {
        "parses": 0.4,
        "number": 0.2 if "number" in order else 0.0,
        "item": 0.2 if "item" in order else 0.0,
        "date": 0.2 if "date" in order else 0.0,
    }
    lost = [key for key in parts if not parts[key]]
    feedback = " ".join(
        f'Give JSON with the key "{key}".' for key in lost
    )
    total = round(sum(parts.values()), 2)
    return Score(total, feedback=feedback, parts=parts)
'''

_LENGTH = '''\
def reward(args, pred):
    """25 to 35 words, with the sum and the deadline."""
    text = pred.summary
    words = len(text.split())
    distance = max(25 - words, words - 35)
    # Partial credit: each word outside the band costs
    # 0.02.
    partial = round(max(0.0, 0.5 - 0.02 * distance), 2)
    parts = {
        "length": 0.5 if 25 <= words <= 35 else partial,
        "sum": 0.25 if "40,000" in text else 0.0,
        "deadline": 0.25 if "Friday" in text else 0.0,
    }
    total = round(sum(parts.values()), 2)
    return Score(total, feedback=f"{words} words", parts=parts)
'''

_GAMED = '''\
def reward(args, pred):
    """Meant: a helpful reply. Measured: four words."""
    text = pred.reply.lower()
    parts = {
        "thank": 0.25 if "thank" in text else 0.0,
        "sorry": 0.25 if "sorry" in text else 0.0,
        "glad": 0.25 if "glad" in text else 0.0,
        "happy": 0.25 if "happy" in text else 0.0,
    }
    lost = [word for word in parts if not parts[word]]
    feedback = "missing: " + (", ".join(lost) or "none")
    total = sum(parts.values())
    return Score(total, feedback=feedback, parts=parts)
'''

_OUT_OF_REACH = '''\
def reward(args, pred):
    """One bare word with a capital letter.

    The threshold is 1.0: add up the parts.
    """
    answer = pred.answer
    words = answer.split()
    parts = {
        "one word": 0.5 if len(words) == 1 else 0.0,
        "letters only": 0.3 if answer.isalpha() else 0.0,
        "capital": 0.1 if answer[:1].isupper() else 0.0,
    }
    return Score(round(sum(parts.values()), 2), parts=parts)
'''

_BUG = '''\
def reward(args, pred):
    """One bare word.

    A bug on one line meets only the best answers.
    """
    words = pred.answer.split()
    if len(words) != 1:
        return 0.2
    if pred.answer.isalpha():
        score = 1 / (len(words) - 1)
        return score
    return 0.6
'''

_MESSAGE = (
    "Hello, my kettle arrived with a cracked lid. It was order KT-4471. I would like a new one before 14 March, "
    "when my parents come to visit. Kind regards, Ines"
)

_MINUTES = (
    "The board met on Tuesday evening. The new bakery in Harbour Street opens in May, two weeks later than planned, "
    "because the oven arrived with a cracked door. Three of the five bakers have signed. The bank lends 40,000 euros at "
    "5 percent if the lease runs for ten years. The chair needs the budget by Friday."
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
        "Each hint repairs one thing in the answer below it. A wrong word of the right form would be paid just as well.",
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
        "json",
        "JSON that must parse",
        "The model wraps its JSON in a friendly sentence, and nothing that cannot be parsed earns a point.",
        "Attempt 1 has nearly the right data and scores 0: it does not parse. The last part comes once a hint asks for the date.",
        ProgramSpec(
            stages=(StageSpec("extract", "message -> order", "Extract the order from this message."),),
            reward=_JSON,
            inputs={"message": _MESSAGE},
            title="JSON that must parse",
            N=5,
            threshold=1.0,
            example="json",
        ),
    ),
    WorkedExample(
        "length",
        "A length band, with partial credit",
        "A summary earns points for its length, a sum and a deadline. Partial credit shows which hint helped.",
        "An attempt can gain the sum and lose some of its length. A reward of 0 or 1 would call these attempts equal.",
        ProgramSpec(
            stages=(StageSpec("summarize", "minutes -> summary", "Sum up these minutes."),),
            reward=_LENGTH,
            inputs={"minutes": _MINUTES},
            title="A length band, with partial credit",
            N=5,
            threshold=1.0,
            seed=6,  # whose run gains the parts one after the other
            example="length",
        ),
    ),
    WorkedExample(
        "two_stages",
        "Two stages, one to blame",
        "Two stages. The advice first blames the wrong one.",
        'The first hint goes to write, whose facts hold no number: it writes "[order number]". The reward rises once extract gets one.',
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
        "gamed",
        "A reward that is gamed",
        "The reward counts friendly words. It ends at 1.0 with a reply that helps nobody.",
        "The reward rises while the replies get worse. Change the reward so that attempt 1 wins.",
        ProgramSpec(
            stages=(StageSpec("reply", "message -> reply", "Write a reply that helps the customer."),),
            reward=_GAMED,
            inputs={"message": _MESSAGE},
            title="A reward that is gamed",
            N=5,
            threshold=1.0,
            example="gamed",
        ),
    ),
    WorkedExample(
        "out_of_reach",
        "A threshold that cannot be reached",
        "The threshold is 1.0, and the parts of the reward add up to 0.9.",
        "Attempt 3 has every part in full and still misses the threshold. Lower that to 0.9, or correct the parts.",
        ProgramSpec(
            stages=(StageSpec("answer", "question -> answer"),),
            reward=_OUT_OF_REACH,
            inputs={"question": "What is the capital of Belgium?"},
            title="A threshold that cannot be reached",
            N=5,
            threshold=1.0,
            example="out_of_reach",
        ),
    ),
    WorkedExample(
        "bug",
        "A reward with a bug",
        "The reward divides by zero, and only for the best answers, so the worst ones win.",
        "A cross marks the best outputs: their reward failed, not the model. Fix the line marked in the editor, then run again.",
        ProgramSpec(
            stages=(StageSpec("answer", "question -> answer"),),
            reward=_BUG,
            inputs={"question": "What is the capital of Belgium?"},
            title="A reward with a bug",
            N=5,
            threshold=1.0,
            example="bug",
        ),
    ),
    WorkedExample(
        "flaky",
        "A flaky model",
        "The review is garbled on purpose: some replies are late or cannot be read, some attempts fail, "
        "and the run continues anyway.",
        "A cross is a reply that was late or cannot be read: open it to see which. The run goes on while 6 or fewer have failed.",
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
