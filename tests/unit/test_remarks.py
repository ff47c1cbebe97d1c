"""What the attempts of a run say of its reward."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import ModelSpec, ProgramSpec, Refine, StageSpec
from refine_core.events import Fault, RewardScored, RunStarted
from refine_core.figures import build_ledger
from refine_core.lm import ScriptedLM
from refine_core.modules import Predict
from refine_core.remarks import failed_lines, reward_remark
from refine_core.runs import Credentials, Runs
from refine_core.spec.schedule import Schedule
from refine_core.store import MemoryStore
from tests import logs
from tests.openai_server import OpenAIServer
from tests.threads import run_to_end
from tests.unit.test_resuming import ended
from tests.unit.test_reward_broken import SPEC

READS_ANSWER = "def reward(args, pred):\n    return float(pred.answer == 'Paris')\n"


def run_of(*attempts, reward=READS_ANSWER, threshold=1.0, strategy="predict"):
    """A folded log; attempts: (reward, answer), with reward None for one whose reward failed."""
    log = logs.Log(stages=("answer",), N=9, threshold=threshold)
    for value, answer in attempts:
        outputs = {"answer": answer} if isinstance(answer, str) else answer
        error = Fault("ValueError", "ValueError: x", "program", 2) if value is None else None
        log.attempt(value, outputs=outputs, **({"error": error} if error else {}))
    began = log.records[0]
    assert isinstance(began.event, RunStarted)
    stages = tuple(replace(one, strategy=strategy) for one in began.event.spec.stages)
    spec = replace(began.event.spec, reward=reward, stages=stages)
    log.records[0] = replace(began, event=replace(began.event, spec=spec))
    return log.timeline


@pytest.mark.fault(20)
@pytest.mark.parametrize("kind", ["dspy-3", "none"])
def test_a_higher_temperature_is_advised_only_where_one_is_sent(kind):
    runs = Runs(MemoryStore())
    with OpenAIServer("[[ ## answer ## ]]\nx") as server:
        model = ModelSpec("litellm", "openai/tiny", api_base=server.url, cache=False)
        spec = ProgramSpec(
            (StageSpec("answer", "question -> answer"),),
            "def reward(args, pred):\n    return len(pred.answer) - 1\n",
            {"question": "?"},
            N=3,
            model=model,
            hints="none",
            schedule=Schedule(kind),
        )
        run = run_to_end(runs, runs.start(spec, Credentials({"model": "k"})))
    runs.close()
    said = reward_remark(run.timeline)
    assert "returned the same" in said
    assert ("A higher temperature" in said) == (kind == "dspy-3")


@pytest.mark.fault(20)
@pytest.mark.parametrize("threshold", [1.0, None])
@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.00"), (0.5, "0.50"), (-3.0, "\N{MINUS SIGN}3")])
def test_a_reward_that_tells_no_answers_apart_is_remarked_on(value, shown, threshold):
    """Three scored attempts are enough, failures between them or not."""
    line = run_of((value, "a"), (None, "x"), (value, "b"), (value, "a"), threshold=threshold)
    said = reward_remark(line)
    assert said.startswith(f"The reward was {shown} in each of 3 attempts, although the outputs differ. ")
    assert "Check which outputs it reads and what it compares them with." in said


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "line",
    [
        run_of(),
        run_of((0.0, "a"), (0.0, "b")),
        run_of((0.0, "a"), (0.0, "b"), (None, "c"), (None, "d")),
        run_of((0.0, "a"), (0.0, "b"), (0.1, "c")),
        run_of((0.0, "a"), (0.0, "b"), (1.0, "c")),
        run_of((1.0, "a")),
        run_of((1.0, "a"), (1.0, "b"), (1.0, "c")),
    ],
    ids=["none", "two", "two scored", "one differs", "reached", "reached at once", "all reach it"],
)
def test_nothing_is_remarked_where_the_reward_may_be_right(line):
    """Too few attempts, rewards that differ, or a threshold that was reached."""
    assert reward_remark(line) == ""


@pytest.mark.fault(20)
def test_where_the_outputs_are_the_same_the_reward_is_not_to_blame():
    """The reasoning that a strategy adds always differs, and is no output of the program's own."""
    said = reward_remark(run_of((0.0, "a"), (0.0, "a"), (0.0, "a")))
    assert said.startswith(
        "Each of the 3 attempts returned the same outputs, so the reward was 0.00 every time. "
    )
    thought = [(0.0, {"reasoning": why, "answer": "a"}) for why in ("x", "y", "z")]
    assert reward_remark(run_of(*thought, strategy="chain_of_thought")).startswith("Each of the 3 attempts")
    assert reward_remark(run_of(*thought)).startswith("The reward was 0")


