"""Reward files written as the frameworks' own documentation writes them, run unedited; and what each framework's returns mean.

The files lie in tests/data/shapes. Where a framework's package defines a decorator or a result class, the file has a copy of
its few lines; the sources below import packages that are not installed, and run as well.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from refine_core.rewards import RowRunner
from refine_core.rewards.checks import check_recognized
from refine_core.rewards.shapes import Recognized, describe_shape, recognize
from tests.unit.test_reward_shapes import Sample, score

FOLDER = Path(__file__).parents[1] / "data" / "shapes"


def sample(answer, gold="4", question="What is 2 + 2?", **inputs):
    return Sample({"question": question, **inputs}, {"answer": answer}, {"answer": gold})


RIGHT, WRONG = sample("4"), sample("It is 5")
TAGGED = Sample(
    {"prompt": "2+2"}, {"completion": "<think>x</think><answer>4</answer>"}, {"ground_truth": "4"}
)
# file: shape, rows, values, and for the first row parts and feedback
CASES = {
    "trl_format_and_accuracy": (
        "trl", [TAGGED, Sample({"prompt": "2+2"}, {"completion": "<answer>4</answer>"}, {"ground_truth": "4"})],
        [2.0, 1.0], {"format_reward_func": 1.0, "reward_func": 1.0}, "",
    ),
    "trl_multi_task": (
        "trl", [Sample({"prompt": "2+2", "task": "math"}), Sample({"prompt": "2+2", "task": "code"})],
        [1.0, None], {}, "task: math",
    ),
    "trl_async": ("trl", [sample("a b a")], [2.0], {}, ""),
    "verifiers_rubric": (
        "verifiers", [sample("so #### 4"), WRONG], [2.0, 1.0], {"correct_answer": 1.0, "short_enough": 1.0}, "",
    ),
    "verl_gsm8k": ("verl", [sample("so #### 4"), sample("#### 5"), sample("4")], [1.0, 0.0, 0.0], {"acc": 1.0}, ""),
    "openrlhf_remote": ("openrlhf", [RIGHT, WRONG], [1.0, 0.0], {}, ""),
    "openai_grader": (
        "openai", [Sample({}, {"output": "Paris."}, {"reference_answer": "paris"})], [1.0], {}, "",
    ),
    "promptfoo_assert": (
        "promptfoo", [RIGHT], [0.6],
        {"answer_similarity": 0.12, "answer_correctness": 0.34, "component 1": 0.5, "component 2": 0.7},
        "Looks good to me",
    ),
    "langsmith_evaluators": ("langsmith", [RIGHT, WRONG], [2.0, 1.0], {"correct": 1.0, "concision": 1.0}, "correct: by its end"),
    "langfuse_evaluator": ("langfuse", [RIGHT, WRONG], [1.0, 0.0], {}, "Correct answer found"),
    "mlflow_scorer": ("mlflow", [RIGHT, WRONG], [1.0, 0.0], {}, "the same text"),
    "braintrust_scorer": ("braintrust", [RIGHT, WRONG], [1.0, 0.0], {}, "compared as text"),
    "dspy_metric": ("dspy", [RIGHT, WRONG], [1.0, 0.0], {}, ""),
    "dspy_refine": ("refine", [RIGHT, WRONG], [1.0, 0.0], {}, ""),
    "inspect_scorer": ("inspect", [RIGHT, WRONG], [1.0, 0.0], {}, "looked for 4"),
    "deepeval_metric": ("deepeval", [RIGHT, sample("a long answer")], [1.0, 0.0], {}, "1 characters"),
    "by_name_weave": ("by_name", [RIGHT], [1.0], {"match": 1.0, "length": 1.0}, ""),
    "callable_class": ("braintrust", [sample("Yes", "yes"), sample("yes", "yes")], [0.0, 1.0], {}, ""),
    "decorated_factory": ("trl", [sample("one two"), RIGHT], [1.0, 0.0], {}, ""),
    "numpy_scores": ("braintrust", [sample("a b", "a b"), sample("a", "a b")], [1.0, 0.5], {}, ""),
    "verifiers_taskset": ("verifiers", [RIGHT, WRONG], [1.5, 0.0], {"Arithmetic.correct": 1.0, "Arithmetic.brief": 1.0}, ""),
}  # fmt: skip


def test_every_documented_file_is_tried():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_documented_reward_runs_unedited(name):
    shape, rows, values, parts, feedback = CASES[name]
    source = (FOLDER / f"{name}.py").read_text("utf-8")
    recognized = recognize(source)
    assert isinstance(recognized, Recognized), recognized
    assert recognized.shape == shape
    assert describe_shape(recognized).startswith("Read as ")
    with RowRunner(recognized, rows) as runner:
        results = runner.score().results
    assert [one.error for one in results] == [None] * len(rows)
    assert [one.value for one in results] == pytest.approx(values)
    assert (results[0].parts, results[0].feedback) == (pytest.approx(parts), feedback)


# --- returns, by shape: an expression -> value, or the name of the error

HEADS = {
    "refine": "def r(args, pred):", "dspy": "def r(example, pred):", "gepa": "def r(gold, pred, trace, pred_name, pred_trace):",
    "verifiers": "def r(completion, answer):", "verl": "def r(solution_str, ground_truth):", "openai": "def grade(sample, item):",
    "promptfoo": "def get_assert(output, context):", "langsmith": "def r(outputs, reference_outputs):",
    "langfuse": "def r(*, input, output, expected_output):", "mlflow": "def r(outputs, expectations):",
    "braintrust": "def r(output, expected):", "by_name": "def r(output, question):",
    "trl": "def r(completions):", "openrlhf": "def r(queries, prompts, labels):",
}  # fmt: skip
EVERYWHERE = [
    ("True", 1.0),
    ("0.25", 0.25),
    ("2", 2.0),
    ("None", None),
    ("float('nan')", None),
    ("float('inf')", "NotFinite"),
]
RETURNS = {
    "refine": [("'true'", "WrongType"), ("{'score': 1}", "WrongType"), ("Score(0.5, feedback='f')", 0.5), ("(1.0, 'x')", "WrongType")],
    "dspy": [("'good'", "WrongType"), ("{'score': 0.5}", 0.5)],
    "gepa": [("{'score': 0.5, 'feedback': 'f'}", 0.5)],
    "verifiers": [("{'a': 1, 'b': 0.5}", 1.5), ("[1.0]", "WrongType")],
    "verl": [("{'score': 0.5, 'acc': True}", 0.5), ("{'acc': 1}", "WrongType")],
    "openai": [("'good'", "WrongType")],
    "promptfoo": [("'true'", 1.0), ("'0.4'", 0.4), ("'{\"pass\": false, \"score\": 0.3}'", 0.3), ("{'pass': True}", 1.0), ("'good'", "WrongType")],
    "langsmith": [("{'key': 'k', 'score': 0.5}", 0.5), ("[{'key': 'a', 'score': 1}, {'key': 'b', 'score': 0}]", 0.5),
                  ("{'results': [{'key': 'a', 'score': 1}]}", 1.0), ("{'key': 'k', 'score': None}", None)],
    "langfuse": [("[1, 0, None]", 0.5), ("'C'", 1.0)],
    "mlflow": [("'yes'", 1.0), ("'no'", 0.0), ("'maybe'", "WrongType")],
    "braintrust": [("{'name': 'n', 'score': None}", None), ("(0.5, 'why')", 0.5)],
    "by_name": [("{'f1': 0.5, 'em': 1}", 0.75), ("(0.5, 'label', 'why')", 0.5), ("[]", None)],
    "trl": [("'no'", "WrongType")],
    "openrlhf": [],
}  # fmt: skip
ROW_CASES = [
    (shape, expression, expected)
    for shape, own in RETURNS.items()
    for expression, expected in [*EVERYWHERE, *own]
]


@pytest.mark.parametrize(("shape", "expression", "expected"), ROW_CASES)
def test_a_return_means_what_its_framework_says(shape, expression, expected):
    given = f"[{expression}]" if shape in ("trl", "openrlhf") else expression
    [result] = score(f"{HEADS[shape]}\n    return {given}").results
    if isinstance(expected, str):
        assert (result.error.type_name, result.error.line) == (expected, 2)
    else:
        assert (result.error, result.value) == (None, expected)


@pytest.mark.parametrize("value", ["[1.0]", "1.0", "[1.0, 1.0, 1.0]", "None"])
def test_a_batch_needs_a_list_as_long_as_its_rows(value):
    results = score(f"def r(completions):\n    return {value}", Sample(), Sample()).results
    assert {one.error.type_name for one in results} <= {"WrongLength", "WrongType"}


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("dspy", "scores the example 0.0"), ("gepa", "0.0"), ("verifiers", "scores the row 0.0"), ("promptfoo", "score 0"),
        ("trl", "stops the training run"), ("langsmith", "records no score"), ("openai", "error flag"), ("refine", "failed"),
        ("mlflow", "no value"), ("braintrust", "no score"), ("verl", "stops"), ("langfuse", "no score"), ("openrlhf", "stops"),
    ],
)  # fmt: skip
def test_beside_an_exception_stands_what_the_framework_makes_of_it(shape, words):
    [result] = score(f"{HEADS[shape]}\n    raise KeyError('x')").results
    assert (result.value, result.error.type_name, result.error.line) == (None, "KeyError", 2)
    assert words in result.framework_outcome


def test_langsmith_says_that_none_is_a_value_error():
    [result] = score(f"{HEADS['langsmith']}\n    return None").results
    assert (result.value, result.error) == (None, None)
    assert "ValueError" in result.framework_outcome


# --- files that import a framework which is not installed, or use it without an import, as documentation does

VF = "import verifiers as vf\nfrom datasets import Dataset\n"
BY_ANSWER = (
    "async def right(completion, answer) -> float:\n    return float(answer in completion[-1]['content'])\n"
)
ENVIRONMENT = f"""{VF}
def load_environment(split: str = "train"):
    data = Dataset.from_list([{{"prompt": [{{"role": "user", "content": "2 + 2?"}}], "answer": "4"}}])

    async def right(completion, answer) -> float:
        return float(answer in completion[-1]["content"])

    async def short(completion) -> float:
        return float(len(completion[-1]["content"]) < 3)

    rubric = vf.Rubric(funcs=[right, short], weights=[1.0, 0.5])
    return vf.SingleTurnEnv(dataset=data, rubric=rubric)
