"""Reward functions of other frameworks: which shape a source has, how its functions are called, what their returns mean."""

import json
from dataclasses import dataclass, field

import pytest

from refine_core.rewards import RowRunner
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, describe_shape, recognize


@dataclass(frozen=True)
class Sample:
    inputs: dict = field(default_factory=lambda: {"question": "What is 2 + 2?"})
    prediction: dict = field(default_factory=lambda: {"output": "4"})
    expected: object = field(default_factory=lambda: {"answer": "4"})
    group: str | None = None


def score(source, *rows, shape=None, functions=None, **options):
    """The results of rows, one worker for all of them."""
    recognized = recognize(source, functions, shape)
    assert isinstance(recognized, Recognized), recognized
    with RowRunner(recognized, rows or (Sample(),), **options) as runner:
        return runner.score()


def values(source, *rows, **options):
    return [one.value for one in score(source, *rows, **options).results]


HEADERS = {
    "refine": ["def r(args, pred): ...", "def r(inputs, prediction): ..."],
    "dspy": ["def r(example, pred, trace=None): ...", "def r(gold, prediction): ..."],
    "gepa": ["def r(gold, pred, trace=None, pred_name=None, pred_trace=None): ..."],
    "trl": ["def r(completions, **kwargs): ...", "async def r(prompts, completions, answer, **kw): ..."],
    "verifiers": [
        "def r(prompt, completion, answer, state): ...",
        "def r(completion, **kwargs): ...",
        "def r(task, info): ...",
        "def r(completions, answers): ...",
    ],
    "verl": [
        "def r(data_source, solution_str, ground_truth, extra_info=None): ...",
        "def r(solution_str, ground_truth): ...",
        "def r(data_sources, solution_strs, ground_truths, extra_infos): ...",
    ],
    "openrlhf": ["def r(queries, prompts, labels): ..."],
    "openai": ["def grade(sample, item): ...", "def r(sample, item): ...", "def grade(s, i): ..."],
    "promptfoo": ["def get_assert(output, context): ...", "def r(output, context): ..."],
    "langsmith": ["def r(outputs, reference_outputs): ...", "def r(run, example): ..."],
    "langfuse": ["def r(*, input, output, expected_output, metadata=None, **kwargs): ..."],
    "mlflow": ["@scorer\ndef r(inputs, outputs): ...", "def r(outputs, expectations): ..."],
    "braintrust": ["def r(input, output, expected): ...", "def r(output, expected=None): ..."],
    "inspect": [
        "@scorer(metrics=[accuracy()])\ndef r():\n    async def score(state, target): ...\n    return score"
    ],
    "deepeval": ["class R:\n    def measure(self, test_case): ..."],
    "by_name": ["def r(output, question): ...", "def r(outputs, inputs): ..."],
}


@pytest.mark.parametrize(("shape", "source"), [(s, one) for s, many in HEADERS.items() for one in many])
def test_a_shape_is_told_by_names_of_parameters_and_decorators(shape, source):
    assert recognize(source).shape == shape


@pytest.mark.parametrize(
    "source",
    [
        "def r(x, y): ...",
        "def r(a): ...",
        "def r(state): ...",
        "def r(answer, question): ...",
        "r = lambda a, b: 1",
    ],
)
def test_what_names_do_not_tell_is_asked_and_never_counted(source):
    question = recognize(source)
    assert isinstance(question, ArgumentQuestion)
    assert question.function == "r"
    assert set(question.parameters) <= {"x", "y", "a", "b", "state", "answer", "question"}


EXPRESSIONS = {
    "a lambda": ("r = lambda output, expected: 1", "r"),
    "an instance": ("class C:\n    def __call__(self, output, expected): ...\nr = C()", "r"),
    "a class": ("class C:\n    def __call__(self, output, expected): ...", "C"),
    "a method": ("class C:\n    def m(self, output, expected): ...\nr = C().m", "r"),
    "a method called score": ("class C:\n    def score(self, output, expected): ...", "C"),
    "a product of a factory": ("def f(n):\n    def g(output, expected): ...\n    return g\nr = f(2)", "r"),
    "a factory without arguments": ("def f(n=1):\n    def g(output, expected): ...\n    return g", "f"),
    "a partial": ("from functools import partial\ndef f(k, output, expected): ...\nr = partial(f, 1)", "r"),
    "another name": ("def _f(output, expected): ...\nr = _f", "r"),
    "behind a decorator": ("@logged\ndef r(output, expected): ...", "r"),
    "behind a wrapper with names of its own": (
        "def d(f):\n    def w(output, expected): ...\n    return w\n@d\ndef r(x): ...", "r",
    ),
    "in a try": ("try:\n    import numpy\nexcept ImportError:\n    pass\nelse:\n    def r(output, expected): ...", "r"),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(EXPRESSIONS))
