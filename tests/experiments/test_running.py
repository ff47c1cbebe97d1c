"""An experiment at work: every cell once, whatever comes in between."""

from __future__ import annotations

import itertools
import json
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core import LM, Predict, Refine, datasets
from refine_core.datasets import table_of_cells
from refine_core.errors import SpecError, StoreError
from refine_core.experiments import Arm, Budget, Experiments, RateLimit
from refine_core.experiments.failure_kinds import list_failures
from refine_core.experiments.guard import ROWS_IN_DOUBT, UNANSWERED_IN_A_ROW
from refine_core.experiments.planning import plan_experiment
from refine_core.log import codec
from refine_core.refine.program_job import LiveProgram, describe_program
from refine_core.runs import Credentials, Runs
from refine_core.store import MemoryStore, open_store
from refine_core.store.protocol import EXPERIMENT_KIND
from tests.experiments.engine_parts import (
    KEYS,
    REFINED,
    SINGLE,
    Gate,
    answer,
    asked,
    keep_rows,
    make_experiment,
    on_server,
)
from tests.openai_server import RESET, Answer, OpenAIServer, status
from tests.prompts import advice, asks_for_advice, reply
from tests.threads import eventually

LONG_S = 60.0
ROOT = Path(__file__).parents[2]
CREDENTIALS = Credentials(KEYS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def runs(home: Path) -> Iterator[Runs]:
    opened = Runs(open_store(home))
    yield opened
    opened.close()


@pytest.fixture
def experiments(runs: Runs) -> Experiments:
    return Experiments(runs)


def test_every_cell_is_an_ordinary_run_and_is_run_once(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 3), REFINED, SINGLE, repeats=2)
    experiments.join(experiments.start(experiment), LONG_S)
    snapshot = experiments.get(experiment.id)
    assert (snapshot.state, snapshot.done, snapshot.error) == ("finished", 12, "")
    for cell in snapshot.cells:
        timeline = runs.timeline(cell.run_id(experiment.id))
        assert timeline.spec.inputs == {"question": f"What is {cell.row - 1} + {cell.row - 1}?"}
        assert (timeline.spec.experiment, timeline.spec.model.cache) == (experiment.id, False)
        assert timeline.spec.seed == cell.repeat - 1
    assert len(runs.store.cell_runs(experiment.id)) == 12


