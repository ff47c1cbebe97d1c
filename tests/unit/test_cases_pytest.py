"""Cases as a pytest file: for rewards of every shape it says what the app says, run by plain pytest without Refinescope."""

from __future__ import annotations

import datetime
import json
import math
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from refine_core.cases import (
    BAD,
    GOOD,
    UNSCORED,
    Case,
    CaseSet,
    between,
    exactly,
    export_pytest,
    maximum,
    read_cases,
    run_cases,
)
from refine_core.cases.pytest_file.literals import write_literal
from refine_core.cases.pytest_file.names import name_test
from refine_core.errors import RewardError
from refine_core.starter_rewards import list_starters
from refine_core.workbench import recognize
from tests.unit.test_cases import values as any_values
from tests.unit.test_reward_shapes_documented import CASES, FOLDER, HEADS, ROW_CASES

DATA = Path(__file__).parents[1] / "data"
WITHOUT_US = """import sys
sys.modules["refine_core"] = None  # an import of it fails
"""
# Where the text of the output is, in a function of each shape.
OUTPUT = {
    "refine": "pred.output", "dspy": "pred.output", "gepa": "pred.output", "verifiers": "completion", "verl": "solution_str",
    "openai": "sample['output_text']", "promptfoo": "output", "langsmith": "outputs['output']", "langfuse": "output",
    "mlflow": "outputs", "braintrust": "output", "by_name": "output", "trl": "completions[0]", "openrlhf": "queries[0][1:]",
}  # fmt: skip


