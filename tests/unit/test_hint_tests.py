"""Hint tests: what is planned, what is run, what survives, and what is said of it."""

from __future__ import annotations

import functools
import re
import threading
from dataclasses import replace

import pytest

from refine_core import ModelSpec
from refine_core.errors import LMKeyError, SpecError
from refine_core.formatting import MINUS
from refine_core.hint_tests.document import Arm, Document, list_documents
from refine_core.hint_tests.markdown import write_markdown
from refine_core.hint_tests.plan import plan_hint_test
from refine_core.hint_tests.result import build_test
from refine_core.hint_tests.running import HintTests
from refine_core.hint_tests.sentences import describe_briefly, list_warnings, write_verdict
from refine_core.hint_tests.tries import Try
from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES
from refine_core.runs import Credentials, Filters, Runs
from refine_core.spec import Schedule
from refine_core.store import MemoryStore, open_store
from tests.one_stage import one_stage
from tests.openai_server import OpenAIServer, status
from tests.prompts import advice, reply, section
from tests.threads import eventually, finish, run_to_end

ONE, TWO = EXAMPLES["one_word"].spec, EXAMPLES["two_stages"].spec
SHORT = "def reward(args, pred):\n    return Score(float(len(pred.answer) < 6), parts={'short': 1.0 if len(pred.answer) < 6 else 0.0})\n"
JUDGED = "def reward(args, pred):\n    return judge('answer -> good: bool', answer=pred.answer)['good']\n"
KEYS = Credentials({"model": "a-key-for-tests"})


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def ended(runs, spec, credentials=None):
    return run_to_end(runs, runs.start(spec, credentials))


def outcome_of(runs, run_id, attempt=2, credentials=None, **chosen):
    """A test to its end."""
    tests = HintTests(runs)
    test_id = tests.start(plan_hint_test(runs, run_id, attempt, **chosen), credentials)
    tests.join(test_id, 60)
    return tests, tests.get(test_id)


def prompts(attempt):
    return [[m["content"] for m in call.messages] for run in attempt.predictors for call in run.calls]


def answers(body):
    """A server's replies: advice, a judgement, and a short answer where a hint asks for one."""
    messages = body["messages"]
    if "`[[ ## advice ## ]]`" in messages[-1]["content"]:
        return advice(answer="Be brief.")
    if section(messages, "answer") is not None:
        return reply(good=True)
    return reply(
        answer="Yes." if section(messages, "hint_") == "Be brief." else "That depends on many things."
    )


# What is planned


def test_a_plan_counts_calls_and_asks_nothing(runs):
    run_id = ended(runs, TWO).run_id
    plan = plan_hint_test(runs, run_id, 2, arms=("none", "this"), tries=10)
    assert not plan.problems
    assert (plan.calls, plan.estimate.cost_usd) == (40, 0.0)
    assert plan.estimate.sentence.startswith("20 tries of 2 calls: 40 calls, free, about ")
    assert len(runs.recent()) == 1, "nothing was started"
    assert list_documents(runs.store) == [], "nothing was kept"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"attempt": 1}, "was given no hint"),
        ({"attempt": 9}, "has no attempt 9"),
        ({"arms": ("this",)}, "at least two"),
        ({"arms": ("this", "other"), "other": {"answer": "Answer with one single word."}}, "the same as this hint"),
        ({"arms": ("none", "other"), "other": {"answer": " "}}, "The edited hint is empty"),
        ({"arms": ("none", "other"), "other": {"draft": "Be brief."}}, "no predictor is called 'draft'"),
        ({"tries": 1}, "from 2 to 200"),
        ({"at_once": 0}, "from 1 to 16"),
        ({"seeds": [1, 2, 3, 3], "tries": 2}, "identical seeds"),
        ({"seeds": [1, 2, 3], "tries": 2}, "one seed for each try: 4"),
    ],
)  # fmt: skip
def test_what_keeps_a_test_from_being_run_is_said_before_it(runs, chosen, words):
    run_id = ended(runs, ONE).run_id
    plan = plan_hint_test(runs, run_id, **{"attempt": 2, **chosen})
    assert words in " ".join(problem.message for problem in plan.problems)
    with pytest.raises(SpecError):
        HintTests(runs).start(plan)


