"""X-ray: the score is what it always is, and each line tells what it did."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RowRunner, XrayRunner
from refine_core.rewards.shapes import ArgumentQuestion, recognize
from refine_core.rows import Row
from refine_core.xray import find_parting, find_partner, xray_row

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "rewards" / "cases.json").read_text())
ERRORS = json.loads((DATA / "reward-errors" / "expected.json").read_text())
HEADLINE = '''def reward(args, pred):
    """Short, names the product, three keywords, the price."""
    if not pred.headline:
        return None  # nothing to judge
    headline = pred.headline.lower()
    distinct = {word.lower() for word in pred.keywords}
    parts = {
        "short": 0.25 * (len(headline.split()) <= 8),
        "names it": 0.25 * ("kettle" in headline),
        "keywords": 0.25 * min(len(distinct), 3) / 3,
        "price": 0.25 * (abs(pred.price - 39.9) < 0.01),
    }
    return Score(sum(parts.values()), parts=parts)
'''
POCKET = Row("2", {}, {"headline": "Pocket-size kettle", "keywords": ["kettle", "budget"], "price": 39.9})
FOLDS = Row(
    "4", {}, {"headline": "Kettle that folds", "keywords": ["Kettle", "kettle", "KETTLE"], "price": 39.9}
)
EMPTY = Row("5", {}, {"headline": "", "keywords": [], "price": 0.0})


def xray(source, prediction=None, inputs=None, **options):
    return xray_row(recognize(source), Row("1", inputs or {}, prediction or {"text": "a b"}), **options)


def cells(found, call=None):
    """Line -> what stands beside it."""
    return {
        line.number: "  ".join(filter(None, ("".join(one.text for one in line.cell), line.note)))
        for line in found.view(call).lines
        if line.cell or line.note
    }


def scores(runner_class, source, rows):
    """Everything that a row's result says, for each row."""
    answers = lambda _signature, /, **_: {"score": 0.5}  # noqa: E731
    with runner_class(recognize(source), rows, judge=answers) as runner:
        if runner_class is XrayRunner:
            found = [runner.xray(i) for i in range(len(rows))]
            assert all(one.trace is not None for one in found)
            results = [one.result for one in found]
        else:
            results = runner.score().results
    return [
        (one.value, dict(one.parts), one.feedback, one.stdout, one.error and (one.error.type_name, str(one.error), one.error.line, one.error.frames))
        for one in results
    ]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_scores_are_equal_with_and_without(name):
    source = (DATA / "rewards" / f"{name}.py").read_text()
    rows = [Row(str(i), one["args"], one["pred"]) for i, one in enumerate(CASES[name])]
    assert scores(XrayRunner, source, rows) == scores(RowRunner, source, rows)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_equal_with_and_without(name):
    source = (DATA / "reward-errors" / f"{name}.py").read_text()
    rows = [Row("1", {"a": 0}, {"answer": "a 3"})]
    try:
        found = recognize(source)
    except RewardError:
        return
    if isinstance(found, ArgumentQuestion):
        return
    try:
        plain = scores(RowRunner, source, rows)
    except RewardError as error:
        with pytest.raises(RewardError) as raised:
            scores(XrayRunner, source, rows)
        assert (str(raised.value), raised.value.line) == (str(error), error.line)
    else:
        assert scores(XrayRunner, source, rows) == plain


def test_lines_say_what_they_did():
    found = xray_row(recognize(HEADLINE), FOLDS)
    assert cells(found) == {
        3: "not taken",
        4: "not reached",
        5: "'kettle that folds'",
        6: "{'kettle'}  3 turns",
        8: "3 ≤ 8 → 0.25",
        9: "True → 0.25",
        10: "min(1, 3) / 3 → 0.08",
        11: "0.0 < 0.01 → 0.25",
        13: "0.83",
    }
    assert found.sentence == "0.83: lost 0.17 on keywords, at line 10."
    line = found.view().lines[9]
    assert (line.part, round(line.made, 3), round(line.lost, 3)) == ("keywords", 0.083, 0.167)
    assert [(one.text, one.values) for one in line.expressions] == [
        ("len(distinct)", ("1",)),
        ("min(len(distinct), 3)", ("1",)),
        ("0.25 * min(len(distinct), 3)", ("0.25",)),
        ("0.25 * min(len(distinct), 3) / 3", ("0.083",)),
    ]


