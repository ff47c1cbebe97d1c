"""A real dspy, recorded: what the log holds is what dspy did, and the script notices nothing."""

from __future__ import annotations

import os
from contextlib import closing

import pytest

from refine_core import events as ev
from refine_core.store import open_store
from tests.interop.comparing import compare
from tests.parity.scripts import scripts

SCRIPTS = int(os.environ.get("REFINESCOPE_DSPY_SCRIPTS", "10"))  # .ci/long plays 200
pytestmark = pytest.mark.timeout(600)  # the first test may have to wait for pip


def of(kind, log):
    return [event for event in log if isinstance(event, kind)]


def test_a_log_tells_what_dspys_own_source_did(watched):
    for number, script in enumerate(scripts(SCRIPTS, seed=7)):
        played = watched.do({"script": script})
        assert compare(played) is None, f"script {number}: {script['shape']}, {script['strategy']}"
        assert not played["logged"], f"script {number}"


def test_the_two_lines_record_a_refinement_with_its_hint(play, dspy_version):
    [(row, log)], said = play("configured")
    started, scores, hinted = (
        of(ev.RunStarted, log)[0],
        of(ev.RewardScored, log),
        of(ev.ModuleStarted, log)[-1],
    )
    assert [one.value for one in scores] == [0.0, 1.0]
    assert hinted.hint == "one word"
    assert row.summary.reason == "threshold_reached"
    assert row.summary.title == "question -> answer"
    assert started.recorded_from == f"dspy {dspy_version}"
    assert "def one_word(args, pred)" in started.spec.reward
    assert of(ev.LMReplied, log)[0].prompt_tokens == 7
    assert "sk-secret" not in str(log)
    assert "nested-secret" not in str(log)
    assert "Refinescope" not in said


def test_a_recorded_run_is_kept_where_the_apps_history_is(play, tmp_path):
    address = f"sqlite:{tmp_path / 'elsewhere' / 'history.db'}"
    play.run("configured", database=address)
    with closing(open_store(database=address)) as store:
        assert [row.summary.reason for row in store.rows()] == ["threshold_reached"]
    assert not (tmp_path / "home" / "refinescope.db").exists()


def test_only_what_runs_inside_the_block_is_recorded(play):
    runs, _ = play("in_a_block")
    assert [of(ev.RunStarted, log)[0].spec.inputs for _, log in runs] == [{"question": "inside"}]


@pytest.mark.parametrize("scene", ["in_threads", "in_batch"])
def test_each_call_at_once_is_a_run_of_its_own(play, scene):
    runs, _ = play(scene)
    assert sorted(of(ev.RunStarted, log)[0].spec.inputs["question"] for _, log in runs) == [
        "0",
        "1",
        "2",
        "3",
    ]
    assert {row.summary.rewards for row, _ in runs} == {(0.0, 1.0)}
    assert {row.summary.reason for row, _ in runs} == {"threshold_reached"}


def test_blocks_share_a_thread_and_a_store(play):
    runs, _ = play("in_blocks")
    assert len(runs) == 3


def test_a_thread_that_outlives_its_run_gets_its_reply(play):
    [(row, _)], said = play("outlived")
    assert row.summary.reason == "attempts_used_up"
    assert "Refinescope" not in said


def test_a_forked_process_adds_nothing_to_its_parents_run(play):
    [(row, log)], _ = play("forked")
    assert row.summary.rewards == (1.0,)
    assert [one.purpose for one in of(ev.LMRequested, log)] == ["predict"]


def test_a_judge_asked_by_the_reward_is_no_attempt(play):
    [(row, log)], _ = play("with_a_judge")
    assert [one.purpose for one in of(ev.LMRequested, log)] == ["predict", "judge"]
    assert row.summary.rewards == (1.0,)


def test_a_refinement_inside_another_belongs_to_its_run(play):
    [(row, log)], _ = play("nested")
    assert row.summary.strategy == "best_of_n"
    assert row.summary.rewards == (1.0, 1.0)
    assert len(of(ev.AttemptStarted, log)) == 6


def test_a_nested_refinement_tells_of_its_fail_count(play):
    [(row, log)], _ = play("nested_counts")
    assert [one.detail for one in of(ev.LibraryFault, log)] == ["2 -> 0"]
    failed = of(ev.AttemptFailed, log)  # so the second call raises, and the attempt around it fails
    assert [one.phase for one in failed] == ["reward"] * 4 + ["program"]
    assert row.summary.reason == "every_attempt_failed"