def test_a_replay_and_an_unknown_run_cannot_be_outcome_of(runs):
    again = runs.replay(ended(runs, ONE).run_id)
    run_to_end(runs, again)
    assert "only the replies that were recorded" in plan_hint_test(runs, again, 2).problems[0].message
    assert "there is no run 'nowhere'" in plan_hint_test(runs, "nowhere", 2).problems[0].message


def test_a_model_at_temperature_0_is_said_to_repeat_itself(runs):
    still = ended(runs, replace(ONE, N=3, schedule=Schedule("list", (0.0, 0.0, 0.0))))
    notes = " ".join(plan_hint_test(runs, still.run_id, 2, tries=2).notes)
    assert "At temperature 0" in notes
    assert "practice model" in notes
    _, test = outcome_of(runs, still.run_id, tries=3)
    assert "more tries tell nothing new" in " ".join(write_verdict(test).details)


def test_a_hint_that_quotes_the_reward_or_the_expected_answer_is_warned_of(runs):
    reward = "def reward(args, pred):\n    if 'Harbour Street' in pred.answer:\n        return 1.0\n    return 0.5 * (args['gold'] in pred.answer)\n"
    spec = replace(ONE, reward=reward, inputs={**ONE.inputs, "gold": "Ghent"}, N=3, title="Gold")
    run_id = ended(runs, spec).run_id
    other = {"answer": "Say Ghent, in harbour street, Belgium."}
    plan = plan_hint_test(runs, run_id, 2, arms=("none", "other"), other=other)
    assert plan.warnings == (
        "The edit quotes “Ghent” from gold, which only the reward should see. It may teach the test.",
        "The edit quotes a constant of the reward (“Harbour Street”, line 2). It may teach the test.",
    )
    _, test = outcome_of(runs, run_id, arms=("none", "other"), other=other, tries=2)
    assert list_warnings(test) == list(plan.warnings)


# What is run


def test_tries_are_runs_of_one_attempt_that_differ_in_their_hint_alone(runs):
    run = ended(runs, ONE)
    hinted = run.timeline.attempts[1]
    _, test = outcome_of(
        runs, run.run_id, tries=3, arms=("none", "this", "other"), other={"answer": "Shout."}
    )
    assert test.state == "finished"
    by_kind = {one.arm.kind: one for one in test.arms}
    specs = [runs.timeline(one.planned.run_id).spec for one in test.tries]
    for kind, prompt in (("none", prompts(run.timeline.attempts[0])), ("this", prompts(hinted))):
        for one in by_kind[kind].tries:
            (attempt,) = runs.timeline(one.planned.run_id).attempts
            assert prompts(attempt) == prompt
            assert attempt.temperature == hinted.temperature
    assert all(
        "Shout." in str(prompts(runs.timeline(t.planned.run_id).attempts[0])) for t in by_kind["other"].tries
    )
    assert len({spec.seed for spec in specs} | {ONE.seed}) == 10, "no seed twice, and none is the run's own"
    assert len({spec.first_rollout for spec in specs}) == 9
    assert {(spec.parent, spec.hint_test, spec.N, spec.model.cache) for spec in specs} == {
        (run.run_id, test.id, 1, False)
    }
    assert [row.run_id for row in runs.list.search().rows] == [run.run_id], "the list leaves tries out"
    assert runs.list.search("", Filters(tries=True, parents=(run.run_id,))).matching == 9


