"""What a module defines is found by type."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from refine_core.program_child.finding import find_all
from refine_core.program_child.loading import MODULE, load_module
from refine_core.program_files.output import MAX_CHARACTERS, Output


@pytest.fixture
def find(tmp_path):
    def go(source: str):
        path = tmp_path / "mine.py"
        path.write_text(f"from refine_core import BestOfN, Module, Predict, Refine\n{source}")
        module: ModuleType = load_module(path)
        return find_all(module)

    before = [*sys.path]
    yield go
    sys.path[:] = before
    sys.modules.pop(f"{MODULE}mine", None)


REWARDS = "def a(args, pred): return 1.0\ndef b(args, pred): return 0.5\n"


def test_a_refinement_comes_before_the_program_in_it_with_its_own_reward(find):
    found = find(f"{REWARDS}p = Predict('q, n: int -> a')\nbest = BestOfN(p, 4, b, 0.5)\n")
    first, second = (one.entry for one in found.programs.values())
    assert (first.name, first.strategy, first.n, first.threshold, first.reward) == (
        "best",
        "best_of_n",
        4,
        0.5,
        "b",
    )
    assert (second.name, second.reward) == ("p", None)
    assert [(one.name, one.type) for one in first.inputs] == [("q", "str"), ("n", "int")]


def test_a_reward_that_only_its_refinement_has_is_offered_as_its_own(find):
    found = find("best = Refine(Predict('q -> a'), 2, lambda args, pred: 1.0, None)\n")
    program = found.programs["best"]
    assert (program.entry.reward, program.entry.threshold) == ("", None)
    assert found.find_reward(program, "")({}, None) == 1.0


def test_functions_of_two_arguments_are_rewards_and_others_are_not(find):
    found = find(
        "from statistics import linear_regression\n"
        "def one(args): ...\ndef two(args, pred): ...\ndef metric(gold, pred, trace=None): ...\n"
        "def three(a, b, c): ...\ndef named(args, pred, *, strict): ...\ndef _hidden(args, pred): ...\n"
    )
    assert [*found.rewards] == ["metric", "two"]


def test_a_class_of_programs_counts_where_there_is_no_object(find):
    source = (
        "class Small(Module):\n    def __init__(self):\n        super().__init__(); self.p = Predict('q -> a')\n"
        "    def forward(self, q: str, tone='calm'): return self.p(q=q)\n"
        "class Sized(Small):\n    def __init__(self, size): super().__init__()\n"
    )
    [program] = find(source).programs.values()
    assert (program.entry.name, [one.optional for one in program.entry.inputs]) == ("Small", [False, True])
    assert "default 'calm'" in program.entry.inputs[1].description
    assert [*find(f"{source}small = Small()\n").programs] == ["small"]


def test_values_for_all_inputs_are_examples_and_other_values_are_not(find):
    found = find(
        "p = Predict('q -> a')\nINPUTS = {'q': 'one', 'a': 'label'}\ndata = [{'q': 'two'}, {'other': 3}, 4]\nconfig = {'x': 1}\n"
    )
    assert [(one.label, one.values) for one in found.examples] == [
        ("INPUTS", {"q": "one"}),
        ("data[0]", {"q": "two"}),
    ]


def test_output_keeps_its_end_and_shows_progress_bars_as_a_terminal_does():
    output = Output()
    output.add("10 %\r")
    output.add("\x1b[32m90 %\x1b[0m\rdone\nnext")
    output.add_line("— again —")
    assert output.text == "done\nnext\n— again —\n"
    for number in range(3_000):
        output.add(f"{number} {'x' * 80}\n")
    assert len(output.text) <= MAX_CHARACTERS + 100
    assert output.text.startswith("… earlier output is left out …\n")
    assert output.text.endswith(f"2999 {'x' * 80}\n")
