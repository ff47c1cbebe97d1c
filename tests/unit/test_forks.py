"""Branches of runs in a store: what is kept, asked again, paid, said and found, whatever became of the parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest

from refine_core.comparison import compare_runs
from refine_core.errors import LMKeyError, SpecError
from refine_core.events import AttemptStarted, LMRequested, RewardScored, RunStarted
from refine_core.figures import build_story
from refine_core.figures.alt import describe_figure
from refine_core.figures.ledger import build_ledger
from refine_core.figures.wall_time import build_wall_time
from refine_core.log.summaries import summarize
from refine_core.play import list_steps
from refine_core.programs import EXAMPLES
from refine_core.runs import Credentials, Filters, Runs
from refine_core.runs.replaying import replay_program
from refine_core.spec import ModelSpec, Schedule, ValidatorSpec
from refine_core.store import MemoryStore, open_store
from tests.old_store import EXPECTED, old_store
from tests.openai_server import OpenAIServer, polite
from tests.threads import eventually, run_to_end, wait_for_event

TWO, FLAKY = (EXAMPLES[name].spec for name in ("two_stages", "flaky"))
BROKEN = replace(TWO, reward="def reward(args, pred):\n    return scroe\n", stop_on_repeating_error=True)
ROOT = Path(__file__).parents[2]
LENIENT = "def reward(args, pred):\n    return 1.0\n"
JUDGING = "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.reply)['score']\n"


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


@pytest.fixture
def parent(runs):
    """A finished run of four attempts, of which the last reached the threshold."""
    run = run_to_end(runs, runs.start(TWO))
    assert [a.reward for a in run.timeline.attempts] == [0.2, 0.2, 0.6, 1.0]
    return run


def forked(runs, run_id, attempt, **changes):
    return run_to_end(runs, runs.branches.fork(run_id, attempt, **changes))


def rewards(run):
    return [a.reward for a in run.timeline.attempts]


def kept(run):
    return [a.kept for a in run.timeline.attempts]


def without_places(records):
    return [(r.span, r.event) for r in records]


def test_a_branch_keeps_what_came_before_and_its_parent_never_changes(runs, parent):
    before = runs.events(parent.run_id)
    run = forked(runs, parent.run_id, 3, temperature=0.9, name="  hotter ")
    assert kept(run)[:3] == [True, True, False]
    assert run.timeline.attempts[2].temperature == 0.9
    records = runs.events(run.run_id)
    started = records[0].event
    assert isinstance(started, RunStarted)
    count = started.kept_events
    assert without_places(records[1 : count + 1]) == without_places(
        r for r in before if r.span.attempts[:1] in ((0,), (1,))
    )
    assert isinstance(records[count + 1].event, AttemptStarted)
    times = [r.at for r in records[1:]]
    assert times == sorted(times), "what is kept happened before what is new"
    assert [r.seq for r in records] == list(range(1, len(records) + 1))
    assert {r.run_id for r in records} == {run.run_id}
    assert runs.events(parent.run_id) == before
    assert (started.spec.parent, started.spec.fork_attempt) == (parent.run_id, 3)
    assert runs.list.annotation(run.run_id).name == "hotter"


def test_only_new_attempts_are_counted_and_every_place_says_what_is_kept(runs, parent):
    run = forked(runs, parent.run_id, 3)
    short = f"run {parent.run_id[-8:][:4]}"
    said = f"Attempts 1 and 2 are kept from {short}."
    assert run.stop_sentences[-1] == said
    assert run.verdict.headline == "Stopped at attempt 4: reward 1.00 ≥ threshold 1.00"
    assert run.verdict.note == said[:-1]
    assert run.usage_summary.startswith("2 new attempts, 1 request for advice, 5 calls, ")
    assert said in describe_figure(run.timeline)
    assert [row.kept for row in build_story(run.timeline).rows] == [f"kept from {short}"] * 2 + [""] * 2
    about = [row.cells["cost"].title for row in build_ledger(run.timeline)]
    assert about[:2] == ["Kept from another run: no model was asked again"] * 2
    assert about[2] == "Free of charge"
    captions = [step.caption for step in list_steps(runs.events(run.run_id))]
    assert said in captions[0]
    assert sum(f"kept from {short}" in caption for caption in captions) >= 3
    layout = build_wall_time(run.timeline)["layout"]
    spans = layout["meta"]["spans"]
    assert [span[0] for span in spans] == [0, 1, 2, 3]
    assert all(a[2] <= b[1] + 1e-3 for a, b in pairwise(spans)), "one after another"
    (rule,) = [one for one in layout["shapes"] if one.get("yref") == "paper"]
    assert spans[1][2] <= rule["x0"] + 1e-3 <= spans[2][1] + 2e-3, "what is kept lies before the branch began"
    compared = compare_runs(parent.timeline, run.timeline)
    assert ("calls", "11", "5 for 2 new attempts") in [(s.name, s.before, s.after) for s in compared.settings]
    assert compared.is_same is False or all(one.is_equal for one in compared.rows)
    row = runs.store.row(run.run_id)
    assert (row.summary.calls, row.summary.fork_attempt, row.summary.parent) == (5, 3, parent.run_id)
    assert row.summary.rewards == (0.2, 0.2, 0.6, 1.0)


def test_a_branch_that_has_nothing_to_do_ends_at_once_without_a_call(runs, parent):
    plan = runs.branches.plan(parent.run_id, 5)
    assert (plan.attempts_at_most, plan.calls_at_most, plan.cost_usd, plan.first_new) == (0, 0, 0.0, 5)
    assert plan.reason == "Nothing is left to do: the run ends with the attempts that are kept."
    run = forked(runs, parent.run_id, 5)
    assert run.timeline.end.reason == "threshold_reached"
    assert not any(
        isinstance(r.event, LMRequested) for r in runs.events(run.run_id)[run.timeline.kept_events + 1 :]
    )
    assert run.usage_summary.startswith("0 new attempts, 0 requests for advice, 0 calls")
    assert run.usage_summary.endswith("free")


def test_a_branch_goes_on_where_its_parent_stopped(runs, parent):
    run = forked(runs, parent.run_id, 5, n=8, fail_count=8, validators=(), threshold=2.0)
    assert kept(run)[0] is True
    assert len(run.timeline.attempts) == 8
    out_of_reach = run_to_end(runs, runs.start(replace(TWO, threshold=None, N=2)))
    longer = forked(runs, out_of_reach.run_id, 3, n=4)
    assert kept(longer) == [True, True, False, False]


def test_another_reward_scores_the_kept_outputs_again_and_says_so(runs):
    parent = run_to_end(runs, runs.start(replace(TWO, strategy="best_of_n", N=4)))
    reward = (
        TWO.reward.replace("return", "return 0.5 *", 1)
        if False
        else LENIENT.replace("1.0", "len(pred.reply) / 1000")
    )
    plan = runs.branches.plan(parent.run_id, 4, reward=reward, threshold=None)
    assert (plan.kept, plan.rescored, plan.reason) == (3, True, "")
    run = forked(runs, parent.run_id, 4, reward=reward, threshold=None)
    outputs = [len(a.outputs["reply"]) / 1000 for a in run.timeline.attempts]
    assert rewards(run) == outputs
    assert tuple(outputs[:3]) == plan.rewards
    assert [a.score.rescored for a in run.timeline.attempts] == [True, True, True, False]
    assert run.stop_sentences[-1].endswith(", scored again.")
    assert rewards(runs.get(parent.run_id)) != outputs


def test_a_reward_that_stops_earlier_makes_a_branch_that_ends_there(runs, parent):
    plan = runs.branches.plan(parent.run_id, 4, reward=LENIENT)
    assert (plan.kept, plan.first_new, plan.calls_at_most) == (1, 2, 0)
    assert plan.reason == "Nothing is left to do: the run would have stopped at attempt 1."
    run = forked(runs, parent.run_id, 4, reward=LENIENT)
    assert (rewards(run), kept(run)) == ([1.0], [True])
    assert run.timeline.end.reason == "threshold_reached"


def test_a_branch_begins_where_the_adviser_would_have_read_something_else(runs, parent):
    plan = runs.branches.plan(parent.run_id, 4, threshold=0.9)
    assert (plan.kept, plan.first_new, plan.asks_first) == (1, 2, True)
    assert plan.reason == (
        "It begins at attempt 2, not 4: the adviser would have read another threshold, "
        "so attempt 2 would have had other hints."
    )
    assert plan.hints == {}
    run = forked(runs, parent.run_id, 4, threshold=0.9)
    advice = [a.advice for a in run.timeline.attempts]
    assert advice[0].kept is False, "it was asked for again"
    assert run.timeline.usage.calls == sum(not c.kept for c in run.timeline.calls)
    with pytest.raises(SpecError, match="attempt 4 will have another hint"):
        runs.branches.fork(parent.run_id, 4, threshold=0.9, hints={"write": "Short."})


def test_validators_check_the_kept_outputs_and_keep_their_scores(runs):
    parent = run_to_end(runs, runs.start(replace(TWO, strategy="best_of_n", N=3, threshold=0.1)))
    rule = ValidatorSpec("order", "'order' in pred.reply", "Name the order.")
    run = forked(runs, parent.run_id, 2, validators=(rule,))
    first = run.timeline.attempts[0]
    assert (first.reward, first.kept, first.score.rescored) == (0.2, True, True)
    assert bool(first.unmet) is ("order" not in first.outputs["reply"])


def test_a_judge_is_asked_about_kept_outputs_with_consent_only(runs):
    parent = run_to_end(runs, runs.start(replace(TWO, strategy="best_of_n", N=3, threshold=None)))
    plan = runs.branches.plan(parent.run_id, 3, reward=JUDGING)
    assert (plan.kept, plan.judge_calls, plan.judge_price) == (0, 3, "up to 3 calls, free")
    assert plan.reason == "It begins at attempt 1, not 3: attempt 1 has not been scored yet."
    paid = runs.branches.plan(parent.run_id, 3, reward=JUDGING, ask_judge=True)
    assert (paid.kept, paid.judge_calls, paid.reason) == (2, 0, "")
    run = forked(runs, parent.run_id, 3, reward=JUDGING, ask_judge=True)
    assert [len(a.judge_calls) for a in run.timeline.attempts] == [0, 0, 1]


def test_a_run_that_the_reward_broke_goes_on_with_a_better_one(runs):
    parent = run_to_end(runs, runs.start(BROKEN))
    assert parent.timeline.end.reason == "reward_broken"
    run = forked(runs, parent.run_id, 1, reward=LENIENT)
    assert rewards(run) == [1.0]
    again = forked(runs, parent.run_id, 2, reward=LENIENT)
    assert (rewards(again), kept(again)) == ([1.0], [True]), "its output was there, and scores now"


def test_a_run_that_was_continued_in_spite_of_its_reward_stays_so(runs):
    parent = run_to_end(runs, runs.start(replace(BROKEN, N=3)))
    runs.resume(parent.run_id, anyway=True)
    whole = run_to_end(runs, parent.run_id)
    run = forked(runs, parent.run_id, 3)
    assert run.timeline.end.reason == whole.timeline.end.reason != "reward_broken"
    assert len(run.timeline.attempts) == 3


def test_failures_of_kept_attempts_count_towards_those_allowed(runs):
    parent = run_to_end(runs, runs.start(replace(FLAKY, fail_count=0, N=6)))
    assert parent.timeline.end.reason == "too_many_failures"
    count = len(parent.timeline.attempts)
    assert forked(runs, parent.run_id, count + 1).timeline.end.reason == "too_many_failures"
    more = forked(runs, parent.run_id, count + 1, fail_count=5)
    assert kept(more)[count - 1 : count + 1] == [True, False]


def test_a_budget_is_for_what_is_new(runs):
    model = ModelSpec(
        "litellm", "openai/tiny", temperature=0.0, price_in_usd=10.0, price_out_usd=10.0, cache=False
    )
    with OpenAIServer(default=polite) as server:
        spec = replace(TWO, N=4, threshold=9.0, hints="none", model=replace(model, api_base=server.url))
        keys = Credentials({"model": "sk-test"})
        parent = run_to_end(runs, runs.start(spec, keys))
        spent = parent.timeline.usage.cost_usd
        assert spent > 0
        plan = runs.branches.plan(parent.run_id, 3)
        assert plan.cost_usd == pytest.approx(spent / 2)
        assert plan.seconds > 0
        asked = len(server.requests)
        with pytest.raises(LMKeyError, match="enter it again"):
            runs.branches.fork(parent.run_id, 3)
        with pytest.raises(LMKeyError, match="enter it again"):
            runs.branches.run_again(parent.run_id, seed=3)
        run = run_to_end(runs, runs.branches.fork(parent.run_id, 3, credentials=keys))
        assert len(server.requests) - asked == 4
        assert run.timeline.usage.cost_usd == pytest.approx(spent / 2, rel=0.2)
        assert run.timeline.end.reason == "attempts_used_up"
        tight = runs.start(replace(spec, budget_usd=spent / 2), keys)
        stopped = run_to_end(runs, tight)
        assert stopped.timeline.end.reason == "budget_used_up"
        ended = sum(a.has_ended for a in stopped.timeline.attempts)
        onward = run_to_end(runs, runs.branches.fork(tight, ended + 1, credentials=keys))
        assert len(onward.timeline.attempts) > ended, "its whole budget was left"


def test_what_a_model_without_a_price_costs_is_unknown_and_said_to_be(runs, parent):
    other = ModelSpec("litellm", "openai/unheard-of")
    plan = runs.branches.plan(parent.run_id, 3, model=other)
    assert (plan.cost_usd, plan.seconds) == (None, None)
    assert plan.text == "Up to 4 attempts and 3 requests for advice: at most 11 calls, cost unknown"
    priced = runs.branches.plan(parent.run_id, 3, model=replace(other, price_in_usd=1.0, price_out_usd=2.0))
    assert priced.cost_usd > 0
    assert "about $" in priced.text
    assert "free" in runs.branches.plan(parent.run_id, 3).text


def test_another_model_answers_from_the_first_new_attempt_on(runs, parent):
    with OpenAIServer(default=polite) as server:
        model = ModelSpec("litellm", "openai/tiny", api_base=server.url)
        keys = Credentials({"model": "sk-test"})
        run = run_to_end(runs, runs.branches.fork(parent.run_id, 3, model=model, n=3, credentials=keys))
    asked = [{c.model for c in a.calls} for a in run.timeline.attempts]
    assert (
        asked == [{"practice model"}, {"practice model"}, {"openai/tiny"}] or len(set(map(str, asked))) == 2
    )
    assert run.timeline.attempts[2].hints == parent.timeline.attempts[2].hints, "the same hint, another model"


def test_a_new_adviser_is_asked_before_the_first_new_attempt(runs, parent):
    plan = runs.branches.plan(parent.run_id, 3, adviser=ModelSpec(temperature=0.7))
    assert (plan.kept, plan.asks_first, plan.advice_at_most) == (2, True, 4)
    assert plan.reason == "The new adviser is asked about attempt 2 first."
    run = forked(runs, parent.run_id, 3, adviser=ModelSpec(temperature=0.7))
    first, second, *_ = run.timeline.attempts
    assert (first.advice.kept, second.advice.kept) == (True, False)
    unhinted = run_to_end(runs, runs.start(replace(TWO, strategy="best_of_n", N=2)))
    with pytest.raises(SpecError, match="asks no adviser"):
        runs.branches.fork(unhinted.run_id, 2, adviser=ModelSpec())


def test_what_cannot_be_is_refused_before_anything_is_recorded(runs, parent):
    count = len(runs.recent())
    for attempt, changes, why in (
        (3, {"hints": {"nobody": "x"}}, "nobody"),
        (3, {"temperature": 7.0}, "temperature"),
        (3, {"n": 0}, "N must be"),
        (3, {"threshold": float("nan")}, "threshold"),
        (9, {}, "begins at attempt 1 to 5"),
        (0, {}, "begins at attempt 1 to 5"),
        (3, {"model": ModelSpec(temperature=None), "temperature": 0.4}, "takes no temperature"),
    ):
        with pytest.raises(SpecError, match=why):
            runs.branches.fork(parent.run_id, attempt, **changes)
    with pytest.raises(SpecError, match="there is no run"):
        runs.branches.fork("nobody", 1)
    model = ModelSpec("litellm", "openai/x", key_env="REFINESCOPE_NO_SUCH_KEY")
    with pytest.raises(LMKeyError):
        runs.branches.fork(parent.run_id, 2, model=model)
    assert len(runs.recent()) == count


def test_a_run_at_work_lends_the_attempts_that_ended(runs):
    run_id = runs.start(TWO, stepwise=True)
    wait_for_event(runs, run_id, "run_paused")
    assert runs.branches.plan(run_id, 1).kept == 0
    with pytest.raises(SpecError, match="no attempt that ended"):
        runs.branches.plan(run_id, 2)
    assert eventually(lambda: runs.step(run_id))
    wait_for_event(runs, run_id, "reward_scored")
    run = forked(runs, run_id, 2)
    assert (kept(run), rewards(run)) == ([True, False, False, False], [0.2, 0.2, 0.6, 1.0])
    assert runs.get(run_id).live
    runs.cancel(run_id)
    cancelled = run_to_end(runs, run_id)
    assert cancelled.was_cancelled
    assert rewards(forked(runs, run_id, 2)) == [0.2, 0.2, 0.6, 1.0]


def test_runs_of_old_versions_have_branches(tmp_path):
    here = Runs(old_store(tmp_path))
    try:
        seen = 0
        for run_id, expected in EXPECTED.items():
            timeline = here.timeline(run_id)
            if timeline.spec.model.kind != "practice" or len(timeline.attempts) > 8:
                continue
            ended = sum(a.has_ended for a in timeline.attempts)
            for attempt in range(1, ended + 2):
                plan = here.branches.plan(run_id, attempt)
                assert (plan.kept, plan.problems) == (attempt - 1, ()), expected
            seen += 1
            if seen <= 2:
                run = forked(here, run_id, ended + 1)
                assert rewards(run)[:ended] == rewards(here.get(run_id))[:ended]
        assert seen >= 4
    finally:
        here.close()


def test_a_family_is_a_tree_and_outlives_a_parent_that_is_gone(runs, parent):
    first = forked(runs, parent.run_id, 3, temperature=0.9)
    second = forked(runs, first.run_id, 4, hints={"write": "Short."}, name="short")
    again = run_to_end(runs, runs.branches.run_again(parent.run_id, seed=3, strategy="best_of_n"))
    ids = [parent.run_id, first.run_id, second.run_id, again.run_id]
    for run_id in ids:
        family = runs.branches.family(run_id)
        assert [one.run_id for one in family.members] == ids
        assert [(one.depth, one.kept, one.fork_attempt) for one in family.members] == [
            (0, 0, None), (1, 2, 3), (2, 3, 4), (1, 0, None),
        ]  # fmt: skip
    assert [one.label for one in family.members] == [
        TWO.title, "T 0.9 from attempt 3", "short", "seed 3, best of N",
    ]  # fmt: skip
    assert [one.run_id for one in family.children(parent.run_id)] == [first.run_id, again.run_id]
    assert family.get(second.run_id).parent == first.run_id
    assert runs.branches.family("nobody").members == ()
    runs.list.delete([first.run_id])
    family = runs.branches.family(second.run_id)
    assert [(one.run_id, one.deleted) for one in family.members] == [
        (parent.run_id, False), (first.run_id, True), (second.run_id, False), (again.run_id, False),
    ]  # fmt: skip
    runs.store.purge(10**11)
    assert runs.timeline(first.run_id) is None or runs.store.row(first.run_id) is None
    orphan = runs.branches.family(second.run_id)
    assert [(one.run_id, one.parent) for one in orphan.members] == [(second.run_id, None)]
    assert [a.reward for a in runs.get(second.run_id).timeline.attempts][:2] == [0.2, 0.2]
    assert forked(runs, second.run_id, 4).timeline.kept_attempts == 3
    assert runs.list.search("", Filters(parents=(parent.run_id,))).matching == 1


def test_a_replay_of_a_branch_and_a_branch_of_a_replay_end_as_they_did(runs, parent):
    branch = forked(runs, parent.run_id, 3, hints={"write": "At most 20 words."}, temperature=0.8)
    replay = run_to_end(runs, runs.replay(branch.run_id, delay_s=0.0))
    assert (rewards(replay), kept(replay)) == (rewards(branch), [False] * len(rewards(branch)))
    assert replay.timeline.end.reason == branch.timeline.end.reason
    assert replay.timeline.attempts[2].hints == branch.timeline.attempts[2].hints
    for attempt in (1, 3, 4):
        assert rewards(forked(runs, replay.run_id, attempt)) == rewards(branch)
    with pytest.raises(SpecError, match="choose a model"):
        runs.branches.fork(replay.run_id, 3, temperature=0.1)
    described = replay_program(branch.timeline.spec, branch.run_id)
    assert (described.fork_attempt, described.starting_hints) == (None, {})
    assert runs.find_replay_mismatch(described) is None


def test_the_description_of_a_branch_runs_alone_from_its_first_attempt(runs, parent):
    branch = forked(runs, parent.run_id, 3, hints={"write": "Short."}, temperature=0.8)
    alone = run_to_end(runs, runs.start(branch.timeline.spec))
    assert (kept(alone), rewards(alone)) == ([False] * 4, rewards(parent))
    assert alone.timeline.spec.schedule == Schedule()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 4}, "seed 4"),
        ({"strategy": "single"}, "a single attempt"),
        ({"strategy": "best_of_n"}, "best of N"),
        ({"hints": "none"}, "no hints"),
        ({"hints": "feedback"}, "hints from the reward's feedback"),
        ({"n": 2}, "N = 2"),
        ({}, "again"),
    ],
)
def test_a_run_is_done_again_with_another_seed_or_strategy(runs, parent, changes, words):
    run = run_to_end(runs, runs.branches.run_again(parent.run_id, **changes))
    spec = run.timeline.spec
    assert (spec.parent, spec.change, spec.kept_attempts) == (parent.run_id, words, 0)
    assert spec.inputs == parent.timeline.spec.inputs
    if not changes:
        assert rewards(run) == rewards(parent)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed by a signal here")
def test_a_branch_whose_process_is_killed_is_resumed_with_what_it_keeps(tmp_path):
    script = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from refine_core.programs import EXAMPLES\n"
        "from refine_core.runs import Runs\n"
        "from refine_core.store import open_store\n"
        "runs = Runs(open_store(Path(sys.argv[1])))\n"
        "spec = EXAMPLES['two_stages'].spec\n"
        "slow = replace(spec, model=replace(spec.model, delay_s=0.4))\n"
        "parent = runs.start(spec); runs.join(parent, 60)\n"
        "print(runs.branches.fork(parent, 3, model=slow.model, hints={'write': 'At most 40 words.'}), flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    run_id = process.stdout.readline().strip()
    store = open_store(tmp_path)
    here = Runs(store)
    try:
        eventually(lambda: len(here.timeline(run_id).attempts) > 3 or None)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        run = eventually(lambda: here.get(run_id) if here.get(run_id).state == "interrupted" else None)
        before = here.events(run_id)
        done = sum(a.has_ended for a in run.timeline.attempts)
        here.resume(run_id)
        after = run_to_end(here, run_id)
        assert here.events(run_id)[: len(before)] == before
        assert kept(after)[:3] == [True, True, False]
        assert after.timeline.end is not None
        assert after.timeline.attempts[2].hints["write"] == "At most 40 words."
        assert len(after.timeline.attempts) > done
        row = store.row(run_id)
        assert row.summary.calls == after.timeline.usage.calls
        assert after.timeline.end.took_s < 30
    finally:
        process.kill()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()
        here.close()


def test_a_summary_is_the_same_however_the_log_is_read(runs, parent):
    run = forked(runs, parent.run_id, 3, hints={"write": "Short."})
    folded = reduce(summarize, runs.events(run.run_id), None)
    assert folded == runs.store.row(run.run_id).summary
    assert folded.change == "hint for write"
    scored = [r.event for r in runs.events(run.run_id) if isinstance(r.event, RewardScored)]
    assert not any(event.rescored for event in scored)
