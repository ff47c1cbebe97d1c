"""Hostile rewards in every shape: many rows do not widen what a reward may do, and nothing passes from one to another."""

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, RunCancelled
from refine_core.rewards import RowRunner
from refine_core.rewards.shapes import recognize
from tests.threads import finish
from tests.unit.test_reward_shapes import Sample, score, values

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
NAMES = sorted(json.loads((HOSTILE / "kinds.json").read_text("utf-8")))
SECRET = "canary-7f3a91-do-not-read"
# A function of each shape that does what the hostile reward does.
CALLERS = {
    "dspy": "def m(example, pred): return reward(example, pred)",
    "gepa": "def m(gold, pred, trace, pred_name, pred_trace): return reward(gold, pred)",
    "trl": "def m(completions, **kwargs): return [reward({}, one) for one in completions]",
    "verifiers": "def m(completion, answer): return reward({}, completion)",
    "verl": "def m(solution_str, ground_truth): return reward({}, solution_str)",
    "openrlhf": "def m(queries, prompts, labels): return [reward({}, one) for one in queries]",
    "openai": "def m(sample, item): return reward(item, sample)",
    "promptfoo": "def get_assert(output, context): return reward(context, output)",
    "langsmith": "async def m(outputs, reference_outputs): return reward({}, outputs)",
    "langfuse": "def m(*, input, output, expected_output): return reward({}, output)",
    "mlflow": "def m(outputs, expectations): return reward({}, outputs)",
    "braintrust": "def m(output, expected): return reward({}, output)",
    "inspect": "def m():\n    async def score(state, target): return reward({}, state)\n    return score",
    "deepeval": "class M:\n    def measure(self, test_case): return reward({}, test_case)",
    "by_name": "def m(output, question): return reward({}, output)",
}
SHAPES = sorted(CALLERS)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these speak of POSIX processes")


@cache
def outcomes(folder):
    """(name, shape) -> what came of a hostile reward; its shape goes with its place, so that each has some."""
    pairs = [(name, SHAPES[i % len(SHAPES)]) for i, name in enumerate(NAMES)]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda pair: attack(*pair, Path(folder)), pairs)
        return dict(zip(NAMES, found, strict=True))