def test_two_tests_of_a_run_never_repeat_each_others_draws(runs):
    run = ended(runs, ONE)
    tests, first = outcome_of(runs, run.run_id, tries=3)
    _, second = outcome_of(runs, run.run_id, attempt=3, tries=3)
    tests.run_more(first.id, 2)
    tests.join(first.id, 60)
    seeds = [one.planned.seed for test in (tests.get(first.id), second) for one in test.tries]
    assert len(set(seeds)) == len(seeds) == 16


def test_hints_of_other_predictors_stay_as_they_were(runs):
    run = ended(runs, replace(TWO, hints="feedback"))
    attempt = run.timeline.attempts[1]
    assert set(attempt.real_hints) == {"extract", "write"}
    plan = plan_hint_test(runs, run.run_id, 2, arms=("this", "other"), other={"extract": "List all."})
    assert plan.arms[1].hints == {"extract": "List all.", "write": attempt.real_hints["write"]}
    removed = plan_hint_test(runs, run.run_id, 2, arms=("this", "other"), other={"extract": ""})
    assert removed.arms[1].hints == {"write": attempt.real_hints["write"]}


def test_no_try_is_answered_from_the_cache_and_each_sends_its_own_seed(runs):
    with OpenAIServer(default=answers) as server:
        spec = one_stage(server, SHORT, N=2)
        spec = replace(spec, model=replace(spec.model, seed=5, price_in_usd=1.0, price_out_usd=2.0))
        run = ended(runs, spec, KEYS)
        before = len(server.requests)
        plan = plan_hint_test(runs, run.run_id, 2, tries=3)
        assert plan.calls == 6
        assert plan.estimate.cost_usd == pytest.approx(6 * run.timeline.attempts[1].calls[0].reply.cost_usd)
        assert any("seed of its own" in note for note in plan.notes)
        _, test = outcome_of(runs, run.run_id, credentials=KEYS, tries=3)
        asked = server.requests[before:]
    assert len(asked) == 6
    assert len({request.json["seed"] for request in asked} | {5}) == 7
    assert sorted(one.reward for one in test.tries) == [0.0] * 3 + [1.0] * 3
    assert write_verdict(test).answer == "Yes."


def test_calls_of_a_judge_are_counted_in_the_price(runs):
    with OpenAIServer(default=answers) as server:
        run = ended(runs, one_stage(server, JUDGED, N=2, threshold=None), KEYS)
        plan = plan_hint_test(runs, run.run_id, 2, tries=4)
        assert (plan.estimate.program_calls, plan.estimate.judge_calls) == (8, 8)
        assert "16 calls (8 of them to the judge), cost unknown" in plan.estimate.sentence
        _, test = outcome_of(runs, run.run_id, credentials=KEYS, tries=4)
    assert sum(one.calls for one in test.tries) == plan.calls


def test_no_more_tries_are_under_way_than_may_be(runs):
    under_way, most, all_there = 0, 0, threading.Barrier(3)
    lock = threading.Lock()

    def slow(body):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        if not is_first:
            all_there.wait(20)  # three at a time, or this test fails
        with lock:
            under_way -= 1
        return answers(body)

    is_first = True
    with OpenAIServer(default=slow) as server:
        run = ended(runs, one_stage(server, SHORT, N=2), KEYS)
        is_first, most = False, 0
        _, test = outcome_of(runs, run.run_id, credentials=KEYS, tries=6, at_once=3)
    assert test.done == 12
    assert most == 3


def test_failed_tries_count_and_are_told(runs):
    with OpenAIServer(default=answers) as server:
        run = ended(runs, one_stage(server, SHORT, N=2), KEYS)
        server.default = status(400, "not today")
        tests, test = outcome_of(runs, run.run_id, credentials=KEYS, tries=2)
        verdict = write_verdict(test)
        assert [one.failed for one in test.arms] == [2, 2]
        assert all("not today" in one.error for one in test.tries)
        assert verdict.headline == "Too few to compare: none of 2 tries of “No hint” got a reward."
        assert "Failed, so without a reward: 2 of 2 “No hint”; 2 of 2 “This hint”." in verdict.details
        server.default = answers
        tests.run_more(test.id, 3, KEYS)
        tests.join(test.id, 60)
    more = tests.get(test.id)
    assert [len(one.tries) for one in more.arms] == [5, 5]
    assert [one.failed for one in more.arms] == [2, 2], "what failed stays on record"
    assert len({one.planned.seed for one in more.tries}) == 10
    assert write_verdict(more).headline == "The hint raised the reward by 1.00 [0.02, 1.00], 3 tries each."