"""
HANDED_ON = f"""{VF}
async def likeness(completion, answer, state) -> float:
    state["likeness"] = 1.0 if answer in completion[-1]["content"] else 0.2
    return state["likeness"]

async def alike(state) -> float:
    return 1.0 if state["likeness"] > 0.8 else 0.0

rubric = vf.Rubric(funcs=[likeness, alike], weights=[0.0, 1.0])
"""
SCORER = """import re
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

@scorer(metrics=[accuracy(), stderr()])
def near(tolerance: float = 0.01):
    async def score(state: TaskState, target: Target) -> Score:
        numbers = re.findall(r"[0-9]+", state.output.completion)
        if not numbers:
            return Score.unscored(reason="no number")
        return Score(value=CORRECT if numbers[-1] == target.text else INCORRECT, explanation=numbers[-1])
    return score

@task
def sums():
    return Task(dataset=[Sample(input="2 + 2?", target="4")], solver=generate(), scorer=near())
"""
TRAINING = """from datasets import load_dataset
from trl import GRPOConfig, GRPOTrainer

data = load_dataset("sums", split="train")

def right(completions, answer, **kwargs):
    return [float(a in c) for c, a in zip(completions, answer)]

trainer = GRPOTrainer(model="m", args=GRPOConfig(output_dir="o"), reward_funcs=right, train_dataset=data)
trainer.train()
"""
EVALUATOR = """from langsmith import evaluate