def attack(name, shape, folder):
    canary, home = folder / f"{name}-canary", folder / f"{name}-home"
    for one in (canary, home):
        one.mkdir()
    token = home / ".secret_token"
    token.write_text(SECRET)
    token.chmod(0o600)
    source = (HOSTILE / f"{name}.py").read_text("utf-8")
    for mark, place in (
        ("CANARY", canary),
        ("HOME", home),
        ("CHECKOUT", HOSTILE.parents[2]),
        ("WORK", folder),
    ):
        source = source.replace(f"@{mark}@", str(place))
    recognized = recognize(f"{source}\n{CALLERS[shape]}\n", ["get_assert" if shape == "promptfoo" else
                           "M" if shape == "deepeval" else "m"])  # fmt: skip
    assert recognized.shape == shape
    told = ""
    with RowRunner(recognized, [Sample(), Sample()], timeout_s=0.7, memory_bytes=512 << 20) as runner:
        try:
            for one in runner.score().results:
                told += one.stdout + one.feedback + (one.error.message if one.error else str(one.value))
        except RewardError as error:
            told += error.message + error.stdout
        confinement = runner.confinement
    return (
        told,
        confinement,
        [path.name for path in canary.iterdir()],
        token.read_text(),
        token.stat().st_mode & 0o777,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_reward_of_another_shape_reaches_nothing(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "hostile-shapes"
    folder.mkdir(exist_ok=True)
    told, confinement, left, token, mode = outcomes(str(folder))[name]
    assert token == SECRET
    if any(step.startswith("landlock") for step in confinement):
        assert (SECRET in told, left) == (False, [])
    if "seccomp" in confinement:
        assert mode == 0o600


def test_values_of_a_row_are_fresh_for_each_function_and_each_call():
    source = (
        "def first(completions, tags, **kwargs):\n    [one.append('changed') for one in tags]\n    return [0.0] * len(tags)\n"
        "def second(completions, tags, **kwargs):\n    return [float(len(one)) for one in tags]\n"
    )
    row = Sample({"question": "q", "tags": ["a"]})
    recognized = recognize(source)
    with RowRunner(recognized, [row, row]) as runner:
        assert [runner.score().results[0].parts["second"] for _ in range(2)] == [1.0, 1.0]


def test_nothing_is_left_of_one_row_set_for_the_next():
    source = "seen = []\ndef r(output, expected):\n    seen.append(output)\n    return len(seen)"
    assert values(source, Sample(), Sample()) == values(source, Sample(), Sample()) == [1.0, 2.0]


def test_files_that_a_row_leaves_are_gone_for_the_next_row_set():
    source = "import os\ndef r(output, expected):\n    n = len(os.listdir())\n    open(f'f{n}', 'w').close()\n    return n"
    recognized = recognize(source)
    with RowRunner(recognized, [Sample()]) as runner:
        assert [runner.score().results[0].value for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_reward_that_hangs_does_not_delay_another():
    started, cancel = threading.Event(), Cancel()
    hung = recognize("def r(output, expected):\n    while True:\n        pass")

    def hang():
        with RowRunner(hung, [Sample()], timeout_s=600) as runner:
            runner.start()
            started.set()
            with pytest.raises(RunCancelled):
                runner.score(cancel=cancel)

    thread = threading.Thread(target=hang)
    thread.start()
    assert started.wait(30)
    assert values("def r(output, expected):\n    return 1.0") == [1.0]
    assert thread.is_alive()
    cancel.set()
    finish(thread)


def test_rows_that_all_hang_are_given_up_after_a_few():
    source = "def r(output, expected):\n    while True:\n        pass"
    results = score(source, *[Sample()] * 50, timeout_s=0.2).results
    assert {one.error.type_name for one in results} == {"Timeout"}
    assert results[-1].error.message.startswith("not scored")
    assert results[0].error.line in (2, 3)


def test_a_coroutine_that_waits_for_ever_is_timed_out():
    source = "import asyncio\nasync def r(output, expected):\n    await asyncio.sleep(10_000)"
    [result] = score(source, timeout_s=0.3).results
    assert result.error.type_name == "Timeout"


def test_a_row_that_swallows_its_deadline_fails_and_the_next_is_scored():
    source = (
        "def r(output, expected):\n    while output == 'hang':\n        try:\n            while True: pass\n"
        "        except BaseException: pass\n    return 1.0"
    )
    first, second, third = score(
        source, Sample(), Sample(prediction={"output": "hang"}), Sample(), timeout_s=0.3
    ).results
    assert (first.value, second.value, third.value) == (1.0, None, 1.0)
    assert second.error.type_name == "Timeout"


def test_a_forged_frame_is_noticed():
    source = (
        "import os\ndef r(output, expected):\n    for fd in range(3, 20):\n        try: os.write(fd, b'\\x02\\x00\\x00\\x00{}')\n"
        "        except OSError: pass\n    return 1.0"
    )
    [result] = score(source).results
    assert (result.value, result.error.type_name) == (None, "WorkerDied")


def test_a_row_that_cannot_be_handed_over_fails_alone():
    rows = [Sample(), Sample(prediction={"output": sys}), Sample()]
    first, second, third = score("def r(output, expected):\n    return 1.0", *rows).results
    assert (first.value, third.value, second.error.type_name) == (1.0, 1.0, "NotTransferable")


def test_feedback_and_output_of_many_rows_are_bounded():
    source = (
        "def r(output, expected):\n    print('x' * 9_000)\n    return {'score': 1.0, 'reason': 'é' * 9_000}"
    )
    results = score(source, *[Sample()] * 100).results
    assert all(4_000 <= len(one.feedback) < 4_200 and len(one.stdout) < 4_200 for one in results)