def test_two_rows_part_at_the_first_number_that_differs():
    recognized = recognize(HEADLINE)
    first, second = (xray_row(recognized, row, label=f"Attempt {row.id}") for row in (POCKET, FOLDS))
    parting = find_parting(first, second)
    assert (parting.line, round(parting.by, 3), parting.name, parting.same_branches) == (
        10,
        -0.083,
        "keywords",
        True,
    )
    assert parting.sentence == (
        "Both take the same branches. Attempt 4 loses 0.08 more on keywords, at line 10: len(distinct) is 1, against 2."
    )


def test_two_rows_part_at_the_branch_that_only_one_takes():
    source = "def reward(args, pred):\n    score = 0.5\n    if len(pred.text) > 3:\n        score += 0.25\n    return score\n"
    recognized = recognize(source)
    long, short = (xray_row(recognized, Row(text, {}, {"text": text}), label=text) for text in ("long", "so"))
    parting = find_parting(long, short)
    assert (parting.line, parting.by, parting.same_branches) == (3, -0.25, False)
    assert (
        parting.sentence
        == "They take different branches at line 3. so gets 0.25 less on score because of it: len(pred.text) is 2, not above 3."
    )


def test_a_branch_in_a_loop_is_the_same_however_many_turns_there_were():
    source = (
        "def reward(args, pred):\n    score = 0\n    for word in pred.text.split():\n        if word == 'x':\n            score += 1\n    return 0.5 * (score > 0) + 0.5 * weigh(pred.text)\n"
        "def weigh(text):\n    return len(text) / 10\n"
    )
    recognized = recognize(source, ["reward"])
    first, second = (
        xray_row(recognized, Row(text, {}, {"text": text}), label=f"Row {text}") for text in ("a x", "a b x")
    )
    parting = find_parting(first, second)
    assert (parting.line, round(parting.by, 3), parting.same_branches) == (6, 0.1, True)
    assert first.sentence == "0.65: lost 0.35 on 0.5 * weigh(pred.text), at line 6."
    calls = [one.view().lines[5].calls[0] for one in (first, second)]
    assert find_partner(first, second, calls[0]) == calls[1]
    entered = find_parting(
        first, second, *(one.view(call) for one, call in zip((first, second), calls, strict=True))
    )
    assert entered.sentence == "weigh returns 0.30 for row a x and returns 0.50 for row a b x."


def test_an_unscored_row_and_one_that_fails_say_so():
    assert xray_row(recognize(HEADLINE), EMPTY).sentence == "No score: the reward returned None at line 4."
    failing = xray_row(recognize(HEADLINE), replace(FOLDS, prediction={"headline": "x", "keywords": None}))
    line = failing.view().lines[5]
    assert "NoneType" in line.exception
    assert failing.sentence.startswith("No score: it fails at line 6.")
    assert [one.state for one in failing.view().lines[7:11]] == ["not_reached"] * 4


def test_a_helper_is_entered_and_each_of_its_calls_told_apart():
    source = (
        "def weigh(text, by):\n    n = len(text)\n    return n / by\n"
        "def reward(args, pred):\n    total = 0\n    for word in pred.text.split():\n        total += weigh(word, 10)\n    return total\n"
    )
    found = xray(source, {"text": "one three"})
    line = found.view().lines[3]
    assert cells(found)[6] == "'one', 'three'  2 turns"
    assert [found.function_of(one) for one in line.calls] == ["weigh", "weigh"]
    assert cells(found, line.calls[1]) == {1: "text = 'three', by = 10", 2: "5", 3: "5 / 10 → 0.50"}


def test_what_is_printed_and_caught_stands_at_its_line():
    source = "def reward(args, pred):\n    try:\n        n = int(pred.text)\n    except ValueError:\n        print('no number')\n        n = 0\n    return n\n"
    lines = {one.number: one for one in xray(source, {"text": "x"}).view().lines}
    assert lines[5].printed == "no number\n"
    assert ("invalid literal" in lines[3].exception, lines[3].caught_at) == (True, 4)
    assert lines[4].note == "caught"