def test_cells_are_in_no_list_of_runs(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    assert runs.list.search().total == 0
    assert runs.list.choices().models == {}
    assert runs.store.starts() == []
    assert len(runs.list.listed(runs.store.cell_runs(experiment.id))) == 2


def test_another_process_reads_the_same(runs, experiments, home):
    experiment = make_experiment(keep_rows(runs.store, 3), REFINED, repeats=2)
    experiments.join(experiments.start(experiment), LONG_S)
    here, other = experiments.get(experiment.id), Runs(open_store(home))
    there = Experiments(other).get(experiment.id)
    assert (there.state, there.outcomes, there.spent) == (here.state, here.outcomes, here.spent)
    other.close()


def test_what_would_fail_in_every_cell_is_said_before_anything_is_asked(runs, experiments):
    dataset = keep_rows(runs.store, 2)
    wrong = replace(SINGLE, stages=(replace(SINGLE.stages[0], signature="topic -> answer"),))
    with pytest.raises(SpecError, match=r"no column of .* is the input topic"):
        experiments.start(make_experiment(dataset, SINGLE, wrong))
    assert experiments.list_experiments() == []


def test_a_deleted_experiment_is_in_no_list_until_it_is_brought_back(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    experiments.delete(experiment.id)
    assert experiments.list_experiments() == []
    experiments.undelete(experiment.id)
    assert [one.done for one in experiments.list_experiments()] == [2]


def test_a_deleted_experiment_spends_nothing_until_it_is_brought_back(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 3), SINGLE, budget=Budget(calls=1))
    experiments.join(experiments.start(experiment), LONG_S)
    experiments.delete(experiment.id)
    for change in (
        lambda: experiments.set_budget(experiment.id, Budget()),
        lambda: experiments.resume(experiment.id),
        lambda: experiments.rename(experiment.id, "again"),
    ):
        with pytest.raises(SpecError, match="deleted; bring it back first"):
            change()
    experiments.undelete(experiment.id)
    experiments.set_budget(experiment.id, Budget())
    experiments.resume(experiment.id)
    experiments.join(experiment.id, LONG_S)
    assert experiments.get(experiment.id).done == 3


def test_what_was_deleted_a_month_ago_is_removed_with_its_runs_and_outcomes(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    runs.store.delete_experiment(experiment.id, 1.0)
    runs.list.purge()
    assert runs.store.cell_runs(experiment.id) == {}
    assert runs.store.outcomes(experiment.id)[1] == []
    assert experiments.get(experiment.id) is None


# What may come in between


def test_a_killed_process_is_gone_on_with_and_nothing_finished_is_asked_twice(runs, experiments, home):
    gate = Gate(5)
    with OpenAIServer(default=gate) as server:
        experiment = make_experiment(keep_rows(runs.store, 8), on_server(server, SINGLE), at_once=2)
        runs.store.put(EXPERIMENT_KIND, experiment.id, codec.dumps(experiment))
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.experiments.run_child", str(home), experiment.id], cwd=ROOT
        )
        try:
            server.wait_for_requests(
                7, 60
            )  # the child imports litellm first; five that were answered, and two that are held
            there = eventually(lambda: (s := experiments.get(experiment.id)).done == 5 and s)
            assert (there.state, there.is_local, len(there.under_way)) == ("running", False, 2)
            assert experiments.resume(experiment.id, CREDENTIALS) is False, "another process works at it"
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait(30)
        killed = experiments.get(experiment.id)
        assert (killed.state, killed.stopped_by, killed.done) == ("stopped", "crash", 5)
        gate.opened.set()
        assert experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        whole = experiments.get(experiment.id)
        assert (whole.state, whole.done) == ("finished", 8)
        counts = asked(server)
    again = {cell for cell in whole.cells if counts[f"What is {cell.row - 1} + {cell.row - 1}?"] > 1}
    assert again == killed.under_way or len(again) == 2
    assert again.isdisjoint(killed.outcomes), "what had finished was not asked again"
    assert killed.outcomes.items() <= whole.outcomes.items()
    assert len(runs.store.cell_runs(experiment.id)) == 8


def test_an_outcome_that_was_not_kept_is_folded_from_its_run(runs, experiments, home):
    experiment = make_experiment(keep_rows(runs.store, 3), REFINED)
    experiments.join(experiments.start(experiment), LONG_S)
    before = experiments.get(experiment.id)
    with closing(sqlite3.connect(home / "refinescope.db")) as connection:
        connection.execute("DELETE FROM outcomes")
        connection.commit()
    after = Experiments(runs).get(experiment.id)
    assert (after.state, after.outcomes) == ("finished", before.outcomes)
    assert len(runs.store.outcomes(experiment.id)[1]) == 3


def test_what_a_cut_off_run_did_after_it_went_on_is_folded_too(runs, experiments, home):
    """The process died after the run had ended, or had made further calls, and before its outcome was kept anew."""
    gate = Gate(0)
    with OpenAIServer(default=gate) as server:
        experiment = make_experiment(keep_rows(runs.store, 2), on_server(server, SINGLE), at_once=2)
        experiments.start(experiment, CREDENTIALS)
        server.wait_for_requests(2)
        experiments.cancel(experiment.id)
        experiments.join(experiment.id, 10)
        outdated = dict(runs.store.outcomes(experiment.id)[1])
        gate.opened.set()
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
    whole = experiments.get(experiment.id)
    assert len(outdated) == whole.done == 2
    runs.store.add_outcomes(experiment.id, outdated)
    there = Experiments(runs).get(experiment.id)
    assert (there.state, there.outcomes, there.spent) == ("finished", whole.outcomes, whole.spent)


@pytest.mark.parametrize(
    "damage",
    [
        "not JSON",
        "null",
        '{"state": 5, "reward": 1.0, "attempts": 5, "reason": "", "charges": 5}',
        '{"state": "scored", "reward": 1e999, "attempts": [], "reason": "", "charges": {}}',
        '{"state": "scored", "reward": "1", "attempts": [], "reason": "", "charges": {}}',
    ],
)
def test_a_damaged_outcome_is_folded_anew(runs, experiments, home, damage):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    before = experiments.get(experiment.id)
    with closing(sqlite3.connect(home / "refinescope.db")) as connection:
        connection.execute("UPDATE outcomes SET text = ?", (damage,))
        connection.commit()
    assert Experiments(runs).get(experiment.id).outcomes == before.outcomes


@pytest.mark.parametrize("change", [{"repeats": 10**9}, {"name": 5}, {"arms": []}, {"rows": -3}])
def test_a_document_that_is_no_experiment_is_left_out_of_the_list(runs, experiments, change):
    whole, broken = (make_experiment(keep_rows(runs.store, 2), SINGLE) for _ in range(2))
    for one in (whole, broken):
        experiments.join(experiments.start(one), LONG_S)
    text = runs.store.document(EXPERIMENT_KIND, broken.id)
    runs.store.put(EXPERIMENT_KIND, broken.id, json.dumps({**json.loads(text), **change}))
    assert [one.experiment.id for one in Experiments(runs).list_experiments()] == [whole.id]


def test_a_refused_key_stops_its_arm_at_once_and_the_others_go_on(runs, experiments):
    with OpenAIServer(default=answer, key="a-key-for-tests") as server:
        dataset = keep_rows(runs.store, 6)
        experiment = make_experiment(dataset, on_server(server, REFINED), REFINED, at_once=2)
        experiments.start(experiment, Credentials({"a.model": "another-key"}))
        experiments.join(experiment.id, LONG_S)
        stopped = experiments.get(experiment.id)
        assert (stopped.state, stopped.stopped_by, stopped.done) == ("stopped", "arms", 6)
        assert {cell.arm for cell in stopped.outcomes} == {"b"}
        assert list(stopped.stopped_arms) == ["a"]
        assert "key" in stopped.stopped_arms["a"]
        assert list(stopped.keyless_arms) == ["a"]
        assert len(server.requests) <= 2, "one for each cell that was under way"
        experiments.resume(experiment.id, Credentials({"a.model": "a-key-for-tests"}))
        experiments.join(experiment.id, LONG_S)
    whole = experiments.get(experiment.id)
    assert (whole.state, whole.done, dict(whole.stopped_arms)) == ("finished", 12, {})
    assert all(outcome.failed_attempts == 0 for outcome in whole.outcomes.values())


def test_a_reward_that_cannot_be_loaded_stops_its_arm(runs, experiments):
    broken = replace(REFINED, reward="import no_such_module\n" + REFINED.reward)
    experiment = make_experiment(keep_rows(runs.store, 6), broken, SINGLE, at_once=2)
    experiments.join(experiments.start(experiment), LONG_S)
    snapshot = experiments.get(experiment.id)
    assert {cell.arm for cell in snapshot.outcomes} == {"b"}
    assert "no_such_module" in snapshot.stopped_arms["a"]
    assert len([run for run in runs.store.cell_runs(experiment.id) if "-a0" in run]) <= 2


def test_a_reward_that_fails_on_some_rows_fails_only_those(runs, experiments):
    picky = "def reward(args, pred):\n    if args['question'][8] in '012':\n        raise KeyError('no')\n    return 1.0\n"
    experiment = make_experiment(keep_rows(runs.store, 6), replace(SINGLE, reward=picky), at_once=1)
    experiments.join(experiments.start(experiment), LONG_S)
    snapshot = experiments.get(experiment.id)
    assert (snapshot.state, dict(snapshot.stopped_arms)) == ("finished", {})
    assert [snapshot.outcomes[cell].state for cell in snapshot.cells] == ["failed"] * 3 + ["scored"] * 3
    assert [(kind.what, kind.detail) for kind in list_failures(snapshot)] == [("KeyError", "'no'")]


def test_a_reward_that_scored_a_row_before_a_resume_stops_nothing_after_it(runs, experiments):
    picky = "def reward(args, pred):\n    if args['question'][8] != '0':\n        raise KeyError('no')\n    return 1.0\n"
    rows = keep_rows(runs.store, ROWS_IN_DOUBT + 2)
    experiment = make_experiment(rows, replace(SINGLE, reward=picky), at_once=1, rows=1)
    experiments.join(experiments.start(experiment), LONG_S)
    experiments.add_rows(experiment.id, rows.version)
    experiments.resume(experiment.id)
    experiments.join(experiment.id, LONG_S)
    snapshot = experiments.get(experiment.id)
    assert (snapshot.state, dict(snapshot.stopped_arms)) == ("finished", {})
    assert [one.state for one in snapshot.outcomes.values()].count("failed") == ROWS_IN_DOUBT + 1


def test_a_reward_that_fails_on_every_row_stops_its_arm_after_a_few(runs, experiments):
    broken = "def reward(args, pred):\n    raise KeyError(args['question'])\n"
    experiment = make_experiment(
        keep_rows(runs.store, 12), replace(SINGLE, reward=broken), REFINED, at_once=1
    )
    experiments.join(experiments.start(experiment), LONG_S)
    snapshot = experiments.get(experiment.id)
    assert list(snapshot.stopped_arms) == ["a"]
    assert sum(cell.arm == "a" for cell in snapshot.outcomes) == ROWS_IN_DOUBT - 1
    experiments.resume(experiment.id)
    experiments.join(experiment.id, LONG_S)
    assert sum(cell.arm == "a" for cell in experiments.get(experiment.id).outcomes) == 2 * (ROWS_IN_DOUBT - 1)


def test_an_account_without_credit_stops_its_arm_at_once(runs, experiments):
    with OpenAIServer(default=status(429, "No money left.", error_code="insufficient_quota")) as server:
        experiment = make_experiment(keep_rows(runs.store, 6), on_server(server, REFINED), at_once=1)
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        stopped = experiments.get(experiment.id)
        assert (stopped.stopped_by, stopped.done, len(server.requests)) == ("arms", 0, 1)
        assert "out of credit" in stopped.stopped_arms["a"]


def test_a_server_that_asks_to_wait_a_day_stops_the_arms_on_it_until_resume(runs, experiments):
    with OpenAIServer(default=status(429, "No more today.", retry_after=86_400)) as server:
        experiment = make_experiment(
            keep_rows(runs.store, 6), on_server(server, SINGLE), on_server(server, REFINED), SINGLE, at_once=1
        )
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        stopped = experiments.get(experiment.id)
        assert (stopped.stopped_by, {cell.arm for cell in stopped.outcomes}) == ("arms", {"c"})
        assert len(server.requests) == 2, "one of each arm"
        assert stopped.stopped_arms["a"] == stopped.stopped_arms["b"]
        assert re.search(r"No more today.*asks to wait until .*: resume then", stopped.stopped_arms["a"])
        server.default = answer
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
    whole = experiments.get(experiment.id)
    assert (whole.state, dict(whole.stopped_arms)) == ("finished", {})
    assert all(outcome.failed_attempts == 0 for outcome in whole.outcomes.values())


def test_a_server_that_dies_midway_fails_no_cell_and_resume_goes_on(runs, experiments):
    replies = itertools.count()

    def first_five(body):
        return answer(body) if next(replies) < 5 else Answer(hang_s=60)

    with OpenAIServer(default=first_five) as server:
        arms = on_server(server, SINGLE), on_server(server, REFINED), SINGLE
        experiment = make_experiment(keep_rows(runs.store, 8), *arms, at_once=2)
        experiments.start(experiment, CREDENTIALS)
        server.wait_for_requests(7)
    experiments.join(experiment.id, LONG_S)
    stopped = experiments.get(experiment.id)
    assert (stopped.state, stopped.stopped_by, list(stopped.stopped_arms)) == ("stopped", "arms", ["a", "b"])
    assert {cell.arm for cell in stopped.cells if cell not in stopped.outcomes} == {"a", "b"}
    assert {one.state for one in stopped.outcomes.values()} == {"scored"}
    assert not stopped.keyless_arms, "another key would help nobody"
    assert stopped.stopped_arms["a"] == stopped.stopped_arms["b"]
    assert re.fullmatch(
        rf"Cannot reach the server at {server.url}: connection refused\. Is the server running\? "
        r"10 calls in a row got no answer\. Resume once it answers\.",
        stopped.stopped_arms["a"],
    )
    ended = set(stopped.outcomes)
    with OpenAIServer(default=answer, port=server.port) as server:
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        assert len(server.requests) == len(set(stopped.cells) - ended)
    whole = experiments.get(experiment.id)
    assert (whole.state, whole.done, dict(whole.stopped_arms)) == ("finished", 24, {})
    assert all(outcome.failed_attempts == 0 for outcome in whole.outcomes.values())


def test_a_lost_server_is_given_up_also_where_one_cell_is_left(runs, experiments):
    with OpenAIServer(default=RESET) as server:
        experiment = make_experiment(keep_rows(runs.store, 1), on_server(server, SINGLE))
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        assert len(server.requests) == UNANSWERED_IN_A_ROW
    stopped = experiments.get(experiment.id)
    assert (stopped.stopped_by, stopped.done, list(stopped.stopped_arms)) == ("arms", 0, ["a"])


def test_a_cell_that_alone_gets_no_answer_fails_at_its_second_try(runs, experiments):
    def all_but_one(body):
        return RESET if "1 + 1" in str(body["messages"]) else answer(body)

    with OpenAIServer(default=all_but_one) as server:
        experiment = make_experiment(keep_rows(runs.store, 4), on_server(server, SINGLE), at_once=1)
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        assert [*asked(server).values()] == [1, 2, 1, 1]
    whole = experiments.get(experiment.id)
    assert (whole.state, dict(whole.stopped_arms)) == ("finished", {})
    assert [whole.outcomes[cell].state for cell in whole.cells] == ["scored", "failed", "scored", "scored"]


def test_calls_at_once_hold_for_each_model_on_its_own(runs, experiments):
    all_here, under_way = threading.Barrier(1 + 3), Counter()

    def hold(body):
        under_way[body["model"]] += 1
        all_here.wait(LONG_S)
        return answer(body)

    with OpenAIServer(default=answer) as server:
        one, other = on_server(server, SINGLE, "one"), on_server(server, SINGLE, "other")
        limits = {one.model.label: RateLimit(at_once=1), other.model.label: RateLimit(at_once=3)}
        experiment = replace(make_experiment(keep_rows(runs.store, 3), one, other), rate_limits=limits)
        server.script(*[hold] * 4)
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
    assert under_way == {"one": 1, "other": 3}
    assert experiments.get(experiment.id).state == "finished"


def test_a_budget_of_calls_is_kept_to_the_call_and_raised(runs, experiments):
    with OpenAIServer(default=answer) as server:
        spec = on_server(server, SINGLE)
        experiment = make_experiment(keep_rows(runs.store, 6), spec, at_once=2, budget=Budget(calls=4))
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        stopped = experiments.get(experiment.id)
        assert (stopped.state, stopped.stopped_by, stopped.done) == ("stopped", "budget", 4)
        assert (len(server.requests), stopped.spent.calls) == (4, 4)
        assert stopped.error == (
            "The budget of 4 calls is spent: 4 of 6 runs ended. Raise it and resume, or read what is there."
        )
        experiments.set_budget(experiment.id, Budget(calls=10))
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        assert (experiments.get(experiment.id).state, len(server.requests)) == ("finished", 6)


def test_a_budget_of_dollars_is_not_begun_where_prices_are_unknown(runs, experiments):
    with OpenAIServer(default=answer) as server:
        spec = on_server(server, SINGLE)
        experiment = make_experiment(keep_rows(runs.store, 4), spec, at_once=1, budget=Budget(usd=3.0))
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        assert len(server.requests) == 1, "the first one tells that its cost is unknown"
    stopped = experiments.get(experiment.id)
    assert stopped.stopped_by == "budget"
    assert "The price of openai/tiny is not known" in stopped.error


def test_a_pause_lets_what_is_under_way_end_and_begins_nothing_more(runs, experiments):
    gate = Gate(2)
    with OpenAIServer(default=gate) as server:
        experiment = make_experiment(keep_rows(runs.store, 6), on_server(server, SINGLE), at_once=2)
        experiments.start(experiment, CREDENTIALS)
        server.wait_for_requests(4)
        assert experiments.pause(experiment.id)
        assert experiments.get(experiment.id).state == "pausing"
        gate.opened.set()
        experiments.join(experiment.id, LONG_S)
        paused = experiments.get(experiment.id)
        assert (paused.state, paused.done, len(server.requests)) == ("paused", 4, 4)
        assert Experiments(runs).get(experiment.id).state == "paused"
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        assert experiments.get(experiment.id).state == "finished"


def test_a_cancel_ends_calls_under_way_and_their_cells_count_as_not_run(runs, experiments):
    gate = Gate(2)
    with OpenAIServer(default=gate) as server:
        experiment = make_experiment(keep_rows(runs.store, 6), on_server(server, SINGLE), at_once=2)
        experiments.start(experiment, CREDENTIALS)
        server.wait_for_requests(4)
        eventually(lambda: experiments.get(experiment.id).done == 2)
        assert experiments.cancel(experiment.id)
        experiments.join(experiment.id, 10)
        cut = experiments.get(experiment.id)
        assert (cut.state, cut.stopped_by, cut.done) == ("stopped", "cancel", 2)
        assert [one.complete_attempts for one in cut.cut_off.values()] == [0, 0]
        gate.opened.set()
        experiments.resume(experiment.id, CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        whole = experiments.get(experiment.id)
        assert (whole.state, whole.done, max(asked(server).values())) == ("finished", 6, 2)
        assert whole.cut_off == {}


def test_of_two_openers_one_runs_the_experiment(runs, experiments, home):
    gate = Gate(0)
    with OpenAIServer(default=gate) as server:
        experiment = make_experiment(keep_rows(runs.store, 4), on_server(server, SINGLE), at_once=2)
        experiments.start(experiment, CREDENTIALS)
        server.wait_for_requests(2)
        other_runs = Runs(open_store(home))
        others = (experiments, Experiments(runs), Experiments(other_runs))
        assert [one.resume(experiment.id, CREDENTIALS) for one in others] == [False, False, False]
        with pytest.raises(SpecError, match="another Refinescope process runs"):
            Experiments(other_runs).delete(experiment.id)
        gate.opened.set()
        experiments.join(experiment.id, LONG_S)
        assert max(asked(server).values()) == 1
        assert Experiments(other_runs).get(experiment.id).state == "finished"
        other_runs.close()


def test_only_what_failed_is_run_anew_under_another_id(runs, experiments):
    with OpenAIServer(default=answer) as server:
        server.script(status(400), status(400))
        experiment = make_experiment(keep_rows(runs.store, 4), on_server(server, SINGLE), at_once=1)
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
        first = experiments.get(experiment.id)
        assert sorted(one.state for one in first.outcomes.values()) == ["failed"] * 2 + ["scored"] * 2
        assert experiments.retry_failed(experiment.id, credentials=CREDENTIALS)
        experiments.join(experiment.id, LONG_S)
        second = experiments.get(experiment.id)
        assert (len(server.requests), second.done) == (6, 4)
    assert {one.state for one in second.outcomes.values()} == {"scored"}
    assert sorted(cell.again for cell in second.cells) == [0, 0, 1, 1]
    assert second.spent.calls == 6, "what failed was paid for, too"


def test_nothing_begins_with_bad_rows_that_nobody_agreed_to_leave_out(runs, experiments):
    good = keep_rows(runs.store, 2)
    more = datasets.table_of_cells(["question", "note"], [["Why?", ""], ["", "empty"]], name="more.csv")
    experiment = make_experiment(good, SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    waiting = datasets.keep(runs.store, more, (), extends=good.id, pending=True)
    other = make_experiment(waiting, SINGLE)
    with pytest.raises(SpecError, match=r"some rows of .* cannot be run"):
        experiments.start(other)
    with pytest.raises(SpecError, match=r"some rows of .* cannot be run"):
        experiments.add_rows(experiment.id, waiting.version)
    document = codec.dumps(replace(experiment, dataset_version=waiting.version))
    runs.store.put(EXPERIMENT_KIND, experiment.id, document)
    with pytest.raises(SpecError, match=r"some rows of .* cannot be run"):
        experiments.resume(experiment.id)
    assert [one.field for one in plan_experiment(runs, other, waiting).problems] == ["inputs"]


def test_rows_and_an_arm_are_added_and_only_they_are_run(runs, experiments):
    dataset = keep_rows(runs.store, 4)
    experiment = make_experiment(dataset, SINGLE, rows=2)
    experiments.join(experiments.start(experiment), LONG_S)
    first = experiments.get(experiment.id)
    experiments.add_rows(experiment.id, dataset.version)
    experiments.add_arm(experiment.id, Arm("b", "Refined", REFINED))
    assert (experiments.get(experiment.id).state, experiments.get(experiment.id).done) == ("stopped", 2)
    experiments.resume(experiment.id)
    experiments.join(experiment.id, LONG_S)
    second = experiments.get(experiment.id)
    assert (second.state, second.done) == ("finished", 8)
    assert first.outcomes.items() <= second.outcomes.items()


def test_a_key_is_sent_only_where_it_was_typed_for(runs, experiments):
    with OpenAIServer(default=answer) as one, OpenAIServer(default=answer) as two:
        experiment = make_experiment(keep_rows(runs.store, 1), on_server(one, SINGLE), on_server(two, SINGLE))
        with pytest.raises(SpecError, match="give each arm its own key"):
            experiments.start(experiment, CREDENTIALS)
        experiments.start(experiment, Credentials({"a.model": "key-one", "b.model": "key-two"}))
        experiments.join(experiment.id, LONG_S)
        assert [server.requests[0].headers["authorization"] for server in (one, two)] == [
            "Bearer key-one", "Bearer key-two",
        ]  # fmt: skip


def test_a_program_of_this_process_is_asked_anew_in_every_cell(runs, experiments):
    with OpenAIServer(default=answer) as server:
        lm = LM("openai/tiny", api_base=server.url, api_key="a-key-for-tests", num_retries=0)
        program = Refine(Predict("question -> answer"), N=2, reward_fn=lambda *_: 0.5, threshold=0.5)
        program.module.set_lm(lm)
        spec = describe_program(LiveProgram(program, {"question": "?"}, "program.py"))
        experiment = make_experiment(keep_rows(runs.store, 2), spec, spec, repeats=2)
        experiments.start(experiment, programs={"a": program, "b": program})
        experiments.join(experiment.id, LONG_S)
        whole = experiments.get(experiment.id)
        assert (whole.state, whole.done, len(server.requests)) == ("finished", 8, 8)
    assert program.module.lm is None or program.module.lm is lm, "the program itself is as it was"
    with pytest.raises(SpecError, match=r"resumes only with it: refinescope batch program\.py"):
        experiments.resume(experiment.id)


class Filling(MemoryStore):
    """A store whose disk has room for so many more events."""

    room = 1_000_000

    def append(self, records, summary, *, cancel=None) -> None:
        self.check_room()
        self.room -= len(records)
        super().append(records, summary, cancel=cancel)

    def put(self, kind, name, text) -> None:
        self.check_room()
        super().put(kind, name, text)

    def add_outcomes(self, experiment_id, texts) -> None:
        self.check_room()
        super().add_outcomes(experiment_id, texts)

    def release(self, name) -> None:
        self.check_room()
        super().release(name)

    def check_room(self) -> None:
        if self.room <= 0:
            raise StoreError("cannot write: the disk is full; free some space and try again")


class Faulty(Runs):
    """Runs with a fault of their own, which is nothing a user can have caused."""

    def run_here(self, *_given, **_options):
        raise RuntimeError("no such place")


def test_an_internal_error_is_not_told_as_a_full_disk():
    experiments = Experiments(Faulty(MemoryStore()))
    experiment = make_experiment(keep_rows(experiments.runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    stopped = experiments.get(experiment.id)
    assert (stopped.state, stopped.stopped_by) == ("stopped", "error")
    assert "RuntimeError: no such place" in stopped.error


def test_a_full_disk_stops_everything_and_a_later_press_goes_on():
    store = Filling()
    runs = Runs(store)
    experiments = Experiments(runs)
    experiment = make_experiment(keep_rows(store, 10), SINGLE, REFINED, at_once=2)
    store.room = 60
    experiments.join(experiments.start(experiment), LONG_S)
    full = experiments.get(experiment.id)
    assert (full.state, full.stopped_by) == ("stopped", "store")
    assert "the disk is full" in full.error
    assert 0 < full.done < 20
    store.room = 1_000_000
    assert experiments.resume(experiment.id)
    experiments.join(experiment.id, LONG_S)
    whole = experiments.get(experiment.id)
    assert (whole.state, whole.done, len(store.cell_runs(experiment.id))) == ("finished", 20, 20)
    assert full.outcomes.items() <= whole.outcomes.items()


def test_a_hint_that_quotes_the_right_answer_is_kept_with_the_outcome(runs, experiments):
    def tell(body: dict[str, object]) -> str:
        """An adviser that passes on the right answer, and a model that says what its hint says."""
        if asks_for_advice(body["messages"]):
            return advice(predict="Say Zanzibar.", answer="Say Zanzibar.")
        return reply(answer="Zanzibar" if "Say Zanzibar" in str(body["messages"]) else "no idea")

    reward = "def reward(args, pred):\n    return float(pred.answer == args['expected'])\n"
    table = table_of_cells(["question", "expected"], [["Where?", "Zanzibar"], ["Where is it?", "elsewhere"]])
    spec = replace(REFINED, reward=reward, threshold=1.0)
    columns = [guess.column for guess in datasets.suggest_columns(table, spec)]
    with OpenAIServer(default=tell) as server:
        experiment = make_experiment(datasets.keep(runs.store, table, columns), on_server(server, spec))
        experiments.join(experiments.start(experiment, CREDENTIALS), LONG_S)
    outcomes = experiments.get(experiment.id).outcomes
    assert {cell.row: (one.reward, one.given_away) for cell, one in outcomes.items()} == {
        1: (1.0, ("expected",)),
        2: (0.0, ()),
    }
