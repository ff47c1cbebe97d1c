"""What a reward may return, and which function of a source it is."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.errors import RewardError
from refine_core.rewards import Score, as_score, find_error_line, find_reward, wire

DATA = Path(__file__).parents[1] / "data"


@dataclass
class Judged:
    score: float
    feedback: str


# --- what counts as a score


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (True, 1.0), (3, 3.0), (0.25, 0.25), (np.float32(0.5), 0.5), (np.int64(2), 2.0), (np.bool_(True), 1.0),
        (np.array(0.5), 0.5), (Fraction(1, 4), 0.25), (Decimal("0.5"), 0.5), (Score(0.75), 0.75),
    ],
)  # fmt: skip
def test_every_kind_of_number_becomes_a_float(result, value):
    score = as_score(result)
    assert (type(score.value), score.value, score.feedback, dict(score.parts)) == (float, value, "", {})


def test_a_score_keeps_its_reasons():
    assert as_score(Score(1, "too long", {"length": np.float64(0.5)})) == Score(
        1.0, "too long", {"length": 0.5}
    )


def test_a_float_that_lies_about_itself_is_read_by_its_own_bits():
    class Liar(float):
        def __float__(self):
            return 9.0

    assert as_score(Liar(0.5)).value == 0.5


def test_a_prediction_with_score_and_feedback_is_a_score():
    assert as_score(Judged(0.5, "vague")) == Score(0.5, "vague")


@pytest.mark.parametrize(
    ("result", "kind", "told"),
    [
        (None, "WrongType", "None"), ("0.5", "WrongType", "the text '0.5'"), (1j, "WrongType", "complex"),
        ([1.0], "WrongType", "a list"), ({"score": 1.0}, "WrongType", "Write Score(it['score'], …)"), (object(), "WrongType", "object"),
        (np.array([1.0]), "WrongType", "ndarray"), (math.nan, "NotFinite", "nan"), (-math.inf, "NotFinite", "-inf"),
        (10**400, "NotFinite", "too large"), (np.float32("nan"), "NotFinite", "nan"),
        (Score(math.nan), "NotFinite", "nan"), (Score("1"), "WrongType", "the text '1'"),
        (Score(1.0, feedback=3), "WrongType", "feedback"), (Score(1.0, parts={"a": None}), "WrongType", "'a'"),
        (Score(1.0, parts=[1]), "WrongType", "parts"),
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_refused_with_what_is_expected(result, kind, told):
    with pytest.raises(RewardError) as caught:
        as_score(result)
    assert caught.value.type_name == kind
    assert told in caught.value.message
    assert "expected" in caught.value.message or "; return a number or Score(" in caught.value.message


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"score": 0.5, "feedback": "vague"}, "a dict; return a number or Score(value, feedback=…, parts=…). Write Score(it['score'], …)"),
        ({"answer": 1}, "a dict; return a number or Score(value, feedback=…, parts=…)"),
        ((0.5, "vague"), "a tuple; return a number or Score(value, feedback=…, parts=…). Write Score(0.5, …)"),
        ([], "a list; return a number or Score(value, feedback=…, parts=…)"),
        (Score, "the class Score; return a number or Score(value, feedback=…, parts=…). Call it"),
        ((n for n in ()), "a value of type generator; return a number or Score(value, feedback=…, parts=…). Write `return`, not `yield`"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_score_is_told_to_be_a_score(result, told):
    """A dict, a tuple and other near misses are the usual ways to return a reward with its reasons."""
    with pytest.raises(RewardError) as caught:
        as_score(result)
    assert caught.value.message == f"the reward returned {told}"


def test_a_score_may_leave_its_reasons_open():
    assert as_score(Score(1.0, None, None)) == Score(1.0)


# --- which function is meant


@pytest.mark.parametrize(
    "source",
    [
        "def reward(args, pred): return 1",
        "def other(a, b): return 1\ndef reward(args, pred): return 1",
        "class R:\n    def __call__(self, a, p): return 1\nreward = R()",
        "reward = lambda args, pred: 1",
        "reward: object = print",
        "from somewhere import score as reward",
        "try:\n    from fast import reward\nexcept ImportError:\n    def reward(a, p): return 1",
    ],
)
def test_the_name_reward_wins_however_it_is_bound(source):
    assert find_reward(source) == "reward"


@pytest.mark.parametrize(
    "source",
    [
        "def words(t): return t.split()\ndef metric(args, pred): return 1",
        "def metric(example, pred, trace=None): return 1",
        "def _ratio(a, b): return a / b\ndef metric(args, pred): return _ratio(1, 2)",
        "metric = lambda args, pred: 1",
        "class C:\n    def inner(self, x): pass\ndef metric(args, pred):\n    def deep(a, b): pass\n    return 1",
    ],
)
def test_the_only_function_of_two_arguments_is_the_reward(source):
    assert find_reward(source) == "metric"


def test_a_helper_by_name_is_the_reward_if_there_is_nothing_else():
    assert find_reward("def _score(args, pred): return 1") == "_score"


def test_a_chosen_name_wins_over_everything():
    assert find_reward("def reward(a, p): return 1\ndef other(a, p): return 0", "other") == "other"


def test_a_chosen_name_that_is_not_there_is_no_reward():
    with pytest.raises(RewardError) as caught:
        find_reward("def reward(a, p): return 1", "missing")
    assert caught.value.type_name == "NoReward"
    assert "'missing'" in caught.value.message


def test_several_candidates_are_a_question_to_the_person():
    with pytest.raises(RewardError) as caught:
        find_reward("def one(a, b): return 1\ndef two(a, b): return 1\ndef three(a): return 1")
    assert (caught.value.type_name, caught.value.candidates) == ("ManyRewards", ("one", "two"))


def test_an_empty_source_says_what_to_write():
    with pytest.raises(RewardError, match=r"no reward function found: .*def reward\(args, pred\)") as caught:
        find_reward("")
    assert caught.value.type_name == "NoReward"


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("x = 1\ndef reward(a, p)\n    return 1", 2, 17), ("\nreturn 1", 2, 1), ("def f(:\n", 1, 7),
        ("a\0b", None, None), ("x = '\ud800'", None, None), ("(" * 5000, 1, 200),
    ],
)  # fmt: skip
def test_a_syntax_error_says_where(source, line, column):
    with pytest.raises(RewardError) as caught:
        find_reward(source)
    error = caught.value
    assert error.type_name == "SyntaxError"
    assert error.line == line
    assert column is None or error.column is not None


def test_a_backslash_in_a_string_warns_nobody():
    assert (
        find_reward("import re\ndef reward(args, pred): return bool(re.match('\\d', pred.answer))")
        == "reward"
    )


def test_the_line_to_blame_is_the_only_return_else_the_definition():
    one = "import re\n\ndef reward(a, p):\n    def inner():\n        return 3\n    x = 1\n    return None\n"
    two = "def reward(a, p):\n    if a:\n        return 1\n    return None\n"
    assert find_error_line(one, "reward") == 3
    assert find_error_line(one, "reward", returned=True) == 7
    assert find_error_line(two, "reward", returned=True) == 1
    assert find_error_line("\nreward = make()", "reward", returned=True) == 2
    assert find_error_line(one, "nobody") is None


@given(st.text(max_size=200))
def test_reading_any_text_gives_a_name_or_a_reward_error(source):
    try:
        assert find_reward(source).isidentifier()
    except RewardError as error:
        assert error.type_name in {"SyntaxError", "NoReward", "ManyRewards"}


# --- frames


def test_a_frame_never_holds_a_bare_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        wire.pack({"value": math.nan})
    with pytest.raises(ValueError, match="not JSON"):
        wire.unpack(b'{"value": NaN}')


def test_importing_the_package_loads_no_process_machinery():
    code = (
        "import sys, refine_core.rewards; print(sorted({'subprocess', 'tempfile', 'ast'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=DATA.parents[1]
    )
    assert done.stdout == "[]\n"


def test_every_public_name_can_be_had():
    from refine_core import rewards

    assert all(getattr(rewards, name) for name in rewards.__all__)
    with pytest.raises(AttributeError):
        rewards.nothing  # noqa: B018  # looking is what is tested


def test_the_copies_of_the_examples_are_complete():
    rewards = {path.stem for path in (DATA / "rewards").glob("*.py")}
    assert rewards == set(json.loads((DATA / "rewards" / "cases.json").read_text("utf-8")))
    assert len(rewards) == 24
    assert len(json.loads((DATA / "reward-errors" / "expected.json").read_text("utf-8"))) == 10