def test_a_long_loop_is_sampled_and_says_so():
    source = "def reward(args, pred):\n    n = 0\n    for i in range(100_000):\n        n += i % 2\n    return n / 100_000\n"
    found = xray(source)
    line = found.view().lines[2]
    assert (line.turns, line.is_sampled, found.result.value) == (100_000, True, 0.5)
    assert line.note == "100,000 turns, 197 of them recorded"


def test_a_branch_in_turns_that_were_not_recorded_is_not_denied():
    source = """def reward(args, pred):
    n = 0
    for i in range(10_000):
        if i == 5_000:
            print("half way")
            n += 1
    if n > 1:
        n = 0
    return n
"""
    lines = {one.number: one for one in xray(source).view().lines}
    branch, printed, added, outside = (lines[number] for number in (4, 5, 6, 8))
    assert (branch.branch, branch.note) == ("", "taken 0 of 109 recorded times")
    assert (printed.state, printed.note, printed.printed) == (
        "unknown",
        "not in the recorded turns",
        "half way\n",
    )
    assert (added.state, outside.state) == ("unknown", "not_reached")


def test_too_many_nested_turns_are_left_out_and_it_says_so():
    source = "def reward(args, pred):\n    return sum(1 for a in range(90) for b in range(90) for c in range(20) if f(a, b, c))\ndef f(a, b, c):\n    for i in range(3):\n        b += i\n    return a < b\n"
    found = xray(source)
    assert found.result.error is None
    assert found.count_calls(found.view().lines[1].calls[0]) == 90 * 90 * 20


def test_every_row_runs_in_a_module_of_its_own():
    source = "seen = []\ndef reward(args, pred):\n    seen.append(pred.text)\n    return len(seen)\n"
    rows = [Row("1", {}, {"text": "a"}), Row("2", {}, {"text": "b"})]
    assert [one[0] for one in scores(XrayRunner, source, rows)] == [1.0, 1.0]


def test_a_batch_function_gets_the_row_alone_and_a_group_its_group():
    trl = "def correct(completions, answer, **kwargs):\n    return [float(c == a) for c, a in zip(completions, answer)]\n"
    row = Row("1", {}, {"text": "4"}, {"answer": "4"})
    found = xray_row(recognize(trl), row)
    assert (found.result.value, found.view().ended) == (1.0, "returned")
    assert "with this row alone" in found.notes[0]


def test_what_a_weighted_name_lost_is_said_in_points_of_the_score():
    source = """
def reward(args, pred):
    parts = {"right": float(pred.text == "Rome")}
    short = 1.0 if len(pred.text) < 3 else 0.5
    return round(0.7 * parts["right"] + 0.2 * short + 0.1 * (pred.text[0] == "P"), 2)
"""
    found = xray(source, {"text": "Paris"})
    assert found.sentence == "0.20: lost 0.70 on right, at line 3."
    lost = {line.number: round(line.lost, 3) for line in found.view().lines if line.lost is not None}
    assert lost == {3: 0.7, 4: 0.1}  # the return repeats neither


def test_a_line_on_which_several_parts_lose_says_what_they_lose_in_all():
    source = """
def reward(args, pred):
    return 0.5 * (pred.text == "Rome") + 0.3 * min(len(pred.text) / 10, 1) + 0.2 * (len(pred.text) > 2)
"""
    found = xray(source, {"text": "Paris"})
    assert [round(line.lost, 3) for line in found.view().lines if line.lost is not None] == [0.65]


def test_a_judge_is_never_asked():
    source = "def reward(args, pred):\n    return judge('text -> score: float', text=pred.text).score\n"
    found = xray(source)
    assert found.waits
    assert found.sentence.startswith("No score yet: the judge has not been asked")
    assert "Error" not in found.sentence  # nothing is wrong with it


def test_hostile_values_are_bounded_and_run_nothing():
    source = """
class Evil:
    def __repr__(self):
        raise SystemExit
    __str__ = __len__ = __iter__ = __eq__ = __hash__ = __bool__ = __format__ = __repr__
    def __getattribute__(self, name):
        raise SystemExit
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    mro = lambda cls: type.mro(cls)
class Odd(metaclass=Meta):
    __slots__ = ("_a",)
class Loud(dict):
    items = keys = __iter__ = __len__ = property(lambda self: 1 / 0)
def reward(args, pred):
    evil = Evil()
    odd = Odd()
    loud = Loud(a=1)
    long = "x" * 100_000_000
    deep = []
    for _ in range(50):
        deep = [deep, deep]
    itself = {}
    itself["me"] = itself
    huge = 10 ** 50_000
    many = list(range(1_000_000))
    return 1
"""
    found = xray(source)
    assert found.result.value == 1.0
    shown = cells(found)
    assert max(map(len, shown.values())) < 300
    assert any("100,000,000 characters" in text for text in shown.values())
    assert "<Evil>" in shown.values()
    assert any("bits" in text for text in shown.values())