def test_rewards_without_bounds_are_kept_and_nan_is_no_reward(play):
    [(row, log)], _ = play("no_numbers")
    assert [one.value for one in of(ev.RewardScored, log)] == [float("-inf"), float("inf")]
    assert [one.error.type for one in of(ev.AttemptFailed, log)] == ["NotANumber"]
    assert (row.summary.reason, row.summary.best) == ("threshold_reached", 2)


def test_replies_on_a_shared_model_keep_their_tokens(play):
    runs, _ = play("on_one_model")
    assert [[one.prompt_tokens for one in of(ev.LMReplied, log)] for _, log in runs] == [[7, 7]] * 20


def test_a_refine_that_begins_after_its_run_is_a_run(play):
    runs, _ = play("outlived_by_a_refine")
    assert [of(ev.RunStarted, log)[0].spec.inputs["question"] for _, log in runs] == ["q", "late"]
    assert [row.summary.reason for row, _ in runs] == ["attempts_used_up", "threshold_reached"]


def test_a_fork_during_a_call_of_another_thread_can_refine(play):
    runs, _ = play("forked_under_way")
    reasons = {of(ev.RunStarted, log)[0].spec.inputs["question"]: row.summary.reason for row, log in runs}
    assert reasons == {"child": "threshold_reached", "parent": "attempts_used_up"}


def test_a_process_of_multiprocessing_writes_its_run(play):
    [(row, _)], _ = play("in_a_process")
    assert row.summary.reason == "threshold_reached"


def test_a_script_that_logs_at_info_gets_no_lines_of_ours(play):
    _, said = play("with_info")
    assert "alembic" not in said
    assert "refine_core" not in said


def test_a_bug_of_ours_is_logged_once_and_changes_no_answer(play):
    said = play.run("with_a_bug")
    assert said.count("Refinescope could not record") == 1
    assert "a bug of ours" in said


def test_examples_in_dspys_docstrings_need_only_the_two_lines(play):
    (refined, log), (best, _) = play("documented")[0]
    assert (refined.summary.strategy, refined.summary.rewards) == ("refine", (0.0, 1.0))
    assert (best.summary.strategy, best.summary.rewards) == ("best_of_n", (0.0, 0.0, 0.0))
    assert "def one_word_answer(args, pred)" in of(ev.RunStarted, log)[0].spec.reward
    assert of(ev.ModuleStarted, log)[-1].hint == "Answer with one word."


def test_a_judge_that_dspy_refuses_shows_as_an_error_of_the_reward(play):
    [(row, log)], _ = play("documented_judge")
    failed = of(ev.AttemptFailed, log)
    assert [(one.phase, one.error.type) for one in failed] == [("reward", "TypeError")] * 3
    assert "positional argument" in failed[0].error.message
    assert row.summary.reason == "too_many_failures"


def test_whatever_is_no_refinement_is_not_recorded(play):
    runs, _ = play("unrecorded")
    assert runs == []


def test_two_recorders_record_a_run_once(play):
    runs, _ = play("two_recorders")
    assert len(runs) == 1


def test_faults_of_dspy_are_named_where_they_show(play):
    runs, _ = play("faults")
    logs = [log for _, log in runs]
    assert [[one.fault for one in of(ev.LibraryFault, log)] for log in logs] == [
        ["hint_of_another"],
        [],
        ["fail_count_shrank"],
        [],
        ["no_threshold", "no_threshold"],
    ]
    wrong = of(ev.LibraryFault, logs[0])[0]
    assert (wrong.predictor, wrong.detail) == ("first", "second")
    assert of(ev.AttemptFailed, logs[1])[0].phase == "reward"
    assert "the adviser is down" in of(ev.AdviceFailed, logs[3])[0].error.message


def test_the_reward_function_is_put_back(play):
    runs, _ = play("restored")
    assert [row.summary.reason for row, _ in runs] == ["threshold_reached", "cancelled"]


def test_a_data_folder_that_cannot_be_made_is_logged_once(play, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    said = play.run("in_batch", home=blocked / "home")
    assert said.count("Refinescope cannot record for now") == 1
