"""Where two rows part: the line, and the headline with the reason, for the forms in which rewards are written."""

import pytest

from refine_core.rewards.shapes import recognize
from refine_core.rows import Row
from refine_core.xray import XrayDesk, find_function, find_parting

# name: (source, two rows as (output, inputs or expected values), line, headline)
FORMS = {
    "trl append": (
        """\
def correctness_reward(completions, answer, **kwargs):
    scores = []
    for text, gold in zip(completions, answer):
        said = text.split("Answer:")[-1].strip()
        scores.append(2.0 if said in gold else 0.0)
    return scores
""",
        ("It is so. Answer: 1945", {"answer": "1945"}),
        ("Answer: 1954", {"answer": "1945"}),
        5,
        "Row 2 gets 2.00 less, at line 5: '1954' is not in '1945'.",
    ),
    "trl comp": (
        """\
def correct(completions, answer, **kwargs):
    return [0.1 if a.lower() in c.lower() and a else 0.0 for c, a in zip(completions, answer)]
""",
        ("Oslo", {"answer": "Oslo"}),
        ("Bergen", {"answer": "Oslo"}),
        2,
        "Row 2 gets 0.10 less, at line 2: 'oslo' is not in 'bergen'.",
    ),
    "trl comp helper": (
        """\
import re
def extract(t):
    found = re.search(r"Answer: (\\w+)", t)
    return found.group(1) if found else ""
def correct(completions, answer, **kwargs):
    return [2.0 if extract(t) in a else 0.0 for t, a in zip(completions, answer)]
""",
        ("Answer: Oslo", {"answer": "Oslo"}),
        ("Answer: Bergen", {"answer": "Oslo"}),
        6,
        "Row 2 gets 2.00 less, at line 6: 'Bergen' is not in 'Oslo'.",
    ),
    "trl tags": (
        """\
def tags(completions, **kwargs):
    return [sum(5.0 for tag in ("<think>", "</think>", "<answer>", "</answer>") if tag in c) for c in completions]
""",
        ("<think>x</think><answer>Oslo</answer>", {}),
        ("<think>Oslo", {}),
        2,
        "Both take the same branches. Row 2 gets 15.00 less, at line 2: '</think>' is not in '<think>Oslo'.",
    ),
    "trl format": (
        """\
import re
PATTERN = re.compile(r"^<reasoning>.+</reasoning>\\s*<answer>.+</answer>$")

def format_reward(completions, **kwargs):
    return [1.0 if PATTERN.match(c) else 0.0 for c in completions]
""",
        ("<reasoning>add</reasoning><answer>4</answer>", {}),
        ("<reasoning>2\\nx</reasoning><answer>", {}),
        5,
        "Row 2 gets 1.00 less, at line 5: PATTERN.match(c) is None.",
    ),
    "if append": (
        """\
def f(completions, answer, **kwargs):
    rewards = []
    for c, a in zip(completions, answer):
        if a in c:
            rewards.append(1.0)
        else:
            rewards.append(0.0)
    return rewards
""",
        ("is Oslo", {"answer": "Oslo"}),
        ("Bergen", {"answer": "Oslo"}),
        4,
        "They take different branches at line 4. Row 2 gets 1.00 less because of it: 'Oslo' is not in 'Bergen'.",
    ),
    "score += in loop": (
        """\
def f(completions, answer, **kwargs):
    rewards = []
    for c, a in zip(completions, answer):
        score = 0.0
        if a in c:
            score += 0.5
        score += 0.5 * (len(c) < 10)
        rewards.append(score)
    return rewards
""",
        ("is Oslo", {"answer": "Oslo"}),
        ("is Oslo is Oslo", {"answer": "Oslo"}),
        7,
        "Both take the same branches. Row 2 gets 0.50 less on score, at line 7: len(c) is 15, not below 10.",
    ),
    "two lists, extend": (
        """\
def f(completions, answer, **kwargs):
    rewards = []
    rewards.extend(float(c == a) for c, a in zip(completions, answer))
    return rewards
""",
        ("Oslo", {"answer": "Oslo"}),
        ("Oslo.", {"answer": "Oslo"}),
        3,
        "Both take the same branches. Row 2 gets 1.00 less, at line 3: 'Oslo.' is not 'Oslo'.",
    ),
    "parts update": (
        """\
def reward(args, pred):
    parts = {}
    parts.update(short=0.5 * (len(pred.text) < 5))
    parts.update({"a": 0.5 * ("a" in pred.text)})
    return Score(sum(parts.values()), parts=parts)
""",
        ("abc", {}),
        ("bcd", {}),
        4,
        "Both take the same branches. Row 2 gets 0.50 less on a, at line 4: 'a' is not in 'bcd'.",
    ),
    "early return": (
        """\
def reward(args, pred):
    if not pred.text:
        return 0.0
    if "a" not in pred.text:
        return 0.2
    return 1.0
""",
        ("abc", {}),
        ("bcd", {}),
        4,
        "They take different branches at line 4. Row 2 gets 0.80 less because of it: 'a' is not in 'bcd'.",
    ),
    "score +=": (
        """\
def reward(args, pred):
    score = 0
    if "a" in pred.text:
        score += 0.5
    score += 0.5 * pred.text.isalpha()
    return score
""",
        ("abc", {}),
        ("bcd", {}),
        3,
        "They take different branches at line 3. Row 2 gets 0.50 less on score because of it: 'a' is not in 'bcd'.",
    ),
    "max": (
        """\
def reward(args, pred):
    score = 0.0
    score = max(score, len(pred.text) / 10)
    return score
""",
        ("abc", {}),
        ("bcdef", {}),
        3,
        "Both take the same branches. Row 1 gets 0.20 less on score, at line 3: len(pred.text) is 3, against 5.",
    ),
    "all bool": (
        """\
def reward(args, pred):
    return all(w in pred.text for w in ("a", "b"))
""",
        ("abc", {}),
        ("bcdef", {}),
        2,
        "Both take the same branches. Row 2 gets 1.00 less, at line 2: 'a' is not in 'bcdef'.",
    ),
    "any early if": (
        """\
def reward(args, pred):
    if any(w in pred.text for w in ("sorry", "cannot")):
        return 0.0
    return 1.0
""",
        ("abc", {}),
        ("sorry", {}),
        2,
        "They take different branches at line 2. Row 2 gets 1.00 less because of it: 'sorry' is in 'sorry'.",
    ),
    "weighted": (
        """\
def reward(args, pred):
    x = len(pred.text) / 10
    y = "a" in pred.text
    return 0.3 * x + 0.7 * y
""",
        ("abc", {}),
        ("bcd", {}),
        3,
        "Both take the same branches. Row 2 gets 0.70 less on y, at line 3: 'a' is not in 'bcd'.",
    ),
    "weighted where it is made": (
        """\
def reward(args, pred):
    right = 1.0 if pred.text == args["answer"] else 0.0
    short = 1.0 if len(pred.text) < 9 else 0.5
    return 0.7 * right + 0.3 * short
""",
        ("Rome", {"answer": "Rome"}),
        ("Paris, France", {"answer": "Rome"}),
        2,
        "Row 2 gets 0.70 less on right, at line 2: 'Paris, France' is not 'Rome'. In all Row 2 has 0.85 less.",
    ),
    "Score parts": (
        """\
def reward(args, pred):
    short = 0.5 if len(pred.text) < 5 else 0.0
    has = 0.5 if "a" in pred.text else 0.0
    return Score(short + has, parts={"short": short, "has": has})
""",
        ("abc", {}),
        ("bcd", {}),
        3,
        "Row 2 gets 0.50 less on has, at line 3: 'a' is not in 'bcd'.",
    ),
    "mean": (
        """\
import statistics
def reward(args, pred):
    return statistics.mean([
        len(pred.text) < 5,
        "a" in pred.text,
    ])
""",
        ("abc", {}),
        ("bcd", {}),
        3,
        "Both take the same branches. Row 2 gets 0.50 less, at line 3: 'a' is not in 'bcd'.",
    ),
    "re groups": (
        """\
import re
def reward(args, pred):
    m = re.search(r"(\\d+) of (\\d+)", pred.text)
    if m is None:
        return 0.0
    return int(m.group(1)) / int(m.group(2))
""",
        ("3 of 4", {}),
        ("1 of 4", {}),
        6,
        "Both take the same branches. Row 2 gets 0.50 less, at line 6: m.group(1) is '1', against '3'.",
    ),
    "re none": (
        """\
import re
def reward(args, pred):
    m = re.search(r"(\\d+) of (\\d+)", pred.text)
    return int(m.group(1)) / int(m.group(2)) if m else 0.0
""",
        ("3 of 4", {}),
        ("none", {}),
        4,
        'Row 2 gets 0.75 less, at line 4: re.search(r"(\\d+) of (\\d+)", pred.text) is None.',
    ),
    "try": (
        """\
def reward(args, pred):
    try:
        n = float(pred.text)
    except ValueError:
        return 0.0
    return n / 10
""",
        ("5", {}),
        ("1,250", {}),
        3,
        "They take different branches at line 3. Row 2 gets 0.50 less because of it: ValueError: could not convert string to float: '1,250'.",
    ),
    "try json": (
        """\
import json
def reward(args, pred):
    score = 0.0
    try:
        data = json.loads(pred.text)
        score += 0.5
        if "a" in data:
            score += 0.5
    except Exception:
        pass
    return score
""",
        ('{"a": 1}', {}),
        ("{'a': 1}", {}),
        5,
        "They take different branches at line 5. Row 2 gets 0.50 less on score because of it: JSONDecodeError: Expecting property name enclosed in double quotes: line 1 colu… In all Row 2 has 1.00 less.",
    ),
    "while": (
        """\
def reward(args, pred):
    i = 0
    while i < len(pred.text):
        if pred.text[i] == "c":
            break
        i += 1
    return i / 10
""",
        ("abc", {}),
        ("c", {}),
        7,
        "Both take the same branches. Row 2 gets 0.20 less, at line 7: i is 0, against 2.",
    ),
    "match": (
        """\
def reward(args, pred):
    match pred.text.split():
        case [one]:
            return 1.0
        case [one, *rest]:
            return 1 / (1 + len(rest))
    return 0.0
""",
        ("abc", {}),
        ("c d e", {}),
        3,
        "They take different branches at line 3. Row 2 gets 0.67 less because of it: pred.text.split() is ['c', 'd', 'e'], against ['abc'].",
    ),
    "class call": (
        """\
class Reward:
    def __init__(self):
        self.words = ["a"]
    def __call__(self, completions, **kwargs):
        return [self.score(c) for c in completions]
    def score(self, text):
        n = 0
        for w in self.words:
            n += w in text
        return n / len(self.words)
reward = Reward()
""",
        ("abc", {}),
        ("c d e", {}),
        5,
        "Both take the same branches. Row 2 gets 1.00 less, at line 5: in score, at line 9, 'a' is not in 'c d e'.",
    ),
    "async": (
        """\
import asyncio
async def judge_one(c, a):
    return 1.0 if c.strip() == a else 0.0
async def reward(completions, answer, **kwargs):
    return await asyncio.gather(*(judge_one(c, a) for c, a in zip(completions, answer)))
""",
        ("abc", {"answer": "abc"}),
        ("c d e", {"answer": "abc"}),
        5,
        "Both take the same branches. Row 2 gets 1.00 less, at line 5: in judge_one, at line 3, 'c d e' is not 'abc'.",
    ),
    "map list": (
        """\
def score(c, a):
    if a in c:
        return 1.0
    return 0.0
def reward(completions, answer, **kwargs):
    return list(map(score, completions, answer))
""",
        ("abc", {"answer": "abc"}),
        ("c d e", {"answer": "abc"}),
        6,
        "Both take the same branches. Row 2 gets 1.00 less, at line 6: in score, at line 2, 'abc' is not in 'c d e'.",
    ),
    "count_xml": (
        """\
def count_xml(text) -> float:
    count = 0.0
    if text.count("<reasoning>\\n") == 1:
        count += 0.125
    if text.count("\\n</reasoning>\\n") == 1:
        count += 0.125
    if text.count("\\n<answer>\\n") == 1:
        count += 0.125
        count -= len(text.split("\\n</answer>\\n")[-1])*0.001
    return count
def xmlcount_reward_func(completions, **kwargs) -> list[float]:
    return [count_xml(c) for c in completions]
""",
        ("<reasoning>\nx\n</reasoning>\n<answer>\n4\n</answer>\n", {}),
        ("<reasoning>\nx\n<answer>\n4</answer>", {}),
        12,
        'Both take the same branches. Row 2 gets 0.16 less, at line 12: in count_xml, at line 5, text.count("\\n</reasoning>\\n") is 0, not 1.',
    ),
    "clamped": (
        """\
def reward(args, pred):
    n = len(pred.text.split())
    penalty = abs(n - 3) * 0.1
    return max(0.0, 1.0 - penalty)
""",
        ("a b c", {}),
        ("a", {}),
        3,
        "Both take the same branches. In all Row 2 has 0.20 less. The scores part at line 3 on penalty: abs(n - 3) is 2, against 0.",
    ),
    "rewards prealloc": (
        """\
def f(completions, answer, **kwargs):
    rewards = [0.0] * len(completions)
    for i, (c, a) in enumerate(zip(completions, answer)):
        if c.strip().lower() == a.lower():
            rewards[i] = 1.0
    return rewards
""",
        ("oslo", {"answer": "Oslo"}),
        ("Bergen", {"answer": "Oslo"}),
        4,
        "They take different branches at line 4. In all Row 2 has 1.00 less. The scores part there: 'bergen' is not 'oslo'.",
    ),
    "rewards idx +=": (
        """\
def f(completions, answer, **kwargs):
    rewards = [0.0] * len(completions)
    for i, (c, a) in enumerate(zip(completions, answer)):
        rewards[i] += 0.5 * (a in c)
        rewards[i] += 0.5 if len(c) < 10 else 0.1
    return rewards
""",
        ("oslo Oslo", {"answer": "Oslo"}),
        ("Bergen", {"answer": "Oslo"}),
        4,
        "Both take the same branches. Row 2 gets 0.50 less, at line 4: 'Oslo' is not in 'Bergen'.",
    ),
    "lists in return": (
        """\
def reward(args, pred):
    checks = ["a" in pred.text, len(pred.text) < 10, pred.text.islower()]
    return sum(checks) / len(checks)
""",
        ("abc", {}),
        ("bcd", {}),
        2,
        "Both take the same branches. In all Row 2 has 0.33 less. The scores part at line 2 on checks: 'a' is not in 'bcd'.",
    ),
    "continue": (
        """\
def f(completions, answer, **kwargs):
    out = []
    for c, a in zip(completions, answer):
        if "Answer:" not in c:
            out.append(-1.0)
            continue
        got = c.split("Answer:")[1].strip()
        out.append(float(got == a))
    return out
""",
        ("Answer: 4", {"answer": "4"}),
        ("4", {"answer": "4"}),
        4,
        "They take different branches at line 4. Row 2 gets 2.00 less because of it: 'Answer:' is not in '4'.",
    ),
    "same score other branch": (
        """\
def reward(args, pred):
    s = 0.0
    if len(pred.text) > 3:
        s += 0.0
    s += 1.0 * ("a" in pred.text)
    return s
""",
        ("abd", {}),
        ("bcdef", {}),
        5,
        "They take different branches at line 3. Row 2 gets 1.00 less on s, at line 5: 'a' is not in 'bcdef'.",
    ),
    "walrus": (
        """\
import re
def reward(args, pred):
    if (m := re.search(r"\\d+", pred.text)) and int(m.group()) > 5:
        return 1.0
    return 0.0
""",
        ("7", {}),
        ("3", {}),
        3,
        "They take different branches at line 3. Row 2 gets 1.00 less because of it: int(m.group()) is 3, not above 5.",
    ),
    "lambda": (
        """\
reward = lambda args, pred: 1.0 if "a" in pred.text else 0.0
""",
        ("abc", {}),
        ("bcd", {}),
        1,
        "Row 2 gets 1.00 less, at line 1: 'a' is not in 'bcd'.",
    ),
    "no score": (
        """\
def reward(args, pred):
    if "thank" in pred.text:
        return 1.0
""",
        ("thank you", {}),
        ("no", {}),
        2,
        "They take different branches at line 2. Row 2 gets no score because of it: 'thank' is not in 'no'.",
    ),
    "two functions": (
        """\
def correct(completions, answer, **kwargs):
    return [0.1 if a in c else 0.0 for c, a in zip(completions, answer)]

def tags(completions, **kwargs):
    return [sum(5.0 for tag in ("<a>", "</a>") if tag in c) for c in completions]
""",
        ("<a>Oslo</a>", {"answer": "Oslo"}),
        ("<a>Oslo", {"answer": "Oslo"}),
        5,
        "tags: Both take the same branches. Row 2 gets 5.00 less, at line 5: '</a>' is not in '<a>Oslo'.",
    ),
}


@pytest.fixture(scope="module")
def desk():
    one = XrayDesk()
    yield one
    one.close()


@pytest.mark.parametrize("name", FORMS)
def test_the_page_points_at_the_line_where_an_output_lost(name, desk):
    source, *pairs, line, headline = FORMS[name]
    is_batch = "completions" in source
    rows = [
        Row(str(i), {}, {"completion": text}, values) if is_batch else Row(str(i), values, {"text": text})
        for i, (text, values) in enumerate(pairs, 1)
    ]
    recognized = recognize(source)
    first, second = (desk.xray(name, recognized, rows, place, f"Row {place + 1}") for place in range(2))
    call = find_function(first, second)
    parting = find_parting(first, second, first.view(call), second.view(call))
    assert (parting.line, parting.sentence) == (line, headline)