def test_whatever_is_called_in_the_end_is_read_by_its_parameters(kind):
    source, name = EXPRESSIONS[kind]
    recognized = recognize(source)
    assert [(one.name, one.shape, one.parameters) for one in recognized.functions] == [
        (name, "braintrust", ("output", "expected"))
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def norm(output): ...\ndef r(output, expected): return norm(output)", ["r"]),
        ("def _r(output, expected): ...\ndef r(output, expected): ...", ["r"]),
        ("def a(args, pred): ...\ndef reward(args, pred): ...", ["reward"]),
        ("def a(args, pred): ...\ndef b(args, pred): ...", ["a", "b"]),
        ("def text(output): ...\ndef r(completions, answer): ...", ["r"]),
        ("def one(completion): ...\ndef two(completion, answer): ...", ["two"]),
        ("def one(completion): ...", ["one"]),
    ],
)
def test_helpers_of_a_source_are_no_rewards(source, names):
    assert [one.name for one in recognize(source).functions] == names


def test_weights_come_from_the_source_where_it_has_some():
    source = "def a(completion, answer): ...\ndef b(completion, state): ...\nx = vf.Rubric(funcs=[a, b], weights=[1.0, 0.25])"
    assert {one.name: one.weight for one in recognize(source).functions} == {"a": 1.0, "b": 0.25}


def test_a_reward_without_a_weight_counts_beside_one_that_has_one():
    source = (
        "class Tasks:\n    @vf.reward(weight=0.5)\n    def exact(self, completion, answer):\n        return 1\n\n"
        "    @vf.reward\n    def brief(self, completion):\n        return 1\n"
    )
    found = recognize(source)
    assert {one.name: one.weight for one in found.functions} == {"Tasks.exact": 0.5, "Tasks.brief": 1.0}


def test_functions_that_stand_in_a_registry_are_rewards():
    """As in open-r1: one function gives out the others by their names."""
    source = (
        "def right(completions, answer, **kwargs):\n    return [1.0 for _ in completions]\n\n"
        "def formatted(completions, **kwargs):\n    return [1.0 for _ in completions]\n\n"
        "def get_reward_funcs(names):\n    registry = {'right': right, 'format': formatted}\n"
        "    return [registry[name] for name in names]\n"
    )
    assert [one.name for one in recognize(source).functions] == ["right", "formatted"]


def test_a_parameter_that_no_column_has_is_asked_about():
    question = recognize("def r(output, difficulty): ...", columns={"question"})
    assert (question.parameters, "column:question" in question.choices) == (("difficulty",), True)
    assert isinstance(recognize("def r(output, difficulty): ...", columns={"difficulty"}), Recognized)
    assert isinstance(recognize("def r(output, difficulty=1): ...", columns={"question"}), Recognized)


def test_a_shape_that_a_person_chose_is_used_whatever_the_names():
    [result] = score("def r(a, b):\n    return float(a['answer'] == b['output'])", shape="dspy").results
    assert result.value == 1.0


def test_a_column_that_bears_the_name_of_a_parameter_wins_over_a_rule():
    row = Sample({"question": "q", "extra_info": {"index": 7}})
    source = "def r(solution_str, ground_truth, extra_info):\n    return extra_info['index']"
    assert values(source, row) == [7.0]


def test_an_expected_value_keeps_its_name_and_a_bare_one_has_the_usual_ones():
    named = "def grade(sample, item):\n    return float(item['label'] == 'x')"
    assert values(named, Sample(expected={"label": "x"})) == [1.0]
    assert values(named, Sample(expected="x")) == [1.0]
    assert values(
        "def r(completions, solution): return [float(s == 'x') for s in solution]", Sample(expected="x")
    ) == [1.0]


def test_a_promptfoo_output_is_an_object_only_where_it_was_recorded_as_one():
    source = "def get_assert(output, context):\n    return float(isinstance(output, dict))"
    rows = [Sample(prediction={"output": value}) for value in ('{"a": 1}', {"a": 1}, 42)]
    assert values(source, *rows) == [0.0, 1.0, 0.0]