# What survives


def hold(gate, after):
    """A server that answers so many requests at once and holds the rest until the gate opens."""
    count = iter(range(10_000))

    def answer(body):
        if next(count) >= after:
            gate.wait(20)
        return answers(body)

    return answer


def test_a_cancelled_test_says_what_was_not_run_and_can_go_on(runs):
    gate = threading.Event()
    with OpenAIServer(default=answers) as server:
        run = ended(runs, one_stage(server, SHORT, N=2), KEYS)
        server.default = hold(gate, 3)
        tests = HintTests(runs)
        test_id = tests.start(plan_hint_test(runs, run.run_id, 2, tries=4, at_once=2), KEYS)
        eventually(lambda: tests.get(test_id).done == 3)
        server.wait_for_requests(3 + 3 + 2)  # of the run, of what has ended, and of the two that are held
        assert tests.get(test_id).state == "running"
        assert write_verdict(tests.get(test_id)).headline == "Running: 3 of 8 tries have ended."
        assert tests.cancel(test_id)
        tests.join(test_id, 30)
        cut = tests.get(test_id)
        assert (cut.state, cut.done, cut.left) == ("stopped", 3, 5)
        states = sorted(one.state for one in cut.tries)
        assert states == ["not run"] * 3 + ["scored"] * 3 + ["stopped"] * 2, "no further one was begun"
        assert write_verdict(cut).headline == "Stopped: 3 of 8 tries have ended, 5 were not run."
        assert write_verdict(cut).details[0] == "It was cancelled."
        elsewhere = write_verdict(HintTests(runs).get(test_id))
        assert elsewhere.details[0] == "It was cancelled, or the app ended.", "another process does not know"
        assert not tests.cancel(test_id), "nothing of it is at work"
        gate.set()
        tests.run_rest(test_id, KEYS)
        tests.join(test_id, 60)
    whole = tests.get(test_id)
    assert (whole.state, whole.done) == ("finished", 8)
    assert [one.planned for one in whole.tries] == [one.planned for one in cut.tries]
    kept = [one for one in cut.tries if one.has_ended]
    assert [one for one in whole.tries if one in kept] == kept, "what had ended was not run again"


def test_a_test_outlives_its_process(tmp_path):
    with OpenAIServer(default=answers) as server:
        gate = threading.Event()
        runs = Runs(open_store(tmp_path))
        run = ended(runs, one_stage(server, SHORT, N=2), KEYS)
        server.default = hold(gate, 2)
        tests = HintTests(runs)
        test_id = tests.start(plan_hint_test(runs, run.run_id, 2, tries=3, at_once=1), KEYS)
        eventually(lambda: tests.get(test_id).done == 2)
        server.wait_for_requests(3 + 2 + 1)  # of the run, of what has ended, and of the one that is held
        runs.close()
        gate.set()
        again = Runs(open_store(tmp_path))
        tests = HintTests(again)
        found = tests.get(test_id)
        assert (found.state, found.done, found.left) == ("stopped", 2, 4)
        assert [one.id for one in tests.list_tests(run.run_id, 2)] == [test_id]
        assert tests.list_tests(run.run_id, 1) == []
        tests.run_rest(test_id, KEYS)
        tests.join(test_id, 60)
        assert tests.get(test_id).state == "finished"
        again.close()


