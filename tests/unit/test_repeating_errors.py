"""Which errors of a reward are bound to repeat. Each reward fails in a real worker first."""

from __future__ import annotations

import textwrap

import pytest

from refine_core.errors import RewardError
from refine_core.modules import Prediction
from refine_core.rewards import RewardRunner
from refine_core.rewards.checks import Fields
from refine_core.rewards.repeating_errors import will_repeat

pytestmark = pytest.mark.fault(17)
INPUTS = {"question": "Which city?", "n": "many", "kind": "city"}
FIELDS = Fields(dict.fromkeys(INPUTS, str), {"city": str, "score": float})


def repeats(source: str, name: str | None = None) -> bool:
    source = textwrap.dedent(source)
    runner = RewardRunner(source, name=name, judge=lambda _signature, **_inputs: {"grade": 1.0})
    try:
        with pytest.raises(RewardError) as failed:
            runner.score(INPUTS, Prediction(city="Brussels, of course", score=0.5))
    finally:
        runner.close()
    error = failed.value
    return error.repeats or will_repeat(error, source, name, FIELDS)


def reward(body: str, before: str = "") -> str:
    return f"{textwrap.dedent(before)}\ndef reward(args, pred):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"


ALWAYS = {
    "no such field": "return len(pred.answer)",
    "no such field by key": 'return len(pred["answer"])',
    "no such field by getattr": 'return len(getattr(pred, "answer"))',
    "no such field of an alias": "p = pred\nreturn len(p.answer)",
    "no such field in a condition": "if pred.answer:\n    return 1.0\nreturn 0.0",
    "no such field first in an `and`": "return pred.answer and pred.city",
    "no such field over three lines": "return len(\n    pred\n    .answer\n)",
    "no such field in an f-string": 'return len(f"{pred.answer}!")',
    "no such field, with other errors caught": "try:\n    return float(pred.answer)\nexcept ValueError:\n    return 0.0",
    "no such field under `finally`": "try:\n    return len(pred.answer)\nfinally:\n    print('done')",
    "no such field in a `with`": "import contextlib\nwith contextlib.nullcontext():\n    return len(pred.answer)",
    "no such field to loop over": "return sum(1 for word in pred.answer.split())",
    "no such field to match": "match pred.answer:\n    case _:\n        return 1.0",
    "no such field where the inputs say so": "if args['kind'] == 'city':\n    return len(pred.answer)\nreturn 0.0",
    "no such field after a return of other inputs": "if args['kind'] == 'river':\n    return 0.0\nreturn len(pred.answer)",
    "no such field after a failure of its own": "if len(pred.city) > 99:\n    raise ValueError('long')\nreturn len(pred.answer)",
    "no such field of the judge": "return judge('city -> grade', city=pred.city).verdict",
    "no such method": "return pred.city.upcase() == 'X'",
    "no such input": "return len(args['prodct'])",
    "an input by attribute": "return len(args.question)",
    "a name that nothing binds": "return scoer(pred.city)",
    "a module that is not there": "import no_such_module\nreturn 1.0",
    "a name that a module lacks": "import math\nreturn math.square_root(4)",
    "nothing is returned": "len(pred.city)",
    "text is returned": "return 'good'",
    "a dict is returned": "return {'score': len(pred.city)}",
    "text is returned either way": "return 'good' if pred.city else 'bad'",
    "always an exception": "raise NotImplementedError('later')",
    "an input that is no number": "most = int(args['n'])\nreturn len(pred.city) < most",
    "not a number is returned": "return float('nan')",
    "what the sandbox refuses": "import subprocess\nsubprocess.run(['ls'])\nreturn 1.0",
    "text compared with a number": "return pred.city.strip() >= 0.5",
    "a number with a length": "return len(pred.score) > 3",
    "text plus a number": "return pred.city + 1",
    "a number to loop over": "for one in pred.score:\n    return 1.0\nreturn 0.0",
    "no such part of a score": "return Score(1.0, feedbak='x')",
    "no such field in an endless loop": "while True:\n    return len(pred.answer)",
    "no such field in a loop over what is written out": "for word in ['a', 'b']:\n    found = word in pred.answer\nreturn 1.0",
    "no such field in a list of what is written out": "return float(all(word in pred.answer for word in ['a', 'b']))",
    "no such field after a loop that may end early": "for word in pred.city.split():\n    if word == 'x':\n        break\nreturn len(pred.answer)",
    "no such field of a function inside": "def words(p):\n    return p.answer.split()\nreturn len(words(pred))",
}  # fmt: skip