@pytest.mark.fault(20)
def test_a_reward_that_never_names_what_changes_is_told_so():
    """Its source is searched for the names of the outputs that differ."""
    line = run_of((0.0, "a"), (0.0, "b"), (0.0, "c"), reward="def reward(args, pred):\n    return 0.0\n")
    assert "Its code never names 'answer', the output that changes." in reward_remark(line)
    assert "never names" not in reward_remark(run_of((0.0, "a"), (0.0, "b"), (0.0, "c")))


@pytest.mark.parametrize(
    ("body", "names_it"),
    [
        ("return float(pred['answer'] == 'x')", True),
        ("return float(getattr(pred, 'answer') == 'x')", True),
        ("answer = 1\n    return 0.0", True),
        ("return 0.0  # the answer", False),
        ("'''Compares the answer.'''\n    return 0.0", False),
        ("return float(pred.answers)", False),
    ],
)
def test_only_code_names_an_output(body, names_it):
    """A comment or a docstring that mentions it does not count."""
    line = run_of((0.0, "a"), (0.0, "b"), (0.0, "c"), reward=f"def reward(args, pred):\n    {body}\n")
    assert ("never names" not in reward_remark(line)) == names_it


@pytest.mark.fault(20)
def test_a_refusal_of_the_sandbox_is_named_as_the_likely_reason():
    """A reward that swallows it gives the same value for ever."""
    line = run_of((0.0, "a"), (0.0, "b"), (0.0, "c"))
    line.attempts[0].score = RewardScored(0, 0.0, 0.0, refusals=("line 2: reading /etc/hosts",))
    assert "The sandbox refused something that its code tried, which may be the cause" in reward_remark(line)


@pytest.mark.fault(19)
def test_each_line_on_which_the_reward_failed_is_told_once():
    """With the attempts that failed there, and the whole message. Failures of the program are none of it."""
    log = logs.Log(stages=("answer",), N=5)
    first = Fault("KeyError", "KeyError: args has no 'prodct'; it has: product", "program", 2)
    second = Fault("ZeroDivisionError", "ZeroDivisionError: division by zero", "program", 4)
    for error in (first, second, first):
        log.attempt(None, outputs={"answer": "x"}, error=error)
    log.attempt(None)
    assert [(one.field, one.line, one.message) for one in failed_lines(log.timeline)] == [
        ("reward", 2, f"Attempts 1 and 3 failed here: {first.message}"),
        ("reward", 4, f"Attempt 2 failed here: {second.message}"),
    ]


@pytest.mark.fault(19)
def test_the_ledger_tells_the_line_the_type_and_the_end_of_the_message():
    """From a real worker; a message beyond 800 characters keeps its beginning and its end."""
    runs = Runs(MemoryStore())
    reward = 'def reward(args, pred):\n    return len(args["questoin"]) / len(args["a_key_that_only_the_reward_sees"])\n'
    run_id = runs.start(replace(SPEC, reward=reward))
    ended(runs, run_id)
    told = build_ledger(runs.get(run_id).timeline)[0].cells["output"].text
    runs.close()
    assert told == "line 2: KeyError: args has no 'questoin'; it has: question; did you mean 'question'?"
    log = logs.Log(stages=("answer",))
    long = f"ValueError: {'so many words ' * 100}and this is what to do"
    log.attempt(None, outputs={"answer": "x"}, error=Fault("ValueError", long, "program", 7))
    cut = build_ledger(log.timeline)[0].cells["output"].text
    assert len(cut) <= 820
    assert cut.startswith("line 7: ValueError: so many words")
    assert cut.endswith("and this is what to do")


@pytest.mark.fault(19)
def test_an_input_that_is_not_there_is_told_with_those_that_are_in_code_too():
    """The exception is Python's own KeyError, whose argument is the key."""
    seen = []

    def reward(args, pred):
        seen.append(args)
        return len(args["prodct"])

    refine = Refine(module=Predict("product, city -> answer"), N=1, reward_fn=reward, threshold=1.0)
    refine.set_lm(ScriptedLM([{"answer": "x"}]))
    with pytest.raises(KeyError) as failed:
        refine(product="tea", city="Rome")
    assert failed.value.args == ("prodct",)
    assert str(failed.value) == "args has no 'prodct'; it has: product, city; did you mean 'product'?"
    assert seen == [{"product": "tea", "city": "Rome"}]