def correct(outputs: dict, reference_outputs: dict) -> bool:
    return outputs["answer"] == reference_outputs["answer"]

results = evaluate(lambda inputs: inputs, data="name", evaluators=[correct])
"""
ASSERTION = """def get_assert(output: str, context) -> Union[bool, float, Dict[str, Any]]:
    return {'pass': True, 'score': 0.5, 'reason': 'fine'}

def longer(output: str, context) -> Union[bool, float, Dict[str, Any]]:
    return len(output) > 10
"""
AS_IT_IS = {  # source, its shape, values of RIGHT and WRONG
    "an environment": (ENVIRONMENT, "verifiers", [1.5, 0.0]),
    "a state that is handed on": (HANDED_ON, "verifiers", [1.0, 0.0]),
    "a rubric that is filled later": (
        f"{VF}{BY_ANSWER}rubric = vf.Rubric()\nrubric.add_reward_func(right, weight=0.5)\n", "verifiers", [0.5, 0.0],
    ),
    "a rubric without its import": (f"{BY_ANSWER}rubric = vf.Rubric(funcs=[right])\n", "verifiers", [1.0, 0.0]),
    "a scorer": (SCORER, "inspect", [1.0, 0.0]),
    "a scorer without its imports": (SCORER[SCORER.index("@scorer") : SCORER.index("@task")].replace("re.findall", "__import__('re').findall"), "inspect", [1.0, 0.0]),
    "a training script": (TRAINING, "trl", [1.0, 0.0]),
    "an evaluator": (EVALUATOR, "langsmith", [1.0, 0.0]),
    "an assertion without typing's names": (ASSERTION, "promptfoo", [0.5, 0.5]),
    "GEPA's metric": (
        ("import dspy\ndef r(gold, pred, trace=None, pred_name=None, pred_trace=None):\n"
        "    return dspy.Prediction(score=float(gold.answer == pred.answer), feedback='f')"),
        "gepa", [1.0, 0.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(AS_IT_IS))
def test_a_file_whose_framework_is_not_installed_runs_as_it_is(name):
    source, shape, values = AS_IT_IS[name]
    recognized = recognize(source)
    assert isinstance(recognized, Recognized), recognized
    assert recognized.shape == shape
    with RowRunner(recognized, [RIGHT, WRONG]) as runner:
        results = runner.score().results
    assert [one.error for one in results] == [None, None]
    assert [one.value for one in results] == pytest.approx(values)
    assert "error" not in {one.severity for one in check_recognized(recognized)}, (
        "what runs is not called broken"
    )


def test_functions_of_a_group_stand_beside_functions_of_a_row_in_one_rubric():
    rare = "async def rare(completions) -> list[float]:\n    said = [c[-1]['content'] for c in completions]\n    return [0.2 * (said.count(s) == 1) for s in said]\n"
    source = f"{VF}{BY_ANSWER}{rare}rubric = vf.Rubric(funcs=[right, rare])\n"
    rows = [replace(sample(answer), group="1") for answer in ("4", "4", "5")]
    assert [one.value for one in score(source, *rows).results] == pytest.approx([1.0, 1.0, 0.2])


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("from dspy.evaluate import exact\ndef m(example, pred, trace=None): return exact(example, pred)", "dspy"),
        ("import verifiers as vf\np = vf.XMLParser(['a'])\ndef r(completion, answer): return p.parse(completion)", "verifiers"),
        (
            ("import verifiers as vf\ndef load_environment():\n    parser = vf.ThinkParser()\n"
            "    def r(parser, completion, answer): return float(parser.parse_answer(completion) == answer)\n"
            "    rubric = vf.Rubric(funcs=[r], parser=parser)\n    return vf.SingleTurnEnv(rubric=rubric)"),
            "verifiers",
        ),
        ("import trl\ndef r(completions, **kw): return [trl.rewards.LIMIT for _ in completions]", "trl"),
        ("from trl import LIMIT\ndef r(completions, **kw): return [float(len(c) > LIMIT) for c in completions]", "trl"),
        ("from trl import LIMIT\ndef r(completions, **kw): return [1.0 if LIMIT else 0.0 for c in completions]", "trl"),
        ("from trl import LIMIT\ndef r(completions, **kw): return [float(LIMIT == 'x') for c in completions]", "trl"),
    ],
)  # fmt: skip
def test_nothing_of_a_missing_framework_gets_into_a_score(source, package):
    [result] = score(source).results
    assert (result.value, result.error.type_name) == (None, "ModuleNotFoundError")
    assert f"pip install {package}" in result.error.message


@pytest.mark.parametrize(
    "use", ["words = [one for one in data]", "size = len(data)", "if data: pass", "n = 1 + data"]
)
def test_a_source_that_computes_with_a_missing_framework_does_not_load(use):
    with pytest.raises(Exception, match="pip install datasets") as caught:
        score(f"import datasets\ndata = datasets.load_dataset('x')\n{use}\ndef r(completions): return [1.0]")
    assert "is read as a TRL reward" in str(caught.value)


def test_any_other_missing_package_is_an_error_with_its_install_command():
    with pytest.raises(Exception, match="pip install a_package_of_nobody"):
        score("import a_package_of_nobody\ndef r(completion, answer): return 1.0")