def run_pytest(folder, *, without_us=True):
    """Test of a file -> "PASSED", "FAILED" or "SKIPPED", and all that pytest printed; run in a process of its own."""
    if without_us:
        (folder / "conftest.py").write_text(WITHOUT_US)
    command = [
        sys.executable,
        "-I",
        "-m",
        "pytest",
        "-q",
        "-rA",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    ended = subprocess.run([*command, "."], cwd=folder, capture_output=True, text=True, check=False)
    found = re.findall(r"^(PASSED|FAILED|ERROR) (\S+?\.py(?:::\S+)?)", ended.stdout, re.MULTILINE)
    return {test: outcome for outcome, test in found}, ended.stdout


def case(name, want, prediction, inputs=None, expected=None):
    return Case(name, inputs or {"question": "?"}, prediction, expected or {}, want=want)


def wanted(value):
    return UNSCORED if value is None else exactly(value)


def export(folder, name, source, cases, recognized=None):
    file = f"test_{name}.py"
    text = export_pytest(recognized or recognize(source), cases, file=file)
    (folder / file).write_text(text, encoding="utf-8")
    return text


def test_documented_rewards_of_every_shape_hold_what_they_score(tmp_path):
    count = 0
    for name, (_, rows, scores, _, _) in CASES.items():
        cases = [
            case(f"row {i}", wanted(value), dict(row.prediction), dict(row.inputs), dict(row.expected or {}))
            for i, (row, value) in enumerate(zip(rows, scores, strict=True))
        ]
        export(tmp_path, name, (FOLDER / f"{name}.py").read_text("utf-8"), cases)
        count += len(cases)
    outcomes, printed = run_pytest(tmp_path)
    assert set(outcomes.values()) == {"PASSED"}, printed[-3000:]
    assert len(outcomes) == count


def test_a_return_means_there_what_it_means_here(tmp_path):
    """The output is the expression that the reward returns; one that is no score here is none there."""
    agreed = {}
    for shape, head in HEADS.items():
        returned = f"eval({OUTPUT[shape]})"
        source = f"{head}\n    return {f'[{returned}]' if shape in ('trl', 'openrlhf') else returned}\n"
        cases = []
        for i, (_, expression, value) in enumerate(one for one in ROW_CASES if one[0] == shape):
            if "Score" in expression:
                continue
            want = maximum(9) if isinstance(value, str) else wanted(value)
            cases.append(case(f"return {i}", want, {"output": expression}))
        recognized = recognize(source)
        report = run_cases(recognized, cases)
        file = export(tmp_path, shape, source, cases, recognized)
        assert "refine_core" not in file
        agreed |= {
            f"test_{shape}.py::test_{one.case.name.replace(' ', '_')}": one.state.upper()
            for one in report.results
        }
    outcomes, printed = run_pytest(tmp_path)
    assert outcomes == agreed, printed[-3000:]


def test_the_rewards_that_people_have_hold_their_recorded_scores(tmp_path):
    recorded = json.loads((DATA / "rewards" / "cases.json").read_text("utf-8"))
    count = 0
    for name, rows in recorded.items():
        source = (DATA / "rewards" / f"{name}.py").read_text("utf-8")
        if "judge(" in source:
            continue
        cases = [
            case(f"row {i}", exactly(one["value"]), one["pred"], one["args"]) for i, one in enumerate(rows)
        ]
        export(tmp_path, name, source, cases)
        count += len(cases)
    outcomes, printed = run_pytest(tmp_path, without_us=False)  # some use Score
    assert set(outcomes.values()) == {"PASSED"}, printed[-3000:]
    assert len(outcomes) == count


def test_the_starter_library_holds_its_own_cases_there_too(tmp_path):
    count = 0
    for starter in list_starters():
        if starter.key == "judge_rubric":
            continue
        cases = read_cases(starter.cases)
        export(tmp_path, starter.key, starter.source, cases)
        count += len(cases)
    outcomes, printed = run_pytest(tmp_path, without_us=False)  # some use Score
    assert set(outcomes.values()) == {"PASSED"}, printed[-3000:]
    assert len(outcomes) == count


ODD = '''"""A reward that has names of the helpers, and of tests."""
from __future__ import annotations
import math
from datetime import datetime

def number(text):
    return float(text)

def test_run(code, cases):
    return 1.0

class TestBench:
    pass

score_of, THRESHOLD, pytest_ = 3, "mine", math.pi

def score(args, pred):
    holds = got = number(pred.answer)
    return datetime(2020, 1, 1).year * 0 + holds * THRESHOLD.count("m")
'''


EXACT = "def exact(output, expected):\n    return None if not output else float(output == expected)\n"
LENGTH = "def length(output, expected=None):\n    return None if output == 'none' else len(output) / (output != 'boom')\n"
NEAR = "def near(output, tolerance):\n    return tolerance\n"
GOLD = {"expected": "Paris"}
OUTPUTS = [("four", GOOD), ("fourteen", GOOD), ("five!", BAD), ("none", BAD), ("boom", BAD), ("none", GOOD)]
# name: source, function, cases, threshold
FILES = {
    "odd": (
        ODD,
        "score",
        [
            case("one", exactly(1), {"answer": "1"}),
            case("One!", exactly(1), {"answer": "1", "when": datetime.date(2026, 1, 2)}),
            case('»größer« \\ "als"', between(0, 0.5), {"answer": "0.5"}),
            case("???", GOOD, {"answer": "0.5"}),
            case("score", BAD, {"answer": "0.4"}),
        ],
        0.5,
    ),
    "exact": (
        EXACT,
        "exact",
        [
            case("nothing", exactly(0), {"output": ""}, expected=GOLD),
            case("wrong", GOOD, {"output": "Lyon"}, expected=GOLD),
            case("right", maximum(0.5), {"output": "Paris"}, expected=GOLD),
        ],
        0.8,
    ),
    "length": (
        LENGTH,
        "length",
        [case(f"{i}", want, {"output": one}) for i, (one, want) in enumerate(OUTPUTS)],
        None,
    ),
    "good": (
        LENGTH,
        "length",
        [case("a", GOOD, {"output": "four"}), case("b", GOOD, {"output": "five!"})],
        None,
    ),
    "near": (
        NEAR,
        "near",
        [case("with", exactly(2), {"output": ""}, {"tolerance": 2}), case("without", BAD, {"output": ""})],
        1.0,
    ),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What plain pytest says of the files, and what it printed."""
    folder = tmp_path_factory.mktemp("exported")
    for name, (source, function, cases, threshold) in FILES.items():
        export(folder, name, source, CaseSet(tuple(cases), threshold), recognize(source, [function]))
    return run_pytest(folder)


@pytest.mark.parametrize("name", FILES)
def test_an_exported_file_says_of_each_case_what_the_app_says(exported, name):
    source, function, cases, threshold = FILES[name]
    outcomes, printed = exported
    report = run_cases(recognize(source, [function]), CaseSet(tuple(cases), threshold))
    states = [one.state.upper() for one in report.results if one.state != "undecided"]
    there = {test: outcome for test, outcome in outcomes.items() if test.startswith(f"test_{name}.py")}
    assert sorted(there.values()) == sorted(states), printed[-3000:]


def test_names_of_the_reward_and_of_the_file_do_not_meet(exported):
    outcomes, printed = exported
    tests = {test.partition("::")[2] for test in outcomes if test.startswith("test_odd.py")}
    assert tests == {"test_one", "test_one_2", "test_grösser_als", "test_case", "test_score_2"}
    assert "part of the reward" in printed  # a function of the reward whose name looks like a test's


def test_a_failing_case_says_what_was_wanted_and_what_came(exported):
    for said in (
        "wanted 0.0, got no score",
        "wanted at least 0.8, got 0.0",
        "wanted at most 0.5, got 1.0",
        "wanted more than 5.0, got 4.0",
        "near takes 'tolerance', and the row has no such column",
    ):
        assert said in exported[1]


def test_a_case_that_has_nothing_to_be_compared_with_is_skipped(exported):
    assert "3 skipped" in exported[1]  # two of them, and the function of a reward
    assert not [test for test in exported[0] if test.startswith("test_good.py")]


def test_score_is_the_only_import_of_ours_and_a_judge_is_skipped(tmp_path):
    parts = "def parts(args, pred):\n    return Score(0.5, feedback=pred.answer, parts={'a': 1})\n"
    judged = "def judged(args, pred):\n    return judge('answer -> score: float', answer=pred.answer).score\n"
    one = [case("a", exactly(0.5), {"answer": "x"})]
    assert (
        export(tmp_path, "parts", parts, one).count("refine_core") == 2
    )  # the header says so, and the import
    assert "refine_core" not in export(tmp_path, "judged", judged, one)
    outcomes, printed = run_pytest(tmp_path, without_us=False)
    assert outcomes == {"test_parts.py::test_a": "PASSED"}, printed[-3000:]
    assert "1 skipped" in printed


def test_a_value_that_no_process_can_be_handed_is_refused_in_words():
    with pytest.raises(RewardError, match="cannot be handed"):
        export_pytest(recognize("def r(output, expected): ..."), [case("a", GOOD, {"output": object()})])


def evaluate(code):
    names = {
        "datetime": datetime,
        "Decimal": Decimal,
        "Fraction": Fraction,
        "SimpleNamespace": SimpleNamespace,
    }
    return eval(code, names)


@given(any_values)
@settings(max_examples=80, deadline=None)
def test_a_literal_makes_its_value_again(value):
    for room in (100, 5):
        assert repr(evaluate(write_literal(value, str, room=room))) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan, -math.inf, -0.0, (1,), (), set(), {"a"}, frozenset([2]), b"\x00", bytearray(b"x"), 1 + 2j, "\ud800\n'\"",
        datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC), datetime.timedelta(3), Decimal("1.10"), Fraction(1, 3),
        SimpleNamespace(a=[1, {"b": None}], c="d" * 200), ["x" * 60, "y" * 60], {"~x": True, 1: (2, "z" * 120)},
    ],
)  # fmt: skip
def test_a_literal_of_any_kind_is_exact(value):
    assert repr(evaluate(write_literal(value, str))) == repr(value)


def test_test_names_are_words_and_each_its_own():
    taken = {"exact"}
    names = [name_test(one, taken) for one in ("Exact", "exact!", "42.0", "…", "ﬁne", "a" * 90, "class")]
    assert names == ["exact_2", "exact_3", "42_0", "case", "fine", "a" * 60, "class"]
