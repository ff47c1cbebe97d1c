"""Static checks of rewards for other frameworks: fields, columns and returns, each in its framework's own way of calling."""

from __future__ import annotations

import pytest

from refine_core.programs import apply_fix
from refine_core.rewards.checks import Fields, check_recognized
from refine_core.rewards.shapes import recognize

FIELDS = Fields({"question": str, "answer": str}, {"completion": str})


def find(source, fields=FIELDS):
    return [one for one in check_recognized(recognize(source), fields) if one.severity != "note"]


GRADER = "def grade(sample, item):\n    return float({})\n"
ASSERTION = "def get_assert(output, context):\n    return {}\n"
METRIC = "def metric(example, pred, trace=None):\n    return {}\n"
TRL = "def right(completions, {}, **kwargs):\n    return [1.0 for _ in completions]\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (GRADER.format("sample['outputtext'] == 'a'"), "sample has no 'outputtext'. Did you mean 'output_text'?"),
        (GRADER.format("sample['output_text'] == item['anser']"), "item has no 'anser'. Did you mean 'answer'?"),
        (GRADER.format("len(item.get('anser'))"), "item has no 'anser'. Did you mean 'answer'?"),
        (ASSERTION.format("output == context['answer']"), """context has no 'answer': it is in context["vars"]."""),
        (ASSERTION.format("output == context['vars']['anser']"), "context['vars'] has no 'anser'. Did you mean 'answer'?"),
        (METRIC.format("example.anser == pred.completion"), "example has no 'anser'. Did you mean 'answer'?"),
        (METRIC.format("example.answer == pred.complete"), "pred has no 'complete'. Did you mean 'completion'?"),
        (TRL.format("anser"), "The rows have no column 'anser'. Did you mean 'answer'?"),
        (TRL.format("anser=None"), "The rows have no column 'anser'. Did you mean 'answer'?"),
        (
            "def right(completions, **kwargs):\n    return [float(a == c) for a, c in zip(kwargs['anser'], completions)]\n",
            "kwargs has no 'anser'. Did you mean 'answer'?",
        ),
        (
            "def right(outputs, reference_outputs):\n    return outputs['completion'] == reference_outputs['anser']\n",
            "reference_outputs has no 'anser'. Did you mean 'answer'?",
        ),
    ],
)  # fmt: skip
def test_a_name_that_the_rows_do_not_have_is_found_with_the_nearest(source, message):
    (found,) = find(source)
    assert found.message.startswith(message)
    assert found.line
    assert found.column


@pytest.mark.parametrize(
    "source",
    [
        GRADER.format("sample['output_text'] == item['answer']"),
        GRADER.format("sample['choices'][0]['message']['content'] == item['response']"),
        GRADER.format("item.get('anser', 0) if 'anser' in item else 0"),
        ASSERTION.format("output == context['vars']['answer'] and context['prompt']"),
        ASSERTION.format("bool(context['something_new'])"),
        METRIC.format("example.answer == pred.completion and len(example.inputs())"),
        TRL.format("answer"),
        TRL.format("prompts, weight=0.5"),
        "def right(completions, **kwargs):\n    return [float(a == c) for a, c in zip(kwargs['answer'], completions)]\n",
        "def right(completions, ground_truth):\n    return [float(a == c) for a, c in zip(ground_truth, completions)]\n",
        "def right(completion, state, answer):\n    return float(state['turns'] > 1 and completion == answer)\n",
    ],
)
def test_names_that_a_framework_gives_are_left_alone(source):
    assert find(source) == []


def test_without_rows_no_column_is_missing():
    assert find(TRL.format("anser"), None) == []
    assert find(GRADER.format("item['anser'] == sample['output_text']"), None) == []


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_fix_writes_the_nearest_name(quote):
    source = GRADER.format(f"sample[{quote}output_txt{quote}] == item['answer']")
    (found,) = find(source)
    assert apply_fix(source, found.fix) == source.replace("output_txt", "output_text")


@pytest.mark.parametrize(
    ("source", "code", "severity", "line"),
    [
        ("def right(completions, **kwargs):\n    return 1.0\n", "wrong-return", "error", 2),
        ("def right(completions, **kwargs):\n    return sum(len(c) for c in completions)\n", "wrong-return", "error", 2),
        ("def right(completions, **kwargs):\n    print(completions)\n", "no-return", "error", 1),
        ("def right(completions, **kwargs):\n    if kwargs:\n        return [1.0]\n", "missing-return", "warning", 2),
        (GRADER.format("1") + "    if item:\n        return 2\n", None, None, None),
        ("def grade(sample, item):\n    if item['answer']:\n        return 1.0\n", "missing-return", "warning", 2),
        ("def grade(sample, item):\n    return [1.0]\n", "wrong-return", "error", 2),
        ("def score(output, expected):\n    yield len(output)\n", "generator", "error", 1),
        ("def right(completions, **kwargs):\n    return [1.0 for c in completions]\n", None, None, None),
        ("def right(completions, **kwargs):\n    return list(map(len, completions))\n", None, None, None),
        ("def score(output, expected):\n    return [{'name': 'a', 'score': 1}]\n", None, None, None),
        ("def score(output, expected):\n    if not expected:\n        return None\n    return 1.0\n", None, None, None),
        (ASSERTION.format("{'pass': True, 'score': 1.0}"), None, None, None),
        ("async def right(completions, **kwargs):\n    return [1.0 for c in completions]\n", None, None, None),
    ],
)  # fmt: skip
def test_a_return_that_the_framework_cannot_use_is_found(source, code, severity, line):
    found = find(source)
    assert [(one.code, one.severity, one.line) for one in found] == ([(code, severity, line)] if code else [])


def test_each_function_of_a_file_and_each_method_is_checked():
    source = (
        "class Tasks:\n    @reward(weight=0.5)\n    def exact(self, completion, anser):\n        return completion == anser\n\n"
        "    @reward(weight=1)\n    def brief(self, completion, answer):\n        return len(completion) < 9\n"
    )
    found = check_recognized(recognize(source), FIELDS)
    assert [(one.code, one.line) for one in found if one.code != "unknown-name"] == [
        ("unknown-column", 3),
        ("unused-argument", 7),
    ]