SOMETIMES = {
    "a division by what the model wrote": "return 1 / pred.city.count('?')",
    "text of the model that is no number": "return float(pred.city)",
    "text of the model that is no JSON": "import json\nreturn json.loads(pred.city)['score']",
    "a key of parsed JSON": "return {'a': 1}[pred.city]",
    "an input chosen by the model": "return len(args[pred.city])",
    "a field that one answer leads to": "if len(pred.city) > 5:\n    return len(pred.answer)\nreturn 0.0",
    "a field after a return for other answers": "if len(pred.city) < 5:\n    return 0.0\nreturn len(pred.answer)",
    "a field behind an `and`": "return bool(pred.city) and len(pred.answer)",
    "a field in one arm": "return len(pred.answer) if pred.city else 0",
    "a field in a loop over the answer": "for word in pred.city.split():\n    if pred.answer == word:\n        return 1.0\nreturn 0.0",
    "a field in a list made of the answer": "return len([pred.answer for word in pred.city.split()])",
    "a field in a key function": "return len(sorted(pred.city, key=lambda one: pred.answer))",
    "a field in a handler": "try:\n    return float(pred.city)\nexcept ValueError:\n    return len(pred.answer)",
    "a field after what a handler may catch": "try:\n    return float(pred.city.replace('B', '1') and 1) + len(pred.answer)\nexcept ValueError:\n    return 0.0",
    "a field that the reward may add": "if len(pred.city) < 5:\n    pred.answer = 'x'\nreturn len(pred.answer)",
    "a branch without a return": "if len(pred.city) < 5:\n    return 1.0",
    "one branch returns text": "if len(pred.city) > 5:\n    return 'long'\nreturn 1.0",
    "an exception for some answers": "if ',' in pred.city:\n    raise ValueError('a comma')\nreturn 1.0",
    "an assertion on the answer": "assert pred.city == 'Brussels'\nreturn 1.0",
    "a name bound for some answers only": "if len(pred.city) < 5:\n    found = 1\nreturn found",
    "not a number of the answer": "return float('inf') * len(pred.city)",
    "an operand that the answer chooses": "import json\ndata = json.loads('null' if pred.city else '1')\nreturn (pred.score + 1) * data",
    "a field that the reward gives another type": "pred.score = 'x' if pred.city else 1\nreturn pred.score + 1",
    "a file that the model names": "return len(open(pred.city).read())",
    "a field after a loop was left for some answers": "for word in ['a', 'b']:\n    if len(pred.city) < 3:\n        break\n    found = pred.answer\nreturn 1.0",
    "a field in a generator made of the answer": "return float(any(word in pred.answer for word in pred.city.split()))",
    "chance": "import random\nreturn [1.0][random.randint(1, 2)]",
    "an input changed by the answer": "args['n'] = pred.city\nreturn int(args['n'])",
}  # fmt: skip


@pytest.mark.parametrize("body", ALWAYS.values(), ids=ALWAYS)
def test_an_error_that_every_answer_leads_to_is_bound_to_repeat(body):
    """Reading shows that every call comes there, and that nothing there depends on the answer."""
    assert repeats(reward(body))


@pytest.mark.parametrize("body", SOMETIMES.values(), ids=SOMETIMES)
def test_an_error_that_another_answer_may_avoid_is_not_bound_to_repeat(body):
    """Whatever depends on what the model wrote is tried again."""
    assert not repeats(reward(body))


def test_a_helper_that_is_always_called_fails_for_good():
    """The way to the error is followed through the reward's own functions."""
    helper = "def words(p):\n    return p.answer.split()\n"
    assert repeats(reward("return len(words(pred))", helper))
    assert repeats(reward("return number(args['n'])", "def number(text):\n    return int(text)\n"))
    assert not repeats(reward("return number(pred.city)", "def number(text):\n    return int(text)\n"))
    assert not repeats(reward("return bool(pred.city) and len(words(pred))", helper))
    assert not repeats(reward("return len(list(map(words, [pred])))", helper))


def test_parameters_that_do_not_fit_fail_for_good():
    """The call of the reward, and one of a helper with its arguments written out."""
    assert repeats("def reward(args):\n    return 1.0\n")
    assert repeats("def reward(a, b, c):\n    return 1.0\n", "reward")
    assert repeats("import functools\ndef f(x, args):\n    return 1.0\nreward = functools.partial(f, 1)\n")
    helper = "def near(a, b):\n    return a == b\n"
    assert repeats(reward("return near(pred.city)", helper))
    assert not repeats(reward("return near(*pred.city)", helper))


def test_a_source_that_fails_as_it_loads_fails_for_good():
    """It is loaded before each score of a fresh worker."""
    assert repeats(reward("return 1.0", "import no_such_module"))
    assert repeats(reward("return 1.0", "LIMIT = 1 / 0"))


def test_rewards_of_other_shapes_are_read_too():
    """A lambda, an instance with `__call__`, an async function, a generator."""
    assert repeats("reward = lambda args, pred: len(pred.answer)\n")
    assert repeats(
        "class R:\n    def __call__(self, args, pred):\n        return len(pred.answer)\nreward = R()\n"
    )
    assert repeats("async def reward(args, pred):\n    return 'good'\n")
    assert repeats("def reward(args, pred):\n    yield 1.0\n")


def test_the_function_that_a_decorator_wraps_is_read_too():
    """It is called by the name that the decorator gave it."""
    decorated = "def times(f):\n    def inner(args, pred):\n        return f(args, pred)\n    return inner\n"
    assert repeats(f"{decorated}@times\ndef reward(args, pred):\n    return len(pred.answer)\n")
    assert not repeats(f"{decorated}@times\ndef reward(args, pred):\n    return float(pred.city)\n")


def test_an_error_of_time_is_not_bound_to_repeat():
    """Another attempt may be quicker."""
    source = reward("while True:\n    pass")
    runner = RewardRunner(source, timeout_s=0.3)
    with pytest.raises(RewardError) as failed:
        runner.score(INPUTS, Prediction(city="x", score=1.0))
    runner.close()
    assert not will_repeat(failed.value, source, None, FIELDS)
