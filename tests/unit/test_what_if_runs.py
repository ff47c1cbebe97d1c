"""What-ifs of recorded runs: outputs are scored again in the worker, and no model is asked without consent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from refine_core import ProgramSpec, StageSpec, runs
from refine_core import cli as command_line
from refine_core.errors import RewardError, SpecError
from refine_core.rewards.judge_calls import max_judge_calls, may_ask_judge
from refine_core.runs import Runs
from refine_core.spec import ValidatorSpec
from refine_core.store import MemoryStore
from tests.threads import run_to_end

REWARD = "def reward(args, pred):\n    return min(1.0, len(pred.answer) / 100)\n"
OTHER = "def reward(args, pred):\n    return Score(len(pred.answer) / 10, feedback='longer', parts={'length': 1.0})\n"
FAILING = "def reward(args, pred):\n    return pred.anwser\n"
JUDGING = (
    "def reward(args, pred):\n"
    "    said = judge('answer -> score: float', answer=pred.answer)\n"
    "    return min(0.9, said['score'])\n"
)
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    REWARD,
    {"question": "Why is the sky blue?"},
    N=4,
    threshold=0.99,
    strategy="best_of_n",
)


@pytest.fixture
def here():
    made = Runs(MemoryStore())
    yield made
    made.close()


@pytest.fixture
def recorded(here):
    return run_to_end(here, here.start(SPEC))


def test_recorded_outputs_are_scored_with_the_new_reward(here, recorded):
    told = here.what_ifs.ask(recorded.run_id, reward=OTHER)
    lengths = [len(a.outputs["answer"]) / 10 for a in recorded.timeline.attempts]
    assert [one.new for one in told.result.attempts] == lengths
    assert [one.old for one in told.result.attempts] == [a.reward for a in recorded.timeline.attempts]
    assert told.scores.ends[0].feedback == "longer"
    assert (told.scores.judge_calls, told.scores.estimate) == (0, None)


def test_the_run_itself_stays_as_it_was(here, recorded):
    before = here.events(recorded.run_id)
    here.what_ifs.ask(recorded.run_id, reward=OTHER, threshold=0.1, n=2, fail_count=0)
    assert here.events(recorded.run_id) == before


def test_another_threshold_needs_no_worker(here, recorded):
    told = here.what_ifs.ask(recorded.run_id, threshold=0.0)
    assert (told.result.stop, told.result.returned, told.scores.took_s) == (1, 1, 0.0)


def test_a_reward_that_fails_says_so_by_attempt(here, recorded):
    told = here.what_ifs.ask(recorded.run_id, reward=FAILING)
    assert {end.error.type for end in told.scores.ends.values()} == {"AttributeError"}
    assert all(end.error.line == 2 and end.error.repeats for end in told.scores.ends.values())
    assert told.result.reason == "every_attempt_failed"
    assert told.result.headline == "Every attempt would have failed."


def test_other_validators_keep_the_recorded_scores(here, recorded):
    rule = ValidatorSpec("short", "len(pred.answer) < 1", "Say nothing.")
    told = here.what_ifs.ask(recorded.run_id, validators=[rule], threshold=0.0)
    assert [one.new for one in told.result.attempts] == [one.old for one in told.result.attempts]
    assert all(dict(one.unmet) == {"short": "Say nothing."} for one in told.result.attempts)
    assert told.result.reason == "attempts_used_up"


def test_a_check_that_fails_fails_the_attempt(here, recorded):
    rule = ValidatorSpec("odd", "pred.missing", "Never.")
    told = here.what_ifs.ask(recorded.run_id, validators=[rule])
    assert all("check of odd failed" in end.error.message for end in told.scores.ends.values())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"n": 0}, "N"),
        ({"n": 501}, "N"),
        ({"threshold": float("nan")}, "threshold"),
        ({"fail_count": -1}, "fail_count"),
    ],
)
def test_a_wrong_number_names_its_field(here, recorded, change, field):
    with pytest.raises(SpecError) as raised:
        here.what_ifs.ask(recorded.run_id, **change)
    assert [one.field for one in raised.value.problems] == [field]


def test_an_unknown_run_is_said_to_be_unknown(here):
    with pytest.raises(SpecError, match="there is no run 'nowhere'"):
        here.what_ifs.ask("nowhere")


def test_a_source_without_a_reward_says_what_is_wrong(here, recorded):
    with pytest.raises(RewardError, match="SyntaxError"):
        here.what_ifs.ask(recorded.run_id, reward="def reward(:")


def test_a_judge_is_asked_with_consent_only_and_once_for_each_question(here, recorded):
    quiet = here.what_ifs.ask(recorded.run_id, reward=JUDGING)
    assert (quiet.scores.judge_calls, dict(quiet.scores.ends)) == (0, {})
    assert quiet.scores.estimate.calls == 4
    assert quiet.scores.estimate.text == "Re-score: up to 4 calls, free"
    assert (quiet.result.stop, quiet.result.exact_until) == (None, 0)
    paid = here.what_ifs.ask(recorded.run_id, reward=JUDGING, ask_judge=True)
    outputs = {a.outputs["answer"] for a in recorded.timeline.attempts}
    assert paid.scores.judge_calls == len(outputs)
    assert len(paid.scores.ends) == 4
    # The same questions in another reward: every answer is known, so nobody is asked.
    again = here.what_ifs.ask(recorded.run_id, reward=JUDGING.replace("0.9", "0.8"))
    assert (again.scores.judge_calls, again.scores.estimate, len(again.scores.ends)) == (0, None, 4)


def test_a_reward_that_hides_its_judge_gets_no_score_without_consent(here, recorded):
    hiding = (
        "def reward(args, pred):\n"
        "    try:\n"
        "        return globals()['jud' + 'ge']('answer -> score: float', answer=pred.answer)['score']\n"
        "    except Exception:\n"
        "        return 0.5\n"
    )
    told = here.what_ifs.ask(recorded.run_id, reward=hiding)
    assert dict(told.scores.ends) == {}
    assert told.scores.estimate is not None


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("def reward(a, p):\n    return 1.0\n", 0),
        ("def reward(a, p):\n    return judge('a -> b: float', a=1)['b']\n", 1),
        ("def reward(a, p):\n    if a:\n        return judge('x')\n    return judge('y')\n", 2),
        ("def reward(a, p):\n    return sum(judge('x') for _ in p.words)\n", 32),
        ("def ask(x):\n    return judge(x)\n\ndef reward(a, p):\n    return ask(1) + ask(2)\n", 32),
        ("def reward(a, p):\n    ask = judge\n    return ask('x')\n", 32),
        ("def reward(a, p):\n    return globals()['judge']('x')\n", 32),
    ],
)
def test_the_estimate_never_counts_too_few_calls(source, calls):
    assert max_judge_calls(source) == calls
    assert may_ask_judge(source) is (calls > 0)


TRL = (
    "def format_reward(completions, **kwargs):\n"
    "    return [float(len(c[0]['content'] if isinstance(c, list) else c)) for c in completions]\n"
    "\n"
    "def length_reward(completions, question, **kwargs):\n"
    "    return [None if not q else 1.0 for q in question]\n"
)


def test_a_reward_of_another_framework_scores_recorded_outputs(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "trl.py"
    file.write_text(TRL, encoding="utf-8")
    code, out, _ = told_by(
        capfdbinary, on_disk.run_id, "--reward", str(file), "--function", "format_reward", "--json"
    )
    told = json.loads(out)
    lengths = [float(len(a.outputs["answer"])) for a in on_disk.timeline.attempts]
    assert code == 0
    assert [one["new"] for one in told["attempts"]] == lengths
    assert told["stop"] == 1


def test_a_row_without_a_score_is_a_failed_attempt(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "none.py"
    file.write_text(
        "def reward(completions, **kwargs):\n    return [None for _ in completions]\n", encoding="utf-8"
    )
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--json")
    assert (code, json.loads(out)["reason"]) == (0, "every_attempt_failed")


def test_an_argument_that_nobody_knows_is_asked_about(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "odd.py"
    file.write_text("def reward(alpha, beta, gamma):\n    return 1.0\n", encoding="utf-8")
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--json")
    assert code == 2
    assert json.loads(out)["ask"]["parameters"] == ["alpha", "beta", "gamma"]


def told_by(capfdbinary, *arguments):
    code = command_line.main(["what-if", *arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


@pytest.fixture
def on_disk():
    """A run in the data folder of this test."""
    run = run_to_end(runs.default(), runs.start(SPEC))
    yield run
    runs.close()


def test_the_command_prints_the_documented_json(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "other.py"
    file.write_text(OTHER, encoding="utf-8")
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--threshold", "0.5", "--json")
    told = json.loads(out)
    assert code == 0
    assert told == runs.what_if(on_disk.run_id, reward=OTHER, threshold=0.5).result.to_json()
    assert {"stop", "returned", "exact_until", "attempts"} <= set(told)


def test_an_attempt_whose_new_reward_fails_says_why(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "failing.py"
    file.write_text("def reward(args, pred):\n    return 1 / 0\n", encoding="utf-8")
    _, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--json")
    first = json.loads(out)["attempts"][0]
    assert (first["new"], first["error"]["type"], first["error"]["line"]) == (None, "ZeroDivisionError", 2)
    _, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file))
    assert "fails: ZeroDivisionError" in out


def test_options_for_a_reward_without_one_are_bad_input(capfdbinary, on_disk):
    code, out, err = told_by(capfdbinary, on_disk.run_id, "--function", "reward", "--json")
    assert (code, out) == (2, "")
    assert "--reward" in err


def test_the_command_prints_a_table_for_people(capfdbinary, on_disk):
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--threshold", "none", "--n", "5")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("Of these 4 outputs, attempt ")
    assert lines[3].split() == ["attempt", "recorded", "now"]
    assert lines[-1].split() == ["5", "-", "-", "never", "tried"]


def test_the_command_asks_before_a_judge_is_paid(capfdbinary, on_disk, tmp_path):
    file = tmp_path / "judging.py"
    file.write_text(JUDGING, encoding="utf-8")
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--json")
    assert (code, json.loads(out)) == (2, {"ask": {"judge": {"calls": 4, "cost_usd": 0.0}}})
    code, out, _ = told_by(capfdbinary, on_disk.run_id, "--reward", str(file), "--ask-judge", "--json")
    assert code == 0
    assert all(one["new"] is not None for one in json.loads(out)["attempts"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["nowhere"],
            "There is no run 'nowhere'. `refinescope runs` lists them; the newest is",
        ),
        (["RUN", "--threshold", "high"], "neither a number nor none"),
        (["RUN", "--n", "0"], "--n"),
        (["RUN", "--reward", "nothing.py"], "does not exist"),
    ],
)
def test_bad_input_ends_with_two_and_a_sentence(capfdbinary, on_disk, arguments, says):
    code, out, err = told_by(capfdbinary, *[on_disk.run_id if one == "RUN" else one for one in arguments])
    assert (code, out) == (2, "")
    assert says in err


def test_a_single_attempt_has_no_n_to_change(here):
    run = run_to_end(here, here.start(replace(SPEC, strategy="single")))
    with pytest.raises(SpecError, match="a single attempt"):
        here.what_ifs.ask(run.run_id, n=3)
    assert here.what_ifs.ask(run.run_id, n=1).result.stop == 1