def test_a_completion_is_text_where_the_prompt_is_and_else_a_message():
    source = "def r(completions):\n    return [float(isinstance(one, str)) for one in completions]"
    messages = Sample({"prompt": [{"role": "user", "content": "?"}]})
    assert values(source, Sample(), messages) == [1.0, 0.0]
    reads = "def r(completions):\n    return [float(one[0]['content'] == '4') for one in completions]"
    assert values(reads, Sample(), messages) == [1.0, 1.0]


def test_a_completion_that_was_recorded_as_messages_stays_messages():
    said = [{"role": "assistant", "content": "<b>4</b>"}]
    chat = Sample({"prompt": [{"role": "user", "content": "?"}]}, {"completion": said})
    talk = [{"role": "assistant", "content": "Hm"}, {"role": "user", "content": "?"}, *said]
    longer = Sample({"prompt": [{"role": "user", "content": "?"}]}, {"completion": talk})
    first = (
        "def r(completions, **kwargs): return [float(c[0]['content'].startswith('<b>')) for c in completions]"
    )
    assert values(first, chat, longer) == [1.0, 0.0]
    whole = (
        "def r(completion, prompt): return float(completion[-1]['content'] == '<b>4</b>') + len(completion)"
    )
    assert values(whole, chat, longer) == [2.0, 4.0]
    as_text = "def grade(sample, item): return float(sample['output_text'] == '<b>4</b>')"
    assert values(as_text, chat, longer) == [1.0, 1.0]
    in_parts = [
        {"role": "assistant", "content": [{"type": "text", "text": "<b>4"}, {"type": "text", "text": "</b>"}]}
    ]
    assert values(as_text, Sample({"prompt": "?"}, {"completion": in_parts})) == [1.0]


def test_the_line_above_the_editor_names_shape_and_parameters():
    line = describe_shape(recognize("def r(completions, answer): ..."))
    assert line == "Read as a TRL reward: completions, answer"


def test_several_functions_become_parts_with_weights():
    source = """
def correct(completions, answer, **kwargs):
    return [float(c == a) for c, a in zip(completions, answer)]

def short(completions, **kwargs):
    return [0.5 for c in completions]
"""
    [result] = score(source, functions={"correct": 2.0, "short": None}).results
    assert (result.value, result.parts) == (2.5, {"correct": 1.0, "short": 0.5})


@pytest.mark.parametrize("nothing", ["None", "float('nan')"])
@pytest.mark.parametrize("shape", ["refine", "dspy", "langsmith", "trl"])
def test_none_and_nan_are_unscored_and_never_zero(shape, nothing):
    header = HEADERS[shape][0].removesuffix(" ...")
    given = f"[{nothing}]" if shape == "trl" else nothing
    [result] = score(f"{header}\n    return {given}").results
    assert (result.value, result.error) == (None, None)
    assert result.framework_outcome


def test_a_group_is_never_split_between_two_calls():
    source = "def r(completions, **kwargs):\n    return [float(len(completions))] * len(completions)"
    rows = [Sample(group=f"g{i // 50}") for i in range(150)]
    found = values(source, *rows)
    assert set(found) == {50.0}


def test_a_batch_reward_that_looks_at_its_neighbours_is_named():
    source = "def r(completions, **kwargs):\n    return [1 / len(completions)] * len(completions)"
    assert score(source, Sample(), Sample()).changed_alone == (0, 1)
    assert score(source.replace("len(completions)]", "2]"), Sample(), Sample()).changed_alone == ()


def test_one_bad_row_does_not_keep_its_batch_from_its_scores():
    source = "def r(completions, **kwargs):\n    return [1 / int(c) for c in completions]"
    good, bad, other = score(
        source, Sample(), Sample(prediction={"output": "0"}), Sample(prediction={"output": "2"})
    ).results
    assert (good.value, other.value) == (0.25, 0.5)
    assert (bad.error.type_name, bad.error.line) == ("ZeroDivisionError", 2)
    assert "stops" in bad.framework_outcome


def test_a_row_that_kills_the_worker_leaves_the_others_their_scores():
    source = "import os\ndef r(args, pred):\n    return 1.0 if pred.output != 'die' else os._exit(1)"
    rows = [Sample(), Sample(prediction={"output": "die"}), Sample()]
    first, second, third = score(source, *rows).results
    assert (first.value, third.value) == (1.0, 1.0)
    assert second.error.type_name == "WorkerDied"


def test_the_plan_is_json():
    assert json.loads(json.dumps(recognize(HEADERS["trl"][0]).to_plan()))["functions"][0]["per"] == "batch"