def test_values_of_common_types_are_written_as_python_does():
    source = (
        "import re\nfrom datetime import date, timedelta\nfrom decimal import Decimal\nfrom fractions import Fraction\nfrom enum import Enum\n"
        "from collections import namedtuple, Counter\nfrom dataclasses import dataclass\n"
        "Pair = namedtuple('Pair', 'a b')\nclass Kind(Enum):\n    GOOD = 1\n@dataclass\nclass Point:\n    x: int\n    y: list\n"
        "def reward(args, pred):\n"
        "    v = [date(2026, 1, 2), timedelta(days=3)]\n    v = Decimal('1.50')\n    v = Fraction(3, 4)\n    v = Kind.GOOD\n    v = Pair(1, 'x')\n"
        "    v = Counter('aab')\n    v = Point(1, [2.5])\n    v = re.match('a(b)', 'abc')\n    v = args\n    return 1\n"
    )
    shown = cells(xray(source, inputs={"q": "?"}))
    assert [shown[number] for number in range(16, 25)] == [
        "[datetime.date(2026, 1, 2), datetime.timedelta(days=3)]", "Decimal('1.50')", "Fraction(numerator=3, denominator=4)",
        "Kind.GOOD", "Pair(a=1, b='x')", "{'a': 2, 'b': 1}", "Point(x=1, y=[2.5])", "<match 'ab'>", "{'q': '?'}",
    ]  # fmt: skip


def test_a_forged_trace_is_refused_or_harmless():
    source = """
import sys
def reward(args, pred):
    x = 1
    for one in reward.__code__.co_consts:
        recorder = getattr(one, "__self__", None)
        if recorder is not None and hasattr(recorder, "calls"):
            recorder.calls[0].function = 99
            recorder.calls[0].events[10**9] = recorder.calls[0].events[-1]
            recorder.printed.append([77, 88, "x" * 1_000])
    return 0.5
"""
    found = xray(source)
    assert found.result.value == 0.5
    assert found.view() is None


def test_json_holds_everything_and_is_plain():
    found = xray_row(recognize(HEADLINE), FOLDS)
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (data["id"], data["error"], len(data["calls"])) == ("4", None, 1)
    line = data["calls"][0]["lines"][9]
    assert (line["line"], line["value"], line["part"], line["state"]) == (
        10,
        "min(1, 3) / 3 → 0.08",
        "keywords",
        "reached",
    )


def test_a_list_of_scores_shows_how_the_one_of_this_row_was_made():
    source = (
        "def reward(completions, answer, **kwargs):\n    scores = []\n    for text, gold in zip(completions, answer):\n"
        "        if not text:\n            scores.append(-1.0)\n        else:\n            scores.append(2.0 if gold in text else 0.0)\n    return scores\n"
    )
    row = Row("1", {}, {"completion": "1954"}, {"answer": "1945"})
    found = xray_row(recognize(source), row)
    shown = cells(found)
    assert (shown[7], shown[8]) == ("'1945' in '1954' → False → 0.00", "0.00")
    assert found.sentence == "0.00: lost 2.00, at line 7."
    assert [one.text for one in found.view().lines[6].expressions] == [
        "gold",
        "text",
        "gold in text",
        "2.0 if gold in text else 0.0",
    ]
    inline = "def reward(completions, answer, **kwargs):\n    return [1.0 if a in c and c else 0.0 for c, a in zip(completions, answer)]\n"
    assert cells(xray_row(recognize(inline), row))[2] == "'1945' in '1954' → False → 0.00  1 turn"


def test_annotations_are_not_looked_up_under_x_ray_either():
    assert cells(xray("def reward(args, pred: dspy.Prediction):\n    return 0.5\n")) == {2: "0.50"}