def test_a_missing_key_keeps_a_test_from_starting_and_a_refused_one_ends_it(runs, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with OpenAIServer(default=answers, key="a-key-for-tests") as server:
        run = ended(runs, one_stage(server, SHORT, N=2), KEYS)
        tests = HintTests(runs)
        wrong = Credentials({"model": "another-key"})
        test_id = tests.start(plan_hint_test(runs, run.run_id, 2, tries=20, at_once=1), wrong)
        tests.join(test_id, 60)
        test = tests.get(test_id)
    assert (test.state, test.done) == ("stopped", 1)
    assert write_verdict(test).details[0].startswith("The rest was not run: ")
    spec = replace(ONE, model=ModelSpec("litellm", "openai/tiny", key_env="NO_SUCH_KEY"))
    timeline = ended(runs, ONE).timeline
    runs.store.append(*_as_if_recorded_with(runs, timeline.run_id, spec, "keyless"))
    with pytest.raises(LMKeyError):
        HintTests(runs).start(plan_hint_test(runs, "keyless", 2, tries=2))
    assert list_documents(runs.store, "keyless") == [], "nothing is kept of a test that never began"


def _as_if_recorded_with(runs, run_id, spec, name):
    """The run's log under another name, with another description."""
    records = [replace(record, run_id=name) for record in runs.events(run_id)]
    records[0] = replace(records[0], event=replace(records[0].event, spec=spec))
    return records, functools.reduce(summarize, records, None)


def test_tries_go_with_their_run_and_come_back_with_it(runs):
    run = ended(runs, ONE)
    _, test = outcome_of(runs, run.run_id, tries=2)
    runs.list.delete([run.run_id])
    assert runs.list.search("", Filters(tries=True)).matching == 0
    runs.list.undelete([run.run_id])
    assert runs.list.search("", Filters(tries=True)).matching == 4
    runs.list.delete([run.run_id])
    assert runs.store.purge(9e12) == 5
    assert list_documents(runs.store) == [], "the test is removed for good with its run"
    assert HintTests(runs).get(test.id) is None


# What is said


def test_the_worth_of_a_hint_is_one_sentence_with_its_interval(runs):
    run = ended(runs, ONE)
    _, test = outcome_of(runs, run.run_id, attempt=3, tries=10)
    verdict = write_verdict(test)
    assert verdict.answer == "Yes."
    assert re.fullmatch(
        r"The hint raised the reward by 0\.\d\d \[0\.\d\d, 0\.\d\d\], 10 tries each\.", verdict.headline
    )
    assert describe_briefly(test).startswith("Tested: +0.")
    text = write_markdown(test)
    assert f"**Yes. {verdict.headline}**" in text
    assert "| No hint | 10 | 0 |" in text
    assert "Agresti and Caffo" in text


def as_if(**rewards):
    """A test with these rewards, None for a try that failed."""
    arms = tuple(Arm(kind, {} if kind == "none" else {"answer": kind}) for kind in rewards)
    empty = Document("test-1", "run-1", 2, arms, (), 1, 0.0)
    document = empty.extend(range(sum(map(len, rewards.values()))))
    left = {place: iter(values) for place, values in enumerate(rewards.values())}
    tries = []
    for planned in document.tries:
        reward = next(left[planned.arm])
        state = "failed" if reward is None else "scored"
        tries.append(Try(planned, state, reward, outputs={"answer": planned.seed}))
    return build_test(document, None, tries, "finished")


HALF = [0.0, 1.0] * 5
SENTENCES = {
    "Yes. The hint raised the reward by 0.80 [0.48, 0.80], 10 tries each.": as_if(none=[0.2] * 10, this=[1.0] * 10),
    "No. The hint lowered the reward by 0.80 [0.48, 0.80], 10 tries each.": as_if(none=[1.0] * 10, this=[0.2] * 10),
    f"Not clear. With the hint the reward was 0.20 higher [{MINUS}0.24, 0.58]: 10 tries each are too few to tell. "
    "About 100 each would show a difference of this size.": as_if(none=HALF, this=[0.0] * 3 + [1.0] * 7),
    f"Not clear. With the hint the reward was the same on average [{MINUS}0.42, 0.42]: 10 tries each show no difference.": as_if(
        none=HALF, this=HALF
    ),
    "Every try got the same reward, 0.20: no difference was seen.": as_if(none=[0.2] * 5, this=[0.2] * 5),
    "Yes. The edited hint raised the reward by 1.00 [0.02, 1.00], 3 tries each.": as_if(none=[0.0] * 3, other=[1.0] * 3),
    "Too few to compare: only 1 of 3 tries of “This hint” got a reward.": as_if(none=[0.0] * 3, this=[1.0, None, None]),
    "Yes. The hint raised the reward by 1.00 [0.10, 1.00], 4 and 3 tries.": as_if(none=[0.0] * 4, this=[1.0, None, 1.0, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_result_has_its_sentence(sentence):
    verdict = write_verdict(SENTENCES[sentence])
    assert f"{verdict.answer} {verdict.headline}".strip() == sentence


def test_an_edit_is_compared_with_the_hint_that_it_was_made_from():
    verdict = write_verdict(as_if(none=[0.0] * 10, this=[0.0] * 4 + [1.0] * 6, other=[0.0] * 3 + [1.0] * 7))
    (detail,) = verdict.details
    assert detail == (
        f"With the edit the reward was 0.10 higher [{MINUS}0.33, 0.49] than with this hint: 10 tries each are too few to tell. "
        "About 370 each would show a difference of this size."
    )


def test_tries_that_were_added_later_are_owned_up_to(runs):
    run = ended(runs, ONE)
    tests, test = outcome_of(runs, run.run_id, tries=2)
    tests.run_more(test.id, 2)
    tests.join(test.id, 60)
    more = tests.get(test.id)
    assert more.document.batches == (2, 2)
    assert "More tries were added after a result was seen" in " ".join(write_verdict(more).details)


def test_what_models_and_people_wrote_stands_in_code(runs):
    """GitHub takes @names and #numbers for mentions wherever they stand in prose, escaped or not."""
    hostile = "Say <img src=x> | `code` [link](http://x) @everybody #1 \u202e"
    run = ended(runs, ONE)
    _, test = outcome_of(runs, run.run_id, arms=("none", "other"), other={"answer": hostile}, tries=2)
    text = write_markdown(test)
    assert "\u202e" not in text
    assert f"```\n{hostile[:-1]}\u27e8U+202E\u27e9\n```" in text


def at_once(count, do):
    """Call a function from several threads at the same moment; what each returned, or the error that it raised."""
    found, gate = [], threading.Barrier(count)

    def call():
        gate.wait(30)
        try:
            found.append(do())
        except SpecError as error:
            found.append(error)

    threads = [threading.Thread(target=call) for _ in range(count)]
    for one in threads:
        one.start()
    finish(*threads)
    return found


def test_two_presses_at_once_begin_a_test_once_and_add_to_it_once(runs):
    run_id, tests = ended(runs, ONE).run_id, HintTests(runs)
    plan = plan_hint_test(runs, run_id, 2, tries=3)
    assert set(at_once(3, lambda: tests.start(plan))) == {plan.document.id}
    tests.join(plan.document.id, 60)
    assert {one.state for one in tests.get(plan.document.id).tries} == {"scored"}
    added = at_once(3, lambda: tests.run_more(plan.document.id, 2))
    tests.join(plan.document.id, 60)
    test = tests.get(plan.document.id)
    assert (added.count(None), len(test.tries), test.error) == (1, 10, "")
    assert {one.state for one in test.tries} == {"scored"}
    at_once(3, lambda: tests.run_rest(plan.document.id))
    assert len(runs.recent(100)) == 1 + 10
